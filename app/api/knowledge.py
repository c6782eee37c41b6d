"""A domain's knowledge: terms, rules, scenarios and expert answers as tables."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from core.sources.knowledge import entries as knowledge
from core.sources.knowledge import files as knowledge_files
from core.sources.knowledge import taking as knowledge_taking
from core.sources.knowledge.tables import MAX_DOMAIN_CHARS

router = APIRouter(prefix="/knowledge", tags=["knowledge"], responses=COMMON_ERRORS)

Table = Literal["terms", "rules", "scenarios", "expert_answers"]
Domain = Annotated[
    str, Query(min_length=1, max_length=MAX_DOMAIN_CHARS, description="Whose knowledge it is.")
]
Row = dict[str, str | None]
MAX_ROWS = 10_000
Mapping = Annotated[
    dict[str, str],
    Field(description="By column of the knowledge table the column to take for it."),
]


class DomainRecord(Record):
    """A domain and how many entries its tables have."""

    domain: str
    entries: dict[str, int]


class EntryRecord(Record):
    """One entry of a knowledge table. An edit makes another entry that `replaces` it."""

    entry_id: str
    domain: str
    table_name: str
    ordinal: int = Field(description="Order within the table.")
    fields: dict[str, Any]
    source_id: str | None
    replaces: str | None
    created_at: datetime
    created_by: str


class TableRows(RequestBody):
    """What a table is to hold."""

    rows: list[Row] = Field(
        max_length=MAX_ROWS, description="Columns of the table, and `entry_id` of a kept entry."
    )
    seen: list[str] | None = Field(
        None, description="Only these entries may be retired; null: all that are not in `rows`."
    )


class EditsRecord(Record):
    """What an edit did."""

    added: int
    changed: int
    retired: int


class NewRows(RequestBody):
    """Rows to append, named by the table's columns or mapped to them."""

    rows: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_ROWS)
    mapping: Mapping = Field(default_factory=dict)


class TakenRows(RequestBody):
    """Rows of an imported table to append."""

    source_id: str
    mapping: Mapping


class TakenTerms(RequestBody):
    """Extracted terms and entities to append."""

    term_ids: list[str] = Field(min_length=1, max_length=1_000)


class Added(Record):
    """How many entries were new; those that the table held already are left alone."""

    added: int


@router.get("", summary="List domains", response_model=Page[DomainRecord])
def list_domains(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    page = paging.slice(knowledge.domains(workspace))
    counts = {name: knowledge.table_counts(workspace, name) for name in page["items"]}
    return page | {"items": [{"domain": name, "entries": counts[name]} for name in counts]}


@router.post(
    "/terms/from-extracted",
    summary="Take over extracted terms",
    description="Each becomes an entry with its source and a sentence that shows it.",
    status_code=201,
    responses=documented(404, 413, 415),
)
def take_terms(workspace: WorkspaceDep, domain: Domain, body: TakenTerms) -> Added:
    return Added(added=knowledge_taking.take_terms(workspace, domain, body.term_ids))


@router.get(
    "/{table}",
    summary="List a table's entries",
    response_model=Page[EntryRecord],
    responses=documented(404),
)
def list_entries(
    workspace: WorkspaceDep,
    table: Table,
    domain: Domain,
    paging: PagingQuery,
    search: Annotated[str, Query(max_length=200, description="Text a cell contains.")] = "",
) -> dict[str, Any]:
    entries = knowledge.list_entries(
        workspace, domain, table, search=search, limit=paging.limit, offset=paging.offset
    )
    total = None if search else knowledge.table_counts(workspace, domain)[table]
    return paging.page(entries, total)


@router.put(
    "/{table}",
    summary="Make a table hold these rows",
    description="Changed rows are retired and added anew; what is not named is retired.",
    responses=documented(404, 409, 413, 415),
)
def put_rows(workspace: WorkspaceDep, table: Table, domain: Domain, body: TableRows) -> EditsRecord:
    return EditsRecord.of(
        knowledge.apply_edits(workspace, domain, table, body.rows, seen=body.seen)
    )


@router.post("/{table}", summary="Append rows to a table", status_code=201,
             responses=documented(404, 413, 415))  # fmt: skip
def add_rows(workspace: WorkspaceDep, table: Table, domain: Domain, body: NewRows) -> Added:
    is_mapped = bool(body.mapping)
    rows = knowledge_files.mapped_rows(table, body.rows, body.mapping) if is_mapped else body.rows
    return Added(added=knowledge.add_entries(workspace, domain, table, rows))


@router.post("/{table}/from-source", summary="Append the rows of an imported table",
             status_code=201, responses=documented(404, 413, 415))  # fmt: skip
def take_rows(workspace: WorkspaceDep, table: Table, domain: Domain, body: TakenRows) -> Added:
    return Added(
        added=knowledge_taking.take_rows(workspace, domain, table, body.source_id, body.mapping)
    )


@router.get("/{table}/download", summary="Download a table", responses=documented(404),
            response_class=Response)  # fmt: skip
def download(
    workspace: WorkspaceDep,
    table: Table,
    domain: Domain,
    format: Annotated[Literal["csv", "jsonl"], Query(description="Form of the file.")] = "csv",
) -> StreamingResponse:
    entries = knowledge.list_entries(workspace, domain, table)
    name = quote(f"{domain}-{table}.{format}")
    return StreamingResponse(
        knowledge_files.written(table, entries, format),
        media_type=knowledge_files.FORMATS[format],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )
