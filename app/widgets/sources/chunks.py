"""A source's chunks: a page of them, and the chosen one in full with its place."""

import streamlit as st

from app import cache
from app.widgets.filters import filter_bar
from app.widgets.formats import clip
from app.widgets.samples.sample_view import text_box
from app.widgets.tables import PAGE_SIZE, number, pager
from core.db.tables import Chunk, Source
from core.sources.browsing import list_chunks

TABLE_PX = 420


def chunks_view(source: Source) -> None:
    """The chunks with search and pages; the selected row is shown below."""
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
    event = st.dataframe(
        [_row(chunk, has_pages=source.page_count is not None) for chunk in chunks],
        key="sources.chunks", hide_index=True, on_select="rerun",
        selection_mode="single-row-required", height=TABLE_PX,
        column_config={
            "No.": number("No.", width=60), "Page": number("Page", width=60),
            "Characters": number("Characters", width=90),
            "Text": st.column_config.TextColumn(width=420),
        },
    )  # fmt: skip
    rows = event["selection"]["rows"]
    chunk = chunks[rows[0]] if rows else chunks[0]
    text_box(f"Chunk {chunk.ordinal + 1}, {place_of(chunk)}", chunk.text)


def _row(chunk: Chunk, *, has_pages: bool) -> dict[str, object]:
    return {
        "No.": chunk.ordinal + 1,
        "Text": clip(chunk.text, 200),
        **({"Page": chunk.page} if has_pages else {}),
        **({"Heading": chunk.heading} if chunk.heading else {}),
        **{name: value for name, value in (chunk.fields or {}).items() if value != chunk.text},
        "Characters": len(chunk.text),
    }


def place_of(chunk: Chunk) -> str:
    """Where the chunk stands in its document."""
    page = "" if chunk.page is None else f"page {chunk.page:,}, "
    return f"{page}characters {chunk.start_char:,} to {chunk.end_char:,}"
