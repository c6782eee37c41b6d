"""Sources and their chunks. An upload is streamed to disk and read from there."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.requests import ClientDisconnect

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, WorkspaceDep
from app.api.errors import documented
from app.api.guards import MAX_UPLOAD_BYTES
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.sources import browsing, importing

router = APIRouter(tags=["sources"], responses=COMMON_ERRORS)

SourceKind = Literal["text", "markdown", "csv", "jsonl"]
UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file's bytes.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class SourceRecord(Record):
    """An imported document or table."""

    source_id: str
    name: str
    kind: str
    content_hash: str = Field(description="SHA-256 of the original bytes.")
    size_bytes: int
    chunk_count: int
    columns: list[str] = Field(description="Field names of a table; empty for a document.")
    created_at: datetime
    created_by: str


class ChunkRecord(Record):
    """A passage of a document, or one row of a table."""

    chunk_id: str
    source_id: str
    ordinal: int
    start_char: int
    end_char: int
    heading: str
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


class ImportOptions(Record):
    """How an uploaded file is read."""

    name: str = Field(description="File name; its ending decides the kind.", max_length=300)
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
) -> SourceRecord:
    with tempfile.TemporaryDirectory(dir=workspace.folder("uploads")) as folder:
        path = Path(folder) / "upload"
        await _receive(request, path)
        return SourceRecord.of(await to_thread.run_sync(_import, workspace, path, options))


async def _receive(request: Request, path: Path) -> None:
    """Write the body to disk piece by piece. InvalidInput when the client breaks off."""
    with path.open("wb") as file:
        try:
            async for piece in request.stream():
                await to_thread.run_sync(file.write, piece)
        except ClientDisconnect as error:
            raise InvalidInput("The upload broke off.", remedy="Send the file again.") from error


def _import(workspace: Workspace, path: Path, options: ImportOptions) -> object:
    with path.open("rb") as stream:
        return importing.import_stream(
            workspace,
            stream,
            options.name,
            kind=options.kind,
            text_column=options.text_column,
            chunk_chars=options.chunk_chars,
            overlap_chars=options.overlap_chars,
            max_bytes=MAX_UPLOAD_BYTES,
        )


@router.get("/sources/{source_id}", summary="Get a source", responses=documented(404))
def get_source(workspace: WorkspaceDep, source_id: str) -> SourceRecord:
    return SourceRecord.of(browsing.get_source(workspace, source_id))


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
