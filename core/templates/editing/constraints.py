"""Edits of a draft's constraints."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

from core.templates.editing.draft_text import Data, insert_item, set_at, value_at
from core.templates.editing.variables import values_of, variable_names

KINDS: Final = {"inequality": "Inequality", "exclusion": "Exclusion", "rule": "Rule"}
OPERATORS: Final = ("<", "<=", ">", ">=", "==", "!=")


def add_constraint(data: Data, kind: str) -> Data:
    """The data with one constraint more, about the variables that it has."""
    return insert_item(data, ("constraints",), _first(data, kind))


def _first(data: Mapping[str, Any], kind: str) -> dict[str, Any]:
    names = variable_names(data)
    if kind == "inequality":
        numeric = [v["name"] for v in data.get("variables") or () if _is_number(v["sampler"])]
        left = (numeric or names)[0]
        return {"kind": kind, "left": left, "operator": "<=", "right": _bound(data, left)}
    if kind == "exclusion":
        listed = [(name, values_of(data, name)) for name in names]
        pairs = [(name, values) for name, values in listed if values][:2]
        return {"kind": kind, "values": {name: [values[0]] for name, values in pairs}}
    return {"kind": kind, "then": f"{names[0]} is defined"}


def _is_number(sampler: Mapping[str, Any]) -> bool:
    return sampler.get("kind") in ("integer", "number")


def _bound(data: Mapping[str, Any], name: str) -> Any:
    for variable in data.get("variables") or ():
        if variable["name"] == name and _is_number(variable["sampler"]):
            return variable["sampler"].get("high", 1)
    values = values_of(data, name)
    return values[-1] if values else 1


def change_constraint(data: Data, place: int, kind: str) -> Data:
    """The data with another kind of constraint there; a rule keeps what an inequality said."""
    old = data["constraints"][place]
    if old.get("kind") == kind:
        return data
    new = _first(data, kind)
    if kind == "rule" and old.get("kind") == "inequality":
        new["then"] = f"{old.get('left')} {old.get('operator')} {_literal(data, old.get('right'))}"
    if kind == "inequality" and old.get("kind") == "exclusion":
        new["left"] = next(iter(old.get("values") or ()), new["left"])
    return set_at(data, ("constraints", place), new)


def _literal(data: Mapping[str, Any], value: Any) -> str:
    is_name = isinstance(value, str) and value in variable_names(data)
    return str(value) if is_name or not isinstance(value, str) else repr(value)


def set_right(data: Data, place: int, text: str) -> Data:
    """The data with that right side: a variable's name, a number where it reads as one, or text."""
    return set_at(data, ("constraints", place, "right"), _read(text, variable_names(data)))


def _read(text: str, names: Sequence[str]) -> str | int | float:
    if text in names:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number):
        return text
    return int(number) if number.is_integer() and "." not in text else number


def exclude_variables(data: Data, place: int, names: Sequence[str]) -> Data:
    """The data with an exclusion over these variables; a new one starts with its first value."""
    old = value_at(data, ("constraints", place, "values"), {})
    values = {name: old.get(name) or (values_of(data, name) or [])[:1] for name in names}
    return set_at(data, ("constraints", place, "values"), values)


def in_words(constraint: Mapping[str, Any]) -> str:
    """The constraint as one sentence of plain text in code spans."""
    match constraint.get("kind"):
        case "inequality":
            sides = (constraint.get(side, "…") for side in ("left", "operator", "right"))
            return f"`{' '.join(map(str, sides))}`"
        case "exclusion":
            parts = [
                f"`{name}` {' or '.join(f'`{value}`' for value in values or ['…'])}"
                for name, values in (constraint.get("values") or {}).items()
            ]
            return "never " + " with ".join(parts)
        case "rule":
            when = constraint.get("when")
            where = f"where `{when}`: " if when else ""
            return f"{where}`{constraint.get('then', '…')}`"
    return "of no known kind"
