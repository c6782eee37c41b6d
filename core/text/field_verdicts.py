"""Every field of a schema with what a value makes of it: fits, is absent, or what is wrong. Pure.

A list's items are one field, `/actions/*`: what is wrong with any of them is said there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.text.field_errors import TYPE_NAMES, FieldError
from core.text.schema import CompiledSchema

MAX_DEPTH = 20
EVERY = "*"
State = Literal["fits", "absent", "wrong", "unknown"]


@dataclass(frozen=True)
class FieldVerdict:
    """One field of the schema, and one answer's value for it."""

    path: str  # JSON pointer, "/reply/actions/*"; "" is the whole answer
    kind: str  # "text", "a list", "text or null"
    is_required: bool
    state: State  # unknown: there is no answer that could be checked
    problems: tuple[str, ...]  # in words; empty unless wrong


def field_verdicts(schema: Mapping[str, Any], value: Any) -> list[FieldVerdict]:
    """One row for each field of the schema, in its order; None for `value` says there is none.

    What concerns the whole answer, such as a field that the schema does not know, stands in a row
    of its own at the top.
    """
    fields = {field.path: field for field in _fields(schema)}
    if value is None:
        return [FieldVerdict(f.path, f.kind, f.is_required, "unknown", ()) for f in fields.values()]
    problems: dict[str, list[str]] = {}
    for error in CompiledSchema(schema).errors(value):
        path, places = _owner(error, fields)
        problems.setdefault(path, []).append(_within(error, path, places))
    rows = [_verdict(field, value, problems.get(field.path, [])) for field in fields.values()]
    if whole := problems.get(""):
        rows.insert(0, FieldVerdict("", "an object", True, "wrong", tuple(whole)))
    return rows


@dataclass(frozen=True)
class _Field:
    path: str
    kind: str
    is_required: bool


def _fields(schema: Mapping[str, Any]) -> Iterator[_Field]:
    yield from _inside(schema, "", schema, 0)


def _inside(
    schema: Mapping[str, Any], path: str, root: Mapping[str, Any], depth: int
) -> Iterator[_Field]:
    properties = schema.get("properties")
    if depth > MAX_DEPTH or not isinstance(properties, Mapping):
        return
    required = schema.get("required", [])
    for name, inner in properties.items():
        inner_path = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
        yield from _field(inner, inner_path, name in required, root, depth)


def _field(
    schema: Any, path: str, is_required: bool, root: Mapping[str, Any], depth: int
) -> Iterator[_Field]:
    found = _resolved(schema, root)
    yield _Field(path, _kind(found), is_required)
    yield from _inside(found, path, root, depth + 1)
    items = found.get("items")
    if isinstance(items, Mapping) and depth < MAX_DEPTH:
        inner = _resolved(items, root)
        if "properties" in inner:
            yield from _inside(inner, f"{path}/{EVERY}", root, depth + 1)
        else:
            yield from _field(items, f"{path}/{EVERY}", True, root, depth + 1)


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema, or the definition in the same document that it refers to."""
    if not isinstance(schema, Mapping):
        return {}
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    node: Any = root
    for part in reference[2:].split("/"):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}


def _kind(schema: Mapping[str, Any]) -> str:
    types = schema.get("type", [])
    names = [types] if isinstance(types, str) else list(types)
    if not names:
        return "one of a list" if "enum" in schema else "any"
    return " or ".join(TYPE_NAMES.get(name, str(name)) for name in names)


def _owner(error: FieldError, fields: Mapping[str, _Field]) -> tuple[str, list[int]]:
    """The deepest field of the schema that the error lies in, "" for none; and which items of
    lists it is about, from 1."""
    path, found = "", ""
    places: list[int] = []
    for part in error.path.split("/")[1:]:
        exact = f"{path}/{part}"
        is_field = any(name == exact or name.startswith(f"{exact}/") for name in fields)
        if part.isdecimal() and not is_field:
            places.append(int(part) + 1)
            path = f"{path}/{EVERY}"
        else:
            path = exact
        if path in fields:
            found = path
    return found, places


def _within(error: FieldError, owner: str, places: list[int]) -> str:
    """The message, with the item that it is about, and the path where no field owns it."""
    if not owner:
        return f"{error.path}: {error.message}" if error.path else error.message
    if not places:
        return error.message
    return f"item {'.'.join(map(str, places))} {error.message}"


def _verdict(field: _Field, value: Any, problems: list[str]) -> FieldVerdict:
    state: State = "wrong" if problems else "fits"
    if not problems and not _is_there(value, field.path.split("/")[1:]):
        state = "absent"
    return FieldVerdict(field.path, field.kind, field.is_required, state, tuple(problems))


def _is_there(value: Any, parts: list[str]) -> bool:
    """Whether the answer holds the field at all; for a list's items, whether any does."""
    if not parts:
        return True
    head, rest = parts[0].replace("~1", "/").replace("~0", "~"), parts[1:]
    if head == EVERY:
        return isinstance(value, list) and any(_is_there(item, rest) for item in value)
    return isinstance(value, Mapping) and head in value and _is_there(value[head], rest)
