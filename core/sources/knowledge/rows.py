"""The rows of knowledge tables in a transaction: found, retired and added, never changed."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from core.db.ids import new_id, utc_now
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, KnowledgeEntry
from core.errors import Conflict
from core.sources.knowledge.edits import Fields

IDS_PER_QUERY = 500
ROWS_PER_INSERT = 1_000


class Author(NamedTuple):
    """Whose rows they are, and the source they were taken from."""

    created_by: str = LOCAL_ADMIN_ID
    project_id: str = DEFAULT_PROJECT_ID
    source_id: str | None = None


def of_table(domain: str, table: str, project_id: str) -> list[ColumnElement[bool]]:
    """The conditions that living entries of a table meet."""
    return [
        KnowledgeEntry.project_id == project_id,
        KnowledgeEntry.domain == domain,
        KnowledgeEntry.table_name == table,
        KnowledgeEntry.retired_at.is_(None),
    ]


def living_entries(
    session: Session, domain: str, table: str, project_id: str
) -> list[KnowledgeEntry]:
    """The living entries of a table, in their order."""
    query = select(KnowledgeEntry).where(*of_table(domain, table, project_id))
    ordered = query.order_by(KnowledgeEntry.ordinal, KnowledgeEntry.entry_id)
    return list(session.scalars(ordered))


def fields_of(
    session: Session, ids: Iterable[str], *conditions: ColumnElement[bool]
) -> dict[str, dict[str, Any]]:
    """The fields of these entries by id, living or not, where the conditions hold."""
    waiting = iter(dict.fromkeys(ids))
    found: dict[str, dict[str, Any]] = {}
    while group := list(islice(waiting, IDS_PER_QUERY)):
        query = select(KnowledgeEntry.entry_id, KnowledgeEntry.fields)
        rows = session.execute(query.where(KnowledgeEntry.entry_id.in_(group), *conditions))
        found.update((entry_id, fields) for entry_id, fields in rows)
    return found


def retire(session: Session, ids: Sequence[str]) -> None:
    """End the life of these entries. Raises Conflict when one of them was retired meanwhile."""
    waiting, now = iter(ids), utc_now()
    while group := list(islice(waiting, IDS_PER_QUERY)):
        is_ours = (KnowledgeEntry.entry_id.in_(group), KnowledgeEntry.retired_at.is_(None))
        done = session.execute(update(KnowledgeEntry).where(*is_ours).values(retired_at=now))
        if done.rowcount != len(group):  # type: ignore[attr-defined]
            raise Conflict(
                "The table was changed by someone else meanwhile.",
                remedy="Reload it and edit it again.",
            )


def append(
    session: Session, domain: str, table: str, rows: Sequence[Fields], author: Author
) -> None:
    """Add entries after the last one that the table ever had."""
    last = session.scalar(
        select(func.max(KnowledgeEntry.ordinal)).where(
            KnowledgeEntry.project_id == author.project_id,
            KnowledgeEntry.domain == domain,
            KnowledgeEntry.table_name == table,
        )
    )
    first = 0 if last is None else last + 1
    insert_rows(
        session,
        [
            row_of(domain, table, fields, place, author)
            for place, fields in enumerate(rows, start=first)
        ],
    )


def row_of(
    domain: str,
    table: str,
    fields: Fields,
    ordinal: int,
    author: Author,
    replaces: str | None = None,
    source_id: str | None = None,
) -> dict[str, Any]:
    """One entry's row; an edit of another names it and keeps its source."""
    return {
        "entry_id": new_id("kne"),
        "domain": domain,
        "table_name": table,
        "ordinal": ordinal,
        "fields": fields,
        "source_id": source_id or author.source_id,
        "replaces": replaces,
        "created_at": utc_now(),
        "created_by": author.created_by,
        "project_id": author.project_id,
    }


def insert_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store rows of `row_of`, some at a time."""
    waiting = iter(rows)
    while group := list(islice(waiting, ROWS_PER_INSERT)):
        session.execute(insert(KnowledgeEntry), group)
