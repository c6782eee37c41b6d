"""What an edited table means: which entries to add, to replace and to retire. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import Conflict, InvalidInput
from core.sources.knowledge.tables import ENTRY_ID, checked_fields, columns_of

Fields = dict[str, str]


@dataclass(frozen=True)
class Changes:
    """What turns the living entries of a table into the wanted rows."""

    added: list[Fields] = field(default_factory=list)
    changed: dict[str, Fields] = field(default_factory=dict)  # by the entry that is replaced
    retired: list[str] = field(default_factory=list)


def edited_rows(
    shown: Sequence[Mapping[str, Any]], delta: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The rows that a table editor holds: those it showed, with what was done to them.

    `delta` is {"edited_rows": {place: {column: value}}, "added_rows": [row], "deleted_rows":
    [place]}, places counting from 0.
    """
    edits = {int(place): cells for place, cells in delta.get("edited_rows", {}).items()}
    deleted = set(delta.get("deleted_rows", ()))
    kept = [
        {**row, **edits.get(place, {})} for place, row in enumerate(shown) if place not in deleted
    ]
    return kept + [dict(row) for row in delta.get("added_rows", ())]


def changes_of(
    table: str,
    living: Mapping[str, Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    *,
    seen: Collection[str] | None = None,
    gone: Mapping[str, Mapping[str, Any]] | None = None,
) -> Changes:
    """The changes that make the table hold these rows, and nothing else of what was seen.

    A row with `entry_id` stands for that entry; without one it is new; rows without content are
    passed over. `seen` are the ids that the editor showed (None: all living ones): only those can
    be retired. `gone` are the fields of entries that were retired meanwhile: a row that still
    holds them was not touched and stays retired.

    Raises InvalidInput for a row that does not fit, Conflict for an edit of a retired entry.
    """
    added: list[Fields] = []
    changed: dict[str, Fields] = {}
    kept: set[str] = set()
    for number, row in enumerate(rows, start=1):
        fields = checked_fields(table, row, number)
        if fields is None:
            continue
        entry_id = row.get(ENTRY_ID) or None
        if entry_id is None:
            added.append(fields)
        elif entry_id in kept:
            raise InvalidInput(f"Row {number}: the entry {entry_id!r} stands twice.")
        elif entry_id in living:
            kept.add(entry_id)
            if fields != _as_text(table, living[entry_id]):
                changed[entry_id] = fields
        else:
            _check_untouched(table, number, entry_id, fields, gone or {})
    wanted = living if seen is None else [entry_id for entry_id in living if entry_id in seen]
    return Changes(added, changed, [entry_id for entry_id in wanted if entry_id not in kept])


def _as_text(table: str, fields: Mapping[str, Any]) -> Fields:
    return {name: str(fields.get(name, "")) for name in columns_of(table)}


def _check_untouched(
    table: str, number: int, entry_id: str, fields: Fields, gone: Mapping[str, Mapping[str, Any]]
) -> None:
    if entry_id not in gone:
        raise InvalidInput(
            f"Row {number}: no entry of this table is called {entry_id!r}.",
            remedy="Leave the id out to add a row.",
        )
    if fields != _as_text(table, gone[entry_id]):
        raise Conflict(
            f"Row {number} was changed by someone else meanwhile.",
            remedy="Reload the table and edit it again.",
        )
