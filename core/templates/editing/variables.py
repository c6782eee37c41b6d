"""Edits of a draft's variables: add, duplicate, change of kind, and values that others follow."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from core.templates.editing.draft_text import Data, free_name, insert_item, set_at, value_at

KINDS: Final = {
    "category": "Category", "subcategory": "Subcategory", "bernoulli": "Yes or no (Bernoulli)",
    "integer": "Whole number", "number": "Decimal number", "date": "Date", "faker": "Faker",
    "persona": "Persona", "expression": "Expression", "source_field": "Column of the source",
    "table_row": "Row of a table", "knowledge": "Knowledge base", "grown": "Grown list",
    "parent_sample": "The sample it derives from", "given": "Set at launch",
}  # fmt: skip
PLACEHOLDERS: Final = (["first", "second"], ["general"])  # the values of a new list
ENUMERATED: Final = ("category", "subcategory", "bernoulli", "grown")
VARIABLES = ("variables",)
Rows = list[dict[str, Any]]


def variable_names(data: Mapping[str, Any]) -> list[str]:
    """The names in their order."""
    return [variable["name"] for variable in data.get("variables") or ()]


def place_of(data: Mapping[str, Any], name: str) -> int | None:
    """Where the variable stands; None where there is none of that name."""
    names = variable_names(data)
    return names.index(name) if name in names else None


def weighted_rows(values: Any) -> Rows:
    """Values in any of their spellings as {value, weight}; weight 1 where none is said."""
    rows = []
    for item in values if isinstance(values, list) else ():
        is_mapping = isinstance(item, Mapping)
        value = item.get("value", "") if is_mapping else item
        weight = item.get("weight", 1) if is_mapping else 1
        rows.append({"value": str(value), "weight": weight})
    return rows


def weighted_values(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Rows as a template writes them: plain values where all weigh the same; empty ones are gone.

    Of a value that stands twice the first counts.
    """
    kept: dict[str, float] = {}
    for row in rows:
        value = str(row.get("value") or "").strip()
        weight = row.get("weight")
        if value:
            kept.setdefault(value, 1 if weight is None or weight <= 0 else weight)
    if len(set(kept.values())) <= 1:
        return list(kept)
    return [{"value": value, "weight": _short(weight)} for value, weight in kept.items()]


def _short(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def values_of(data: Mapping[str, Any], name: str | None) -> list[str] | None:
    """The values that a variable can take, as text; None where they cannot be listed."""
    place = None if name is None else place_of(data, name)
    sampler = value_at(data, ("variables", place, "sampler"), {}) if place is not None else {}
    match sampler.get("kind"):
        case "category" | "grown":
            return [row["value"] for row in weighted_rows(sampler.get("values"))]
        case "bernoulli":
            return ["true", "false"]
        case "subcategory":
            blocks = sampler.get("values")
            blocks = blocks.values() if isinstance(blocks, Mapping) else ()
            return list(dict.fromkeys(r["value"] for items in blocks for r in weighted_rows(items)))
    return None


def parents_for(data: Mapping[str, Any], place: int) -> list[str]:
    """The variables above that a subcategory can depend on."""
    above = variable_names(data)[:place]
    kinds = {v["name"]: v["sampler"].get("kind") for v in data.get("variables") or ()}
    return [name for name in above if kinds[name] in ENUMERATED]


def add_variable(data: Data, name: str, kind: str) -> Data:
    """The data with one variable more, at the end; its sampler is a usable beginning."""
    name = free_name(name, variable_names(data))
    place = len(variable_names(data))
    variable = {"name": name, "sampler": first_sampler(data, kind, place)}
    return _with_source(insert_item(data, VARIABLES, variable), kind)


def duplicate_variable(data: Data, place: int) -> Data:
    """The data with a copy of that variable under it, named `name_2` or so."""
    variable = copy.deepcopy(data["variables"][place])
    variable["name"] = free_name(variable["name"], variable_names(data))
    return insert_item(data, VARIABLES, variable, place + 1)


def change_kind(data: Data, place: int, kind: str) -> Data:
    """The data with another kind of sampler there, which keeps what the two have in common."""
    old = data["variables"][place]["sampler"]
    if old.get("kind") == kind:
        return data
    new = {**first_sampler(data, kind, place), **_kept(data, old, kind, place)}
    return _with_source(set_at(data, ("variables", place, "sampler"), new), kind)


def first_sampler(data: Mapping[str, Any], kind: str, place: int) -> dict[str, Any]:
    """A sampler of that kind to begin with, for a variable at that place."""
    return {"kind": kind, **_FIRST[kind](data, place)}


def _subcategory(data: Mapping[str, Any], place: int) -> dict[str, Any]:
    parents = parents_for(data, place)
    parent = parents[-1] if parents else ""
    values = values_of(data, parent) or []
    return {"parent": parent, "values": {value: ["general"] for value in values}}


def _expression(data: Mapping[str, Any], place: int) -> dict[str, Any]:
    names = variable_names(data)[:place]
    return {"template": f"{{{{ {names[-1]} }}}}" if names else "text"}


_FIRST: Final[dict[str, Callable[[Mapping[str, Any], int], dict[str, Any]]]] = {
    "category": lambda *_: {"values": ["first", "second"]},
    "subcategory": _subcategory,
    "bernoulli": lambda *_: {"probability": 0.5},
    "integer": lambda *_: {"low": 1, "high": 10},
    "number": lambda *_: {"low": 0, "high": 1, "decimals": 2},
    "date": lambda *_: {"start": "2026-01-01", "end": "2026-12-31"},
    "faker": lambda *_: {"method": "company", "locale": "en_US"},
    "persona": lambda *_: {"locale": "en_US"},
    "expression": _expression,
    "source_field": lambda *_: {"column": "category"},
    "table_row": lambda *_: {"source": "", "columns": []},
    "knowledge": lambda *_: {"table": "terms"},
    "grown": lambda *_: {
        "instruction": "More values of the same kind, each different from the others.",
        "values": ["first", "second"],
        "wanted": 20,
    },
    "parent_sample": lambda *_: {},
    "given": lambda *_: {"default": ""},
}


def _kept(data: Mapping[str, Any], old: Mapping[str, Any], kind: str, place: int) -> dict[str, Any]:
    """What of the old sampler the new kind has a place for."""
    was = str(old.get("kind"))
    values = values_of(data, data["variables"][place]["name"])
    if kind in ("category", "grown") and values:
        return {"values": old["values"] if was in ("category", "grown") else values}
    if kind == "subcategory" and values:
        blocks = _subcategory(data, place)["values"]
        return {"values": {parent: list(values) for parent in blocks}}
    if kind == "given" and values:
        return {"default": values[0]}
    shared = {
        frozenset(("integer", "number")): ("low", "high", "distribution", "mean", "std", "mode"),
        frozenset(("faker", "persona")): ("locale",),
    }.get(frozenset((was, kind)), ())
    kept = {name: old[name] for name in shared if name in old}
    if kind == "integer":
        kept = {n: int(v) if isinstance(v, float) else v for n, v in kept.items()}
    return kept


def _with_source(data: Data, kind: str) -> Data:
    """A sampler that reads the source needs `source:` in the template."""
    if kind == "source_field" and data.get("source") is None:
        return set_at(data, ("source",), {"required": False})
    return data


def set_values(data: Data, place: int, rows: Sequence[Mapping[str, Any]]) -> Data:
    """The data with these values in a category or grown list.

    A value whose text changed in place is renamed wherever it is used; subcategories drop the
    blocks of values that are gone and get an empty one for each new value.
    """
    name = data["variables"][place]["name"]
    old = values_of(data, name) or []
    changed = set_at(data, ("variables", place, "sampler", "values"), weighted_values(rows))
    new = values_of(changed, name) or []
    is_in_place = len(old) == len(new)
    renamed = {a: b for a, b in zip(old, new, strict=True) if a != b} if is_in_place else {}
    if set(renamed) & set(new):  # an exchange of two values renames nothing
        renamed = {}
    return _follow(_rename_values(changed, name, renamed), name, new)


def set_block(data: Data, place: int, parent: str, rows: Sequence[Mapping[str, Any]]) -> Data:
    """The data with these values in a subcategory's block for one value of its parent."""
    name = data["variables"][place]["name"]
    changed = set_at(data, ("variables", place, "sampler", "values", parent), weighted_values(rows))
    return _follow(changed, name, values_of(changed, name) or [])


def set_parent(data: Data, place: int, parent: str) -> Data:
    """The data with another parent of a subcategory; blocks of values that both have stay."""
    old = value_at(data, ("variables", place, "sampler", "values"), {})
    blocks = {value: old.get(value, ["general"]) for value in values_of(data, parent) or ()}
    changed = set_at(data, ("variables", place, "sampler", "parent"), parent)
    return set_at(changed, ("variables", place, "sampler", "values"), blocks)


def _follow(data: Data, name: str, values: Sequence[str]) -> Data:
    """Subcategories of the variable with exactly one block for each of these values."""
    for place, variable in enumerate(data["variables"]):
        sampler = variable["sampler"]
        if sampler.get("kind") != "subcategory" or sampler.get("parent") != name:
            continue
        old = sampler.get("values") or {}
        blocks = {value: old.get(value, []) for value in values}
        if blocks != old:
            data = set_at(data, ("variables", place, "sampler", "values"), blocks)
            child = variable["name"]
            data = _follow(data, child, values_of(data, child) or [])
    return data


def _rename_values(data: Data, name: str, renamed: Mapping[str, str]) -> Data:
    """Values renamed where they are keys or values of other parts that name the variable."""
    if not renamed:
        return data
    changed = copy.deepcopy(data)
    for variable in changed["variables"]:
        sampler = variable["sampler"]
        if sampler.get("kind") == "subcategory" and sampler.get("parent") == name:
            blocks = sampler.get("values") or {}
            sampler["values"] = {renamed.get(key, key): items for key, items in blocks.items()}
    for constraint in changed.get("constraints") or ():
        excluded = value_at(constraint, ("values", name))
        if isinstance(excluded, list):
            constraint["values"][name] = [renamed.get(str(v), v) for v in excluded]
    for group in changed.get("groups") or ():
        if group.get("variable") == name and isinstance(group.get("target"), dict):
            group["target"] = {renamed.get(key, key): s for key, s in group["target"].items()}
    return changed
