"""Sources: documents and tables that samples are grounded in, and their chunks."""

import io

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.filters import Choice, filter_bar
from app.widgets.formats import ago, clip, count, size
from app.widgets.layout import (
    Card,
    back_button,
    cards,
    empty_state,
    go_button,
    page_header,
)
from app.widgets.sample_view import text_box
from app.widgets.source_preview import preview_panel
from app.widgets.tables import PAGE_SIZE, number, open_table, pager, right
from core.db.tables import Source
from core.sources.browsing import get_source, list_chunks, list_sources
from core.sources.importing import import_stream, preview_source

KINDS = {"text": "Text", "markdown": "Markdown", "csv": "CSV", "jsonl": "JSON Lines"}
SUFFIXES = ["txt", "md", "markdown", "csv", "jsonl"]


def list_view() -> None:
    with page_header("Sources", "Documents and tables that samples are grounded in."):
        if st.button("Add a source", type="primary", icon=":material/add:", key="sources.add"):
            go("sources", view="add")
    sources = list_sources(cache.workspace(), limit=500)
    if not sources:
        with empty_state(
            ":material/description:", "There is no source yet",
            "Add text, Markdown, CSV or JSONL. It is cut into chunks that templates can use.",
        ):  # fmt: skip
            go_button("Add a source", "sources", key="sources.empty", view="add")
        return
    chosen = filter_bar("sources", [Choice("kind", "Any kind", list(KINDS), KINDS)])
    sources = [
        s for s in sources if chosen["kind"] in (None, s.kind) and chosen.matches(s.name)
    ]  # fmt: skip
    rows = [
        {
            "Source": s.name, "Kind": KINDS[s.kind], "Chunks": s.chunk_count,
            "Size": size(s.size_bytes), "Columns": ", ".join(s.columns), "Added": ago(s.created_at),
        }
        for s in sources
    ]  # fmt: skip
    open_table(
        rows, [s.source_id for s in sources], "sources", "source", key="sources.table",
        opener="Source",
        columns={"Chunks": number("Chunks"), "Size": right("Size")},
    )  # fmt: skip


def add_view() -> None:
    back_button("All sources", "sources", key="sources.back")
    page_header("Add a source")
    upload = st.file_uploader(
        "A text, Markdown, CSV or JSONL file of at most 50 MiB", type=SUFFIXES, key="sources.file"
    )
    if upload is None:
        st.caption("Larger files stream through the REST API or `seedbed sources import`.")
        return
    content = upload.getvalue()
    shown = preview_source(content, upload.name)
    column = preview_panel(shown)
    with st.form("sources.import", border=True):
        left, middle, right = st.columns([2, 1, 1])
        name = left.text_input("Name", value=upload.name, key="sources.name")
        chunk_chars = middle.number_input(
            "Chunk length, characters", 200, 20_000, 1200, step=100, key="sources.chunk_chars",
            disabled=column is not None, help="Rows of a table are one chunk each.",
        )  # fmt: skip
        overlap = right.number_input(
            "Overlap, characters", 0, 2000, 150, step=50, key="sources.overlap",
            disabled=column is not None,
        )  # fmt: skip
        is_sent = st.form_submit_button("Import", type="primary", key="sources.import.submit")
    if is_sent:
        source = import_stream(
            cache.workspace(), io.BytesIO(content), name or upload.name, kind=shown.kind,
            text_column=column, chunk_chars=int(chunk_chars), overlap_chars=int(overlap),
        )  # fmt: skip
        state.notify(f"{count(source.chunk_count)} chunks imported.")
        go("sources", source=source.source_id)


def source_view(source: Source) -> None:
    back_button("All sources", "sources", key="sources.back")
    with page_header(source.name):
        go_button(
            "Launch a batch", "batches", key="sources.launch", view="launch", primary=True
        )  # fmt: skip
    cards(
        [
            Card("Chunks", count(source.chunk_count)), Card("Size", size(source.size_bytes)),
            Card("Kind", KINDS[source.kind]), Card("Added", ago(source.created_at)),
        ]
    )  # fmt: skip
    chosen = filter_bar("sources.chunks", search="Search in the chunks")
    offset = 0
    if not chosen.search:
        offset = pager(source.chunk_count, "chunk", key="sources.page")
    chunks = list_chunks(
        cache.workspace(), source.source_id, limit=PAGE_SIZE, offset=offset, search=chosen.search
    )
    if not chunks:
        st.caption("No chunk contains that.")
        return
    rows = [
        {
            "No.": c.ordinal + 1, "Text": clip(c.text, 200),
            **({"Heading": c.heading} if c.heading else {}),
            **{name: value for name, value in (c.fields or {}).items() if value != c.text},
            "Characters": len(c.text),
        }
        for c in chunks
    ]  # fmt: skip
    event = st.dataframe(
        rows, key="sources.chunks", hide_index=True, on_select="rerun",
        selection_mode="single-row-required", height=420,
        column_config={"No.": number("No.", width=60), "Characters": number("Characters", width=90),
                       "Text": st.column_config.TextColumn(width=420)},
    )  # fmt: skip
    chosen_rows = event["selection"]["rows"]
    chunk = chunks[chosen_rows[0]] if chosen_rows else chunks[0]
    place = f"characters {chunk.start_char:,} to {chunk.end_char:,}"
    text_box(f"Chunk {chunk.ordinal + 1}, {place}", chunk.text)


with show_errors():
    if state.selected("source"):
        source_view(get_source(cache.workspace(), state.selected("source") or ""))
    elif state.selected("view") == "add":
        add_view()
    else:
        list_view()
