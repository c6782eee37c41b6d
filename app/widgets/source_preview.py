"""What an uploaded file holds, before it is imported."""

import streamlit as st

from app.widgets.formats import words
from app.widgets.layout import section
from app.widgets.sample_view import text_box
from app.widgets.tables import plain_table
from core.sources.importing import SourcePreview

PREVIEW_ROWS = 8


def preview_panel(shown: SourcePreview) -> str | None:
    """What was read; returns the column that holds a table's text."""
    section(f"Preview: {words(shown.kind)}")
    if not shown.columns:
        for i, text in enumerate(shown.chunk_texts[:3]):
            text_box(f"Chunk {i + 1}", text)
        return None
    columns = list(shown.columns)
    first = shown.suggested_text_column
    column = st.selectbox(
        "Column with the text", columns, index=columns.index(first) if first in columns else 0,
        key="sources.column",
    )  # fmt: skip
    plain_table(shown.rows[:PREVIEW_ROWS], key="sources.preview")
    return column
