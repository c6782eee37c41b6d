"""What a table editor reports, applied to the rows it showed."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

Rows = list[dict[str, Any]]


def edited_rows(rows: Sequence[Mapping[str, Any]], edits: Mapping[str, Any] | None) -> Rows:
    """The rows after `edits`: {"edited_rows": {place: {column: value}}, "added_rows": […],
    "deleted_rows": [place, …]}, places counted in the rows as they were shown."""
    changed = [copy.deepcopy(dict(row)) for row in rows]
    edits = edits or {}
    for place, cells in edits.get("edited_rows", {}).items():
        if int(place) < len(changed):
            changed[int(place)].update(cells)
    gone = {int(place) for place in edits.get("deleted_rows", ())}
    kept = [row for place, row in enumerate(changed) if place not in gone]
    return [*kept, *(_without_marks(row) for row in edits.get("added_rows", ()))]


def _without_marks(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def pasted_rows(text: str) -> Rows:
    """One row a line; a number after the last `=` is its weight."""
    rows: Rows = []
    for line in filter(None, map(str.strip, text.splitlines())):
        value, sign, weight = line.rpartition("=")
        number = weight.strip().removesuffix("%").strip()
        is_weight = bool(sign and value.strip()) and number.replace(".", "", 1).isdigit()
        rows.append(
            {"value": value.strip(), "weight": float(number)}
            if is_weight
            else {"value": line, "weight": 1}
        )
    return rows
