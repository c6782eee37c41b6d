"""How two template definitions differ, for a person: prompts word by word, the rest field by field.

Pure. Owns which texts count as prompts and how a schema and the variables are cut into fields.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.templates.definition import TemplateDefinition
from core.text.diffs import DiffPart, word_diff

Change = Literal["added", "removed", "changed"]
Part = Literal["Output", "Variables", "Constraints", "Checks", "Examples", "Settings"]
MAX_VALUE_CHARS = 300  # of one value in a row of the field diff
ORDER = "order"
EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class PromptDiff:
    """One prompt that differs, in parts that spell both texts."""

    name: str  # "System prompt", "User prompt", "Step answer, user prompt"
    parts: tuple[DiffPart, ...]


@dataclass(frozen=True)
class FieldChange:
    """One setting that differs. `before` and `after` are short texts; None where there was none."""

    part: Part
    path: str  # "/reply/actions[] · minItems"; the whole field where it was added or removed
    change: Change
    before: str | None
    after: str | None


@dataclass(frozen=True)
class TemplateDiff:
    """All that differs between two definitions; both lists are empty where they say the same."""

    prompts: tuple[PromptDiff, ...]
    fields: tuple[FieldChange, ...]


def diff_definitions(before: TemplateDefinition, after: TemplateDefinition) -> TemplateDiff:
    """The way from one definition to the other; the template's own name is left out."""
    old, new = _content(before), _content(after)
    return TemplateDiff(
        tuple(_prompt_diffs(_prompts(old), _prompts(new))),
        tuple(row for part, cut in CUTS.items() for row in _changes(part, cut(old), cut(new))),
    )


def _content(definition: TemplateDefinition) -> dict[str, Any]:
    content = definition.model_dump(mode="json")
    content.pop("name", None)
    if content.get("steps"):
        content.pop("output", None)  # derived from the steps
    return content


def _prompts(content: Mapping[str, Any]) -> dict[str, str]:
    mapping = content.get("mapping", {})
    found = {
        "System prompt": content.get("system"),
        "User prompt": content.get("user"),
    }
    for step in content.get("steps", []):
        found[f"Step {step['name']}, system prompt"] = step.get("system")
        found[f"Step {step['name']}, user prompt"] = step.get("user")
    found["Input of a sample"] = mapping.get("input")
    found["Response of a sample"] = mapping.get("response")
    return {name: text for name, text in found.items() if text}


def _prompt_diffs(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[PromptDiff]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            yield PromptDiff(name, tuple(word_diff(old, new)))


# A field as its keywords: an unknown one is added or removed as a whole, a known one changes
# keyword by keyword.
Fields = dict[str, dict[str, Any]]


def _output_fields(content: Mapping[str, Any]) -> Fields:
    fields: Fields = {}
    _schema_fields(content.get("output", {}), "", True, fields)
    for step in content.get("steps", []):
        _schema_fields(step.get("output", {}), f"/{step['name']}", True, fields)
    return fields


def _schema_fields(schema: Any, path: str, is_required: bool, into: Fields) -> None:
    """The field at this path and those within it. A list's items stand at `path[]`."""
    if not isinstance(schema, Mapping):
        into[path or "/"] = {"schema": schema}
        return
    within = ("properties", "required", "items")
    keywords = {key: value for key, value in schema.items() if key not in within}
    if path and not path.endswith("[]"):
        keywords["required"] = is_required
    into[path or "/"] = keywords
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    if isinstance(properties, Mapping):
        for name, inner in properties.items():
            _schema_fields(inner, f"{path}/{name}", name in required, into)
    if "items" in schema:
        _schema_fields(schema["items"], f"{path}[]", True, into)


def _variable_fields(content: Mapping[str, Any]) -> Fields:
    return {
        variable["name"]: _variable_keywords(variable) for variable in content.get("variables", [])
    }


def _variable_keywords(variable: Mapping[str, Any]) -> dict[str, Any]:
    sampler = variable.get("sampler", {})
    keywords = {key: value for key, value in variable.items() if key not in ("name", "sampler")}
    for key, value in sampler.items():
        if key == "values" and isinstance(value, list):
            keywords.update(_weights("value", value))
        elif key == "values" and isinstance(value, Mapping):
            for parent, items in value.items():
                keywords.update(_weights(f"{parent} ›", items))
        else:
            keywords[key] = value
    return keywords


def _weights(label: str, items: Any) -> dict[str, Any]:
    """A category's values, one keyword each, with its weight as the value."""
    if not isinstance(items, list):
        return {label: items}
    weights: dict[str, Any] = {}
    for item in items:
        is_weighted = isinstance(item, Mapping) and "value" in item
        name, weight = (item["value"], item.get("weight", 1)) if is_weighted else (item, 1)
        weights[f"{label} {name if isinstance(name, str) else _text(name)}"] = weight
    return weights


def _constraint_fields(content: Mapping[str, Any]) -> Fields:
    """A constraint has no name: one that was changed is one removed and one added."""
    return {
        _json({k: v for k, v in rule.items() if v is not None}): {}
        for rule in content.get("constraints", [])
    }


def _check_fields(content: Mapping[str, Any]) -> Fields:
    checks = content.get("checks", {})
    fields: Fields = {key: {"": value} for key, value in checks.items() if key != "rules"}
    for rule in checks.get("rules", []):
        fields[f"rule {rule['name']}"] = dict(rule)
    return fields


def _example_fields(content: Mapping[str, Any]) -> Fields:
    """An example has no name: one that was changed is one removed and one added."""
    return {_json(example): {} for example in content.get("examples", [])}


def _setting_fields(content: Mapping[str, Any]) -> Fields:
    shown = {
        "system", "user", "mapping", "output", "variables", "constraints", "checks", "examples",
        "steps",
    }  # fmt: skip
    fields: Fields = {}
    for key, value in content.items():
        if key not in shown:
            fields[key] = dict(value) if isinstance(value, Mapping) else {"": value}
    prompts = ("name", "system", "user", "output")
    for step in content.get("steps", []):
        fields[f"step {step['name']}"] = {k: v for k, v in step.items() if k not in prompts}
    return fields


CUTS = {
    "Output": _output_fields,
    "Variables": _variable_fields,
    "Constraints": _constraint_fields,
    "Checks": _check_fields,
    "Examples": _example_fields,
    "Settings": _setting_fields,
}


def _changes(part: Any, before: Fields, after: Fields) -> Iterator[FieldChange]:
    before, after = _stated(before), _stated(after)
    for path in dict.fromkeys([*before, *after]):
        old, new = before.get(path), after.get(path)
        if old is None:
            yield FieldChange(part, _cut(path), "added", None, _summary(new or {}))
        elif new is None:
            yield FieldChange(part, _cut(path), "removed", _summary(old), None)
        else:
            yield from _keyword_changes(part, path, old, new)
    if [key for key in before if key in after] != [key for key in after if key in before]:
        yield FieldChange(part, ORDER, "changed", _listed(before), _listed(after))


def _stated(fields: Fields) -> Fields:
    """The fields with the keywords that say something: what is empty is as good as left out."""
    return {
        path: {key: value for key, value in keywords.items() if value not in EMPTY}
        for path, keywords in fields.items()
    }


def _keyword_changes(
    part: Any, path: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[FieldChange]:
    for keyword in dict.fromkeys([*old, *new]):
        if keyword in old and keyword in new and old[keyword] == new[keyword]:
            continue
        where = f"{path} · {keyword}" if keyword else path
        before = _text(old[keyword]) if keyword in old else None
        after = _text(new[keyword]) if keyword in new else None
        change: Change = "added" if before is None else "removed" if after is None else "changed"
        yield FieldChange(part, where, change, before, after)


def _summary(keywords: Mapping[str, Any]) -> str:
    """A whole field on one line: `type string, required yes`."""
    pairs = (f"{key} {_text(value)}".strip() for key, value in keywords.items())
    return _cut(", ".join(pairs))


def _listed(fields: Fields) -> str:
    return _cut(", ".join(fields))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _cut(_json(value))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE_CHARS else text[: MAX_VALUE_CHARS - 1] + "…"
