"""A domain's knowledge: terms, rules, scenarios and expert answers, kept as append-only rows.

An edit retires a row and adds another, so that a batch that froze an entry's id still finds what it
said. What an edited table means is decided in `knowledge_edits`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, union
from sqlalchemy.orm import Session

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, KnowledgeEntry, Template
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.sources.knowledge.edits import Changes, Fields, changes_of
from core.sources.knowledge.rows import (
    Author,
    append,
    fields_of,
    insert_rows,
    living_entries,
    of_table,
    retire,
    row_of,
)
from core.sources.knowledge.tables import (
    ENTRY_ID,
    KNOWLEDGE_COLUMNS,
    checked_domain,
    checked_fields,
    columns_of,
)

MAX_ENTRIES = 100_000  # living ones of a table


class Edits(NamedTuple):
    """How many entries an edit added, changed and retired; a changed one is only counted there."""

    added: int
    changed: int
    retired: int


def domains(workspace: Workspace, *, project_id: str = DEFAULT_PROJECT_ID) -> list[str]:
    """The domains that have knowledge or templates, in alphabetical order."""
    entries = select(KnowledgeEntry.domain).where(
        KnowledgeEntry.project_id == project_id, KnowledgeEntry.retired_at.is_(None)
    )
    templates = select(Template.domain).where(
        Template.project_id == project_id, Template.kind == "template"
    )
    with workspace.read() as session:
        found = session.scalars(union(entries, templates)).all()
    return sorted((name for name in found if name), key=str.casefold)


def table_counts(
    workspace: Workspace, domain: str, *, project_id: str = DEFAULT_PROJECT_ID
) -> dict[str, int]:
    """How many living entries each table of a domain has."""
    query = (
        select(KnowledgeEntry.table_name, func.count())
        .where(
            KnowledgeEntry.project_id == project_id,
            KnowledgeEntry.domain == domain,
            KnowledgeEntry.retired_at.is_(None),
        )
        .group_by(KnowledgeEntry.table_name)
    )
    with workspace.read() as session:
        found = {row[0]: row[1] for row in session.execute(query)}
    return {table: found.get(table, 0) for table in KNOWLEDGE_COLUMNS}


def list_entries(
    workspace: Workspace,
    domain: str,
    table: str,
    *,
    project_id: str = DEFAULT_PROJECT_ID,
    search: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> list[KnowledgeEntry]:
    """The living entries of a table in their order; with `search`, those that contain it.

    Raises InvalidInput for an unknown table.
    """
    columns_of(table)
    query = (
        select(KnowledgeEntry)
        .where(*of_table(domain, table, project_id), *_matching(table, search))
        .order_by(KnowledgeEntry.ordinal, KnowledgeEntry.entry_id)
        .limit(limit)
        .offset(offset)
    )
    with workspace.read() as session:
        return list(session.scalars(query))


def entry_ids(
    session: Session, domain: str, table: str, project_id: str = DEFAULT_PROJECT_ID
) -> list[str]:
    """The ids of a table's living entries, in their order."""
    query = select(KnowledgeEntry.entry_id).where(*of_table(domain, table, project_id))
    ordered = query.order_by(KnowledgeEntry.ordinal, KnowledgeEntry.entry_id)
    return list(session.scalars(ordered))


def load_entries(workspace: Workspace, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The fields of these entries by id, retired ones too; unknown ids are left out."""
    with workspace.read() as session:
        return fields_of(session, ids)


def apply_edits(
    workspace: Workspace,
    domain: str,
    table: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    seen: Collection[str] | None = None,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> Edits:
    """Make a table hold these rows; see `changes_of` for what they mean. One transaction.

    Raises InvalidInput for a row that does not fit, Conflict where someone else was faster.
    """
    domain = checked_domain(domain)
    columns_of(table)
    author = Author(created_by, project_id)
    with workspace.write() as session:
        living = {
            entry.entry_id: entry for entry in living_entries(session, domain, table, project_id)
        }
        named = {str(row[ENTRY_ID]) for row in rows if row.get(ENTRY_ID)} - living.keys()
        changes = changes_of(
            table,
            {entry_id: entry.fields for entry_id, entry in living.items()},
            rows,
            seen=seen,
            gone=fields_of(
                session,
                named,
                KnowledgeEntry.project_id == project_id,
                KnowledgeEntry.domain == domain,
                KnowledgeEntry.table_name == table,
            ),
        )
        _check_room(len(living), changes)
        retire(session, [*changes.changed, *changes.retired])
        replaced = [
            row_of(domain, table, fields, living[old].ordinal, author, old, living[old].source_id)
            for old, fields in changes.changed.items()
        ]
        insert_rows(session, replaced)
        append(session, domain, table, changes.added, author)
    return Edits(len(changes.added), len(changes.changed), len(changes.retired))


def add_entries(
    workspace: Workspace,
    domain: str,
    table: str,
    rows: Iterable[Mapping[str, Any]],
    author: Author | None = None,
) -> int:
    """Append rows to a table, but for those that it holds already. Returns how many were added.

    Raises InvalidInput for a row that does not fit; nothing is added then.
    """
    domain, author = checked_domain(domain), author or Author()
    wanted = _checked(table, rows)
    with workspace.write() as session:
        living = living_entries(session, domain, table, author.project_id)
        known = {
            tuple(entry.fields.get(name, "") for name in columns_of(table)) for entry in living
        }
        fresh = [fields for fields in wanted if tuple(fields.values()) not in known]
        _check_room(len(living), Changes(added=fresh))
        append(session, domain, table, fresh, author)
    return len(fresh)


def _checked(table: str, rows: Iterable[Mapping[str, Any]]) -> list[Fields]:
    """The rows with content, each once. Read before the transaction, so that it is short."""
    columns_of(table)
    found: dict[tuple[str, ...], Fields] = {}
    for number, row in enumerate(rows, start=1):
        fields = checked_fields(table, row, number)
        if fields is not None:
            found.setdefault(tuple(fields.values()), fields)
        if len(found) > MAX_ENTRIES:
            raise _no_room()
    return list(found.values())


def _matching(table: str, search: str) -> list[ColumnElement[bool]]:
    if not search:
        return []
    cells = (KnowledgeEntry.fields[name].as_string() for name in columns_of(table))
    return [or_(*(cell.icontains(search, autoescape=True) for cell in cells))]


def _check_room(living: int, changes: Changes) -> None:
    if living + len(changes.added) - len(changes.retired) > MAX_ENTRIES:
        raise _no_room()


def _no_room() -> InvalidInput:
    return InvalidInput(
        f"A knowledge table holds at most {MAX_ENTRIES:,} entries.",
        remedy="Import the rows as a source: a variable can draw from its rows.",
    )
