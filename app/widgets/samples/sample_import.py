"""Taking a table over as samples: pick it, say which columns are what, look, import."""

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.formats import clip, plural
from app.widgets.layout import back_button, empty_state, go_button, page_header
from app.widgets.tables import plain_table
from core.db.tables import Source
from core.generation.imports import ColumnMapping, preview_import, suggest_mapping
from core.jobs.importing import launch_import
from core.sources.browsing import list_sources

MOST_TABLES = 200
PREVIEW_ROWS = 8


def import_view() -> None:
    """The page: one form, its preview, one button."""
    back_button("All samples", "samples", key="samples.back")
    header = page_header(
        "Import samples", "Each row of a table becomes a sample that keeps its row, and is checked."
    )
    tables = [s for s in list_sources(cache.workspace(), limit=MOST_TABLES) if s.columns]
    if not tables:
        with empty_state(
            ":material/table:", "There is no table yet",
            "Import CSV, JSON, JSONL or Parquet under Sources first.",
        ):  # fmt: skip
            go_button("Import a table", "sources", key="samples.import.empty", view="add")
        return
    source = _table_picker(tables)
    mapping = _mapping_fields(source)
    left, right = st.columns(2)
    domain = left.text_input("Domain", "imported", key="samples.import.domain")
    name = right.text_input(
        "Name of the batch", f"Import of {source.name}", key=f"samples.import.name.{source.name}"
    )
    with show_errors():
        _preview(source, mapping)
        with header:
            label = f"Import {plural(source.chunk_count, 'row')}"
            if st.button(label, type="primary", key="samples.import.start"):
                batch = launch_import(
                    cache.workspace(), source.source_id, mapping,
                    domain=domain.strip() or "imported", name=name,
                    idempotency_key=state.launch().intent,
                )  # fmt: skip
                state.forget_launch()
                go("batches", batch=batch.batch_id)


def _table_picker(tables: list[Source]) -> Source:
    by_id = {source.source_id: source for source in tables}
    state.offer_once("samples.import.source", state.selected("source"), among=list(by_id))
    chosen = st.selectbox(
        "Table", list(by_id), key="samples.import.source",
        format_func=lambda i: f"{by_id[i].name} ({plural(by_id[i].chunk_count, 'row')})",
    )  # fmt: skip
    return by_id[chosen]


def _mapping_fields(source: Source) -> ColumnMapping:
    suggested = suggest_mapping(source.columns)
    key = f"samples.import.{source.source_id}"
    columns = st.columns(3)
    fields = (
        ("input", "Input", suggested.input, "What a model would be asked. May stay empty."),
        ("response", "Response", suggested.response, "What it should answer."),
        ("variables", "Keep as variables", suggested.variables, "To filter and group by."),
    )
    chosen = {
        field: tuple(
            column.multiselect(label, source.columns, list(default), key=f"{key}.{field}", help=why)
        )
        for column, (field, label, default, why) in zip(columns, fields, strict=True)
    }
    return ColumnMapping(**chosen)


def _preview(source: Source, mapping: ColumnMapping) -> None:
    rows = preview_import(cache.workspace(), source.source_id, mapping, PREVIEW_ROWS)
    st.caption("The first rows as samples")
    table = [
        {
            "Row": row.ordinal + 1, "Input": clip(row.input, 300),
            "Response": clip(row.response, 300),
            "Variables": ", ".join(f"{k}: {v}" for k, v in row.variables.items()),
            "Problem": row.problem,
        }
        for row in rows
    ]  # fmt: skip
    shown = [name for name in ("Variables", "Problem") if any(row[name] for row in table)]
    plain_table(
        [{name: row[name] for name in ("Row", "Input", "Response", *shown)} for row in table],
        key="samples.import.preview",
        columns={"Row": st.column_config.NumberColumn(width=60)},
    )
