"""What is wrong with a value, in words: the validator's errors as messages for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

QUOTED_CHARS = 80


@dataclass(frozen=True, slots=True)
class FieldError:
    """One way in which a value breaks its schema."""

    path: str  # JSON pointer, "/answer/0"; "" is the whole value
    message: str  # for a person: "must be text, not a number"

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else f"the answer {self.message}"


# What people read for each keyword; `{…}` are facts of the error, `{value}` the offending value.
MESSAGES: Final[dict[str, str]] = {
    "enum": "must be one of {options}, not {value}",
    "const": "must be {expected_value}, not {value}",
    "minLength": "must have at least {limit} characters, has {length}",
    "maxLength": "must have at most {limit} characters, has {length}",
    "minItems": "needs a list of at least {limit}, has {length}",
    "maxItems": "needs a list of at most {limit}, has {length}",
    "minimum": "must be at least {limit}, not {value}",
    "maximum": "must be at most {limit}, not {value}",
    "exclusiveMinimum": "must be above {limit}, not {value}",
    "exclusiveMaximum": "must be below {limit}, not {value}",
    "pattern": "must match the pattern {pattern}, not {value}",
    "format": "must be a valid {format}, not {value}",
    "uniqueItems": "must not repeat an entry",
}
TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def field_error(error: Any) -> FieldError:
    path = pointer(error.instance_path)
    keyword = error.kind.name
    facts = error.kind.as_dict()
    if keyword == "required":
        return FieldError(f"{path}/{_escaped(facts['property'])}", "is required but missing")
    if keyword in ("additionalProperties", "unevaluatedProperties"):
        names = ", ".join(map(quoted, facts["unexpected"]))
        return FieldError(path, f"has fields that the schema does not know: {names}")
    if keyword == "type":
        return FieldError(path, f"must be {_expected(facts)}, not {_named(error.instance)}")
    template = MESSAGES.get(keyword)
    if template is None:
        return FieldError(path, cut(error.message, 200))
    shown = {name: _shown(fact) for name, fact in facts.items()}
    size = len(error.instance) if isinstance(error.instance, str | list) else ""
    return FieldError(path, template.format(**shown, value=quoted(error.instance), length=size))


def _expected(facts: Mapping[str, Any]) -> str:
    types: Any = next(iter(facts.values()), [])
    names = [types] if isinstance(types, str) else sorted(types, key="null".__eq__)
    return " or ".join(TYPE_NAMES.get(name, name) for name in names)


def _named(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"


def pointer(path: list[str | int]) -> str:
    return "".join(f"/{_escaped(str(part))}" for part in path)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _shown(fact: Any) -> str:
    return ", ".join(map(quoted, fact)) if isinstance(fact, list) else str(fact)


def quoted(value: Any) -> str:
    return cut(repr(value), QUOTED_CHARS)


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
