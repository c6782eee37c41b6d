"""Where a template reads a variable, and renaming it everywhere that is safe."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from core.templates.editing.draft_text import Data, value_at
from core.templates.editing.jinja_names import reads_name, rename_in
from core.templates.editing.variables import variable_names
from core.templates.yaml_text import Path


class JinjaText(NamedTuple):
    """One text of a template that Jinja reads."""

    path: Path
    label: str  # what people call the place
    text: str
    is_condition: bool = False


class Renamed(NamedTuple):
    """The changed data, the places that were changed, and those that a person has to look at."""

    data: Data
    changed: list[str]
    left: list[str]


def jinja_texts(data: Mapping[str, Any]) -> Iterator[JinjaText]:
    """Every Jinja text of a draft, in its order."""
    yield from _found(data, ("system",), "system prompt")
    yield from _found(data, ("user",), "user prompt")
    for i, step in enumerate(data.get("steps") or ()):
        for field in ("system", "user"):
            yield from _found(data, ("steps", i, field), f"step {step.get('name')}, {field} prompt")
    for i, variable in enumerate(data.get("variables") or ()):
        name = variable["name"]
        yield from _found(data, ("variables", i, "when"), f"condition of {name}", True)
        yield from _found(data, ("variables", i, "sampler", "template"), f"expression of {name}")
    for i, _ in enumerate(data.get("constraints") or ()):
        for field in ("when", "then"):
            yield from _found(data, ("constraints", i, field), f"constraint {i + 1}", True)
    for field in ("input", "response"):
        yield from _found(data, ("mapping", field), f"mapping of the {field}")
    for i, rule in enumerate(value_at(data, ("checks", "rules")) or ()):
        label = f"rule {rule.get('name') if isinstance(rule, dict) else i + 1}"
        yield from _found(data, ("checks", "rules", i, "condition"), label, True)


def _found(
    data: Mapping[str, Any], path: Path, label: str, is_condition: bool = False
) -> Iterator[JinjaText]:
    text = value_at(data, path)
    if isinstance(text, str) and text:
        yield JinjaText(path, label, text, is_condition)


def uses_of(data: Mapping[str, Any], name: str) -> list[str]:
    """The places that read the variable, as people call them."""
    texts = [
        found.label
        for found in jinja_texts(data)
        if reads_name(found.text, name, is_condition=found.is_condition)
    ]
    return list(dict.fromkeys([*texts, *(label for _, label in _links(data, name))]))


def _links(data: Mapping[str, Any], name: str) -> Iterator[tuple[Path, str]]:
    """Fields that hold the variable's name itself."""
    for i, variable in enumerate(data.get("variables") or ()):
        for field in ("parent", "gender_variable", "age_variable"):
            if variable["sampler"].get(field) == name:
                yield ("variables", i, "sampler", field), f"sampler of {variable['name']}"
    for i, constraint in enumerate(data.get("constraints") or ()):
        for field in ("left", "right"):
            if constraint.get(field) == name:
                yield ("constraints", i, field), f"constraint {i + 1}"
        if name in (constraint.get("values") or {}):
            yield ("constraints", i, "values", name), f"constraint {i + 1}"
    for i, group in enumerate(data.get("groups") or ()):
        if group.get("variable") == name:
            yield ("groups", i, "variable"), f"target shares of {name}"


def rename_variable(data: Data, old: str, new: str) -> Renamed:
    """The variable under its new name, here and wherever it is read and the change is safe.

    Raises ValueError where the new name is taken.
    """
    if new in variable_names(data):
        raise ValueError(f"a variable is already called {new!r}")
    changed_data = copy.deepcopy(data)
    changed: list[str] = []
    for found in jinja_texts(data):
        text = rename_in(found.text, old, new, is_condition=found.is_condition)
        if text is not None and text != found.text:
            _put(changed_data, found.path, text)
            changed.append(found.label)
    for path, label in _links(data, old):
        _rename_link(changed_data, path, old, new)
        changed.append(label)
    for variable in changed_data["variables"]:
        variable["name"] = new if variable["name"] == old else variable["name"]
    return Renamed(changed_data, list(dict.fromkeys(changed)), uses_of(changed_data, old))


def _rename_link(data: Data, path: Path, old: str, new: str) -> None:
    target = value_at(data, path[:-1])
    if path[-1] == old:  # a key: the order of the others stays
        renamed = {new if key == old else key: value for key, value in target.items()}
        _put(data, path[:-1], renamed)
    else:
        target[path[-1]] = new


def _put(data: Data, path: Path, value: Any) -> None:
    value_at(data, path[:-1])[path[-1]] = value
