"""Key terms, entities and relations of a source, and their extraction."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.common import (
    COMMON_ERRORS,
    Page,
    PagingQuery,
    Record,
    RequestBody,
    UsdInput,
    WorkspaceDep,
)
from app.api.errors import documented
from app.api.sources import ChunkRecord
from core.db.workspace import Workspace
from core.errors import NotFound
from core.jobs.extracting import request_extraction
from core.jobs.extracting_with_model import MAX_CHUNKS, ModelExtraction, launch_extraction
from core.sources.browsing import get_source
from core.sources.terms import extracted

router = APIRouter(tags=["sources"], responses=COMMON_ERRORS)


class TermRecord(Record):
    """A key term or entity of a source."""

    term_id: str
    source_id: str
    kind: str = Field(description="term, person, organization, place, name, date, money …")
    text: str
    score: float = Field(description="How much it stands out; comparable within one source.")
    mention_count: int
    chunk_count: int
    method: str = Field(description="statistics or model.")


class RelationRecord(Record):
    """Two terms that belong together."""

    relation_id: str
    subject_id: str
    subject: str
    predicate: str
    object_id: str
    object: str
    weight: float = Field(description="0 to 1: how firmly; comparable within one source.")
    count: int
    chunk_id: str
    method: str


class MentionRecord(Record):
    """A chunk that mentions a term."""

    chunk: ChunkRecord
    count: int
    start_char: int = Field(description="Of the first mention, within the chunk's text.")


class ExtractionRecord(Record):
    """How far an extraction is."""

    source_id: str
    state: str = Field(description="none, queued, running, ready or failed.")
    message: str = ""
    method: str = ""
    batch_id: str | None = None
    language: str = Field("", description="Of the text; empty where it is not known.")
    done: int = Field(0, description="Chunks read; each is read twice.")
    total: int = 0


class ExtractionStart(RequestBody):
    """How to extract."""

    method: Literal["statistics", "model"] = Field(
        "statistics", description="statistics is free of charge; model launches a small batch."
    )
    chunks: int = Field(200, ge=1, le=MAX_CHUNKS, description="model: chunks to read at most.")
    connection: str = Field("", max_length=100, description="model: which connection.")
    model: str = Field("", max_length=200, description="model: empty takes the connection's.")
    budget_usd: UsdInput | None = Field(None, description="model: the batch's own cap.")


def _extraction(workspace: Workspace, source_id: str) -> ExtractionRecord:
    found = extracted.get_extraction(workspace, source_id)
    if found is None:
        return ExtractionRecord(source_id=source_id, state="none")
    return ExtractionRecord.of(found)


@router.get("/sources/{source_id}/extraction", summary="Get a source's extraction",
            responses=documented(404))  # fmt: skip
def get_extraction(workspace: WorkspaceDep, source_id: str) -> ExtractionRecord:
    return _extraction(workspace, source_id)


@router.post(
    "/sources/{source_id}/extraction",
    summary="Extract a source's terms",
    description="Answers at once; a compute worker reads the chunks. Terms that were there are "
    "replaced when it is done.",
    status_code=202,
    responses=documented(402, 404, 409, 413, 415),
)
def start_extraction(
    workspace: WorkspaceDep, source_id: str, body: ExtractionStart
) -> ExtractionRecord:
    if body.method == "model":
        settings = body.model_dump(exclude={"method"})
        launch_extraction(workspace, ModelExtraction(source_id, **settings))
    else:
        request_extraction(workspace, source_id)
    return _extraction(workspace, source_id)


@router.get("/sources/{source_id}/terms", summary="List a source's terms and entities",
            response_model=Page[TermRecord], responses=documented(404))  # fmt: skip
def list_terms(
    workspace: WorkspaceDep,
    source_id: str,
    paging: PagingQuery,
    kind: Annotated[str | None, Query(max_length=30, description="Only of this kind.")] = None,
    search: Annotated[str, Query(max_length=200, description="Part of a term.")] = "",
) -> dict[str, Any]:
    get_source(workspace, source_id)
    found = extracted.list_terms(
        workspace, source_id, kind=kind, search=search, limit=paging.limit, offset=paging.offset
    )
    return paging.page(found, extracted.count_terms(workspace, source_id, kind=kind, search=search))


@router.get("/sources/{source_id}/relations", summary="List a source's relations",
            response_model=Page[RelationRecord], responses=documented(404))  # fmt: skip
def list_relations(
    workspace: WorkspaceDep,
    source_id: str,
    paging: PagingQuery,
    term_id: Annotated[str | None, Query(max_length=64, description="Only of this term.")] = None,
) -> dict[str, Any]:
    get_source(workspace, source_id)
    found = extracted.list_relations(
        workspace, source_id, term_id=term_id, limit=paging.limit, offset=paging.offset
    )
    total = extracted.count_relations(workspace, source_id) if term_id is None else None
    return paging.page(found, total)


@router.get("/sources/{source_id}/terms/{term_id}/chunks", summary="List chunks with a term",
            response_model=Page[MentionRecord], responses=documented(404))  # fmt: skip
def list_mentions(
    workspace: WorkspaceDep, source_id: str, term_id: str, paging: PagingQuery
) -> dict[str, Any]:
    term = extracted.get_term(workspace, term_id)
    if term.source_id != source_id:
        raise NotFound("term", term_id)
    found = extracted.mentioning_chunks(
        workspace, term_id, limit=paging.limit, offset=paging.offset
    )
    items = [{"chunk": chunk, "count": count, "start_char": start} for chunk, count, start in found]
    return paging.page(items, term.chunk_count)
