"""Adding a source: the upload, how its beginning would be cut, the import."""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import cache, state
from app.navigation import go
from app.widgets.formats import count
from app.widgets.layout import back_button, page_header, section
from app.widgets.samples.sample_view import text_box
from app.widgets.tables import plain_table
from core.db.ids import utc_now
from core.sources.duplicates import known_chunk_count
from core.sources.importing import SourcePreview, import_stream
from core.sources.parsing.chunking import MIN_CHUNK_CHARS
from core.sources.parsing.kinds import SUFFIX_KINDS, TABLE_KINDS, kind_of
from core.sources.parsing.reading import Piece, ReadSettings

SHOWN_ROWS = 8
SHOWN_CHUNKS = 5
KIND_NAMES = {
    "text": "Text", "markdown": "Markdown", "html": "HTML", "docx": "DOCX", "pdf": "PDF",
    "csv": "CSV", "json": "JSON", "jsonl": "JSON Lines", "parquet": "Parquet",
}  # fmt: skip
SUFFIXES = [suffix.removeprefix(".") for suffix in SUFFIX_KINDS]


def add_view() -> None:
    """The form that adds a source, with a preview beside it."""
    back_button("All sources", "sources", key="sources.back")
    page_header("Add a source", "Its beginning is shown as it would be cut before you import it.")
    upload = st.file_uploader(
        "PDF, DOCX, HTML, Markdown, text, CSV, JSON, JSON Lines or Parquet, at most 50 MiB",
        type=SUFFIXES, key="sources.file",
    )  # fmt: skip
    if upload is None:
        st.caption("Larger files stream through the REST API or `seedbed sources add`.")
        return
    form, shown = st.columns([1, 2], gap="large")
    with form:
        name, settings = _settings(upload)
        column = st.container()
        button = st.container()
    with shown:
        preview = cache.source_preview(upload.file_id, upload, upload.name, settings)
        _preview_panel(preview)
    if settings.kind in TABLE_KINDS:
        with column:
            settings = _with_column(preview, settings)
    with button:
        is_sent = st.button("Import", type="primary", key="sources.import.submit")
    if is_sent:
        _import(upload, name or upload.name, settings)


def _settings(upload: UploadedFile) -> tuple[str, ReadSettings]:
    name = st.text_input("Name", value=upload.name, key="sources.name")
    kinds = list(KIND_NAMES)
    kind = st.selectbox(
        "Kind", kinds, index=kinds.index(kind_of(upload.name)), key="sources.kind",
        format_func=KIND_NAMES.__getitem__,
    )  # fmt: skip
    if kind in TABLE_KINDS:
        return name, ReadSettings(kind)
    left, right = st.columns(2)
    chunk_chars = left.number_input(
        "Chunk length", MIN_CHUNK_CHARS, 20_000, 1200, step=100, key="sources.chunk_chars",
        help="Characters, at most. Chunks end at headings, paragraphs and sentences.",
    )  # fmt: skip
    overlap = right.number_input(
        "Overlap", 0, int(chunk_chars) // 2, min(150, int(chunk_chars) // 2), step=50,
        key="sources.overlap", help="Characters that a chunk shares with the one before it.",
    )  # fmt: skip
    return name, ReadSettings(kind, None, int(chunk_chars), int(overlap))


def _with_column(preview: SourcePreview, settings: ReadSettings) -> ReadSettings:
    columns = preview.columns
    first = preview.suggested_text_column
    column = st.selectbox(
        "Column with the text", columns, index=columns.index(first) if first in columns else 0,
        key="sources.column", help="Each row becomes one chunk; the others are its fields.",
    )  # fmt: skip
    return ReadSettings(settings.kind, column)


def _preview_panel(preview: SourcePreview) -> None:
    section("Preview")
    if preview.rows:
        plain_table(preview.rows[:SHOWN_ROWS], key="sources.preview")
    for number, piece in enumerate(preview.pieces[:SHOWN_CHUNKS], start=1):
        text_box(_label(number, piece), piece.text)


def _label(number: int, piece: Piece) -> str:
    page = f"page {piece.page}" if piece.page else ""
    length = f"{piece.end - piece.start:,} characters"
    return " · ".join(part for part in (f"Chunk {number}", page, piece.heading, length) if part)


def _import(upload: UploadedFile, name: str, settings: ReadSettings) -> None:
    begun = utc_now()
    upload.seek(0)
    with st.spinner("Reading the file…"):
        source = import_stream(
            cache.workspace(), upload, name, kind=settings.kind,
            text_column=settings.text_column, chunk_chars=settings.chunk_chars,
            overlap_chars=settings.overlap_chars,
        )  # fmt: skip
        known = known_chunk_count(cache.workspace(), source.source_id)
    said = f"{count(source.chunk_count)} chunks imported."
    if source.created_at < begun:
        said = "This file was imported before; here it is."
    elif known:
        said += f" Other sources hold {count(known)} of them already."
    state.notify(said)
    go("sources", source=source.source_id)
