"""Sources and their chunks. An upload is streamed to disk and read from there."""

from datetime import datetime
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, WorkspaceDep
from app.api.errors import documented
from app.api.uploads import UPLOAD_BODY, Upload, received
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.sources import browsing, importing
from core.sources.duplicates import known_chunk_count
from core.sources.evaluation import keep_for_evaluation
from core.sources.parsing.kinds import kind_of

router = APIRouter(tags=["sources"], responses=COMMON_ERRORS)

SourceKind = Literal["text", "markdown", "html", "docx", "pdf", "csv", "json", "jsonl", "parquet"]


class SourceRecord(Record):
    """An imported document or table."""

    source_id: str
    name: str
    kind: str
    content_hash: str = Field(description="SHA-256 of the original bytes.")
    size_bytes: int
    chunk_count: int
    columns: list[str] = Field(description="Field names of a table; empty for a document.")
    page_count: int | None = Field(description="Pages of a PDF.")
    is_evaluation: bool = Field(description="Kept for evaluation: samples may not hold it.")
    created_at: datetime
    created_by: str


class SourceChanges(Record):
    """What may change of a source."""

    is_evaluation: bool = Field(description="Kept for evaluation: samples may not hold it.")


class ImportedRecord(SourceRecord):
    """A source as an upload answers it."""

    known_chunk_count: int = Field(description="Chunks whose text other sources hold already.")


class ChunkRecord(Record):
    """A passage of a document, or one row of a table."""

    chunk_id: str
    source_id: str
    ordinal: int
    start_char: int
    end_char: int
    heading: str = Field(description="The headings above, outermost first.")
    page: int | None = Field(description="Page of a PDF on which the chunk begins, from 1.")
    text: str
    fields: dict[str, Any]


class ChunkContextRecord(Record):
    """A chunk with the text around it."""

    source_name: str
    before: str
    text: str
    after: str
    start_char: int
    end_char: int


class PieceRecord(Record):
    """A chunk that an import would make."""

    text: str
    start: int
    end: int
    heading: str
    page: int | None
    fields: dict[str, Any]


class PreviewRecord(Record):
    """The beginning of a file as it would be imported; long texts are cut."""

    kind: str
    columns: list[str] = Field(description="Field names of a table.")
    rows: list[dict[str, Any]] = Field(description="First rows of a table.")
    pieces: list[PieceRecord] = Field(description="First chunks of a document.")
    suggested_text_column: str | None = Field(description="Column that likely holds the text.")


class ImportOptions(Record):
    """How an uploaded file is read."""

    name: str = Field(
        "", description="File name; its ending decides the kind. A form names it.", max_length=300
    )
    kind: SourceKind | None = Field(None, description="Kind, where the name does not tell it.")
    text_column: str | None = Field(None, description="Column that holds a table's text.")
    chunk_chars: int = Field(1200, ge=100, le=20_000, description="Length of a chunk.")
    overlap_chars: int = Field(150, ge=0, le=5_000, description="Characters shared by neighbours.")


@router.get("/sources", summary="List sources", response_model=Page[SourceRecord])
def list_sources(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.page(browsing.list_sources(workspace, limit=paging.limit, offset=paging.offset))


@router.post(
    "/sources",
    summary="Upload a file as a source",
    description="The body is the file itself. The same bytes return the source they made before.",
    status_code=201,
    responses=documented(413, 415, 507),
    openapi_extra=UPLOAD_BODY,
)
async def upload_source(
    workspace: WorkspaceDep, request: Request, options: Annotated[ImportOptions, Query()]
) -> ImportedRecord:
    async with received(workspace, request) as upload:
        return await to_thread.run_sync(_import, workspace, upload, options)


@router.post(
    "/sources/preview",
    summary="Show how the beginning of a file would be imported",
    description="The body is the file, as for an upload. Nothing is stored.",
    responses=documented(413, 415, 507),
    openapi_extra=UPLOAD_BODY,
)
async def preview_source(
    workspace: WorkspaceDep, request: Request, options: Annotated[ImportOptions, Query()]
) -> PreviewRecord:
    async with received(workspace, request) as upload:
        shown = await to_thread.run_sync(_preview, workspace, upload, options)
        return PreviewRecord.of(shown)


def _import(workspace: Workspace, upload: Upload, options: ImportOptions) -> ImportedRecord:
    name = _name(upload, options)
    source = importing.import_source(workspace, upload.path, name=name, **_settings(name, options))
    known = known_chunk_count(workspace, source.source_id)
    return ImportedRecord(**SourceRecord.of(source).model_dump(), known_chunk_count=known)


def _preview(
    workspace: Workspace, upload: Upload, options: ImportOptions
) -> importing.SourcePreview:
    name = _name(upload, options)
    limits = workspace.settings.source_limits
    return importing.preview_source(upload.path, name, limits=limits, **_settings(name, options))


def _name(upload: Upload, options: ImportOptions) -> str:
    name = options.name or upload.name
    if not name:
        raise InvalidInput("The file has no name.", remedy="Send it as ?name=.")
    return name


def _settings(name: str, options: ImportOptions) -> dict[str, Any]:
    chosen = options.model_dump(exclude={"name"})
    return {**chosen, "kind": kind_of(name, options.kind)}


@router.get("/sources/{source_id}", summary="Get a source", responses=documented(404))
def get_source(workspace: WorkspaceDep, source_id: str) -> SourceRecord:
    return SourceRecord.of(browsing.get_source(workspace, source_id))


@router.patch(
    "/sources/{source_id}",
    summary="Keep a source for evaluation, or no longer",
    responses=documented(404, 413, 415),
)
def change_source(workspace: WorkspaceDep, source_id: str, changes: SourceChanges) -> SourceRecord:
    return SourceRecord.of(keep_for_evaluation(workspace, source_id, changes.is_evaluation))


@router.get(
    "/sources/{source_id}/chunks",
    summary="List or search a source's chunks",
    response_model=Page[ChunkRecord],
    responses=documented(404),
)
def list_chunks(
    workspace: WorkspaceDep,
    source_id: str,
    paging: PagingQuery,
    search: Annotated[str, Query(description="Text the chunk contains.", max_length=200)] = "",
) -> dict[str, Any]:
    source = browsing.get_source(workspace, source_id)
    chunks = browsing.list_chunks(
        workspace, source_id, limit=paging.limit, offset=paging.offset, search=search
    )
    return paging.page(chunks, None if search else source.chunk_count)


@router.get(
    "/chunks/{chunk_id}", summary="Get a chunk with its surroundings", responses=documented(404)
)
def get_chunk(
    workspace: WorkspaceDep,
    chunk_id: str,
    chars: Annotated[int, Query(ge=0, le=5000, description="Characters on each side.")] = 300,
) -> ChunkContextRecord:
    return ChunkContextRecord.of(browsing.chunk_context(workspace, chunk_id, chars))
