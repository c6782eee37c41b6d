"""Rows for a knowledge table, from a file or from an imported table, with chosen columns."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import plural, words
from app.widgets.tables import plain_table
from core.sources.browsing import list_sources
from core.sources.knowledge.entries import add_entries
from core.sources.knowledge.files import format_of, mapped_rows, read_rows, suggest_mapping
from core.sources.knowledge.tables import KNOWLEDGE_COLUMNS
from core.sources.knowledge.taking import take_rows

FILE, SOURCE = "A file", "An imported table"
ROWS_SHOWN = 3
SOURCES_READ = 500


@st.dialog("Import rows", width="large")
def import_dialog(domain: str, table: str) -> None:
    """Append rows to a table; those that it holds already are left alone."""
    way = st.segmented_control(
        "From", [FILE, SOURCE], key="sources.knowledge.from", default=FILE, required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    with show_errors():
        if way == FILE:
            _from_file(domain, table)
        else:
            _from_source(domain, table)


def _from_file(domain: str, table: str) -> None:
    upload = st.file_uploader(
        "A CSV or JSONL file with a row per entry", type=["csv", "tsv", "jsonl"],
        key="sources.knowledge.file",
    )  # fmt: skip
    if upload is None:
        return
    rows = read_rows(upload.getvalue(), format_of(upload.name))
    plain_table(rows[:ROWS_SHOWN], key="sources.knowledge.preview")
    mapping = _mapping(table, list(dict.fromkeys(name for row in rows for name in row)))
    st.button(
        f"Append {plural(len(rows), 'row')}", key="sources.knowledge.append", type="primary",
        on_click=_append_file, args=(domain, table, rows, mapping),
        disabled=KNOWLEDGE_COLUMNS[table][0] not in mapping,
    )  # fmt: skip


def _from_source(domain: str, table: str) -> None:
    tables = {s.source_id: s for s in list_sources(cache.workspace(), limit=SOURCES_READ)
              if s.columns}  # fmt: skip
    if not tables:
        st.caption("No table has been imported. Add a CSV, JSONL or Parquet file as a source.")
        return
    source_id = st.selectbox(
        "Table", list(tables), key="sources.knowledge.source",
        format_func=lambda i: f"{tables[i].name} ({plural(tables[i].chunk_count, 'row')})",
    )  # fmt: skip
    mapping = _mapping(table, tables[source_id].columns)
    st.button(
        f"Append {plural(tables[source_id].chunk_count, 'row')}", key="sources.knowledge.take",
        type="primary", on_click=_append_source, args=(domain, table, source_id, mapping),
        disabled=KNOWLEDGE_COLUMNS[table][0] not in mapping,
    )  # fmt: skip


def _mapping(table: str, columns: Sequence[str]) -> dict[str, str]:
    """By column of the table the one to take for it, as chosen."""
    first = suggest_mapping(table, columns)
    found: dict[str, str] = {}
    for place, (name, part) in enumerate(zip(KNOWLEDGE_COLUMNS[table], st.columns(3), strict=True)):
        suggested = first.get(name) or (columns[0] if place == 0 and columns else None)
        chosen = part.selectbox(
            words(name), columns, key=f"sources.knowledge.map.{table}.{name}",
            index=list(columns).index(suggested) if suggested else None,
            placeholder="Leave empty",
        )  # fmt: skip
        if chosen:
            found[name] = chosen
    return found


def _append_file(
    domain: str, table: str, rows: list[dict[str, Any]], mapping: dict[str, str]
) -> None:
    with show_errors():
        _done(add_entries(cache.workspace(), domain, table, mapped_rows(table, rows, mapping)))


def _append_source(domain: str, table: str, source_id: str, mapping: dict[str, str]) -> None:
    with show_errors():
        _done(take_rows(cache.workspace(), domain, table, source_id, mapping))


def _done(added: int) -> None:
    state.knowledge().reload()
    cache.knowledge_domains.clear()
    state.notify(f"{added:,} entries added.")
