"""Forms of the samplers that read tables: a source's column, a table's row, the knowledge base."""

from typing import Any

import streamlit as st

from app import cache, state
from app.widgets.formats import plural
from app.widgets.templates.draft import edit, is_frozen
from app.widgets.templates.fields import choice_field, key_of, on_value, text_field
from core.db.tables import Source
from core.sources.browsing import list_sources
from core.sources.knowledge.tables import KNOWLEDGE_COLUMNS
from core.templates.editing.draft_text import Data, set_at, value_at

MOST_SOURCES = 500


def source_field_form(data: Data, place: int) -> None:  # noqa: ARG001
    """A column of the sample's own chunk, from the columns that tables here have."""
    names = sorted({str(name) for source in _tables() for name in source.columns})
    left, right = st.columns(2)
    with left:
        choice_field(
            "Column", ("variables", place, "sampler", "column"), names, accept_new_options=True,
            help="Of the table row that the sample is made from.",
        )  # fmt: skip
    with right:
        text_field(
            "Where the row lacks it", ("variables", place, "sampler", "default"),
            placeholder="leave the variable out",
        )  # fmt: skip


def table_row_form(data: Data, place: int) -> None:
    """An imported table and its columns."""
    tables = {source.name: source for source in _tables()}
    sampler = data["variables"][place]["sampler"]
    choice_field(
        "Table", ("variables", place, "sampler", "source"), list(tables),
        change=lambda data, name: _choose_table(data, place, tables.get(name), name),
        format_func=lambda name: _table_label(tables, name), default="",
    )  # fmt: skip
    if not tables:
        st.caption("No table is imported yet: add a CSV, JSON, JSONL or Parquet file as a source.")
    chosen = tables.get(sampler.get("source")) or next(
        (s for s in tables.values() if s.source_id == sampler.get("source")), None
    )
    columns = sampler.get("columns") or []
    offered = list(dict.fromkeys([*(chosen.columns if chosen else ()), *columns]))
    key = key_of(("variables", place, "sampler", "columns"))
    state.bind(key, columns)
    st.multiselect(
        "Columns", offered, key=key, disabled=is_frozen(),
        on_change=on_value(
            key,
            lambda chosen: edit(set_at, ("variables", place, "sampler", "columns"), list(chosen)),
        ),
    )  # fmt: skip
    if columns:
        name = data["variables"][place]["name"]
        read = ", ".join(f"`{name}['{column}']`" if not column.isidentifier() else
                         f"`{name}.{column}`" for column in columns)  # fmt: skip
        st.caption(f"Read it as {read}. Every row is used once before any again.")


def _table_label(tables: dict[str, Source], name: str) -> str:
    if name not in tables:
        return f"{name} (not imported here)" if name else ""
    return f"{name} ({plural(tables[name].chunk_count, 'row')})"


def _choose_table(data: Data, place: int, table: Source | None, name: str) -> Data:
    """Another table; the columns that it has stay, else all of them are taken."""
    columns = value_at(data, ("variables", place, "sampler", "columns"), [])
    if table is not None:
        kept = [column for column in columns if column in table.columns]
        columns = kept or [str(column) for column in table.columns]
    sampler = {"kind": "table_row", "source": name or "", "columns": columns}
    return set_at(data, ("variables", place, "sampler"), sampler)


def knowledge_form(data: Data, place: int) -> None:
    """A knowledge table, of the template's domain or another."""
    left, right = st.columns(2)
    with left:
        table = choice_field(
            "Table", ("variables", place, "sampler", "table"), list(KNOWLEDGE_COLUMNS),
            format_func=lambda name: name.replace("_", " ").capitalize(), default="terms",
        )  # fmt: skip
    with right:
        choice_field(
            "Domain", ("variables", place, "sampler", "domain"), cache.knowledge_domains(),
            is_optional=True, accept_new_options=True,
            placeholder=f"the template's: {data.get('domain', '')}",
        )  # fmt: skip
    name = data["variables"][place]["name"]
    columns: Any = KNOWLEDGE_COLUMNS.get(table, ())
    st.caption("Read it as " + ", ".join(f"`{name}.{column}`" for column in columns) + ".")


def _tables() -> list[Source]:
    found = list_sources(cache.workspace(), limit=MOST_SOURCES)
    return [source for source in found if source.columns]
