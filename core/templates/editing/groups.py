"""The declared shares of groups as rows of one table: variable, value, share."""

from typing import Any

from core.templates.editing.draft_text import Data, set_at, value_at
from core.templates.editing.tables import Rows


def group_rows(data: Data) -> Rows:
    """One row for each value of each group, in order; shares from 0 to 1."""
    return [
        {"variable": str(group.get("variable") or ""), "value": _plain(value), "share": share}
        for group in value_at(data, ("groups",)) or ()
        for value, share in _target(group).items()
    ]


def _target(group: dict[str, Any]) -> dict[str, Any]:
    target = group.get("target")
    return target if isinstance(target, dict) else {}


def complete_groups(rows: Rows) -> Rows:
    """The rows that name a variable and a value; a share that is missing is 0."""
    return [
        {
            "variable": str(row.get("variable") or "").strip(),
            "value": _plain(row.get("value")),
            "share": float(row.get("share") or 0),
        }
        for row in rows
        if str(row.get("variable") or "").strip() and _plain(row.get("value")) != ""
    ]


def set_groups(data: Data, rows: Rows) -> Data:
    """The data with one group for each variable of the rows; without rows, with none."""
    groups: dict[str, dict[str, Any]] = {}
    for row in complete_groups(rows):
        group = groups.setdefault(row["variable"], {"variable": row["variable"], "target": {}})
        group["target"][row["value"]] = row["share"]
    return set_at(data, ("groups",), list(groups.values()) or None)


def _plain(value: Any) -> str:
    """A value as its column shows it; the true and false of YAML as these words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value).strip()
