"""SQL over the workspace: run a query, look at the tables, keep queries."""

from datetime import datetime
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Path
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from core.querying import saved
from core.querying.running import QueryLimits, run_query
from core.querying.saved import ChartSettings
from core.querying.statement import MAX_SQL_CHARS
from core.querying.tables import TABLES, QueryTable

router = APIRouter(tags=["queries"], responses=COMMON_ERRORS)
QueryId = Annotated[str, Path(max_length=100, description="Id or name of a saved query.")]


class QueryRun(RequestBody):
    """A query to run."""

    sql: str = Field(max_length=MAX_SQL_CHARS, description="One SELECT, or EXPLAIN of one.")
    limit: int = Field(1_000, ge=1, le=10_000, description="Most rows to return.")


class ColumnRecord(Record):
    """One column of a table or of an answer."""

    name: str
    type: str = Field(description="Arrow type.")
    meaning: str = ""


class QueryAnswer(Record):
    """The rows of a query. Times are UTC; decimals are strings."""

    columns: list[ColumnRecord]
    rows: list[list[Any]]
    is_cut: bool = Field(description="There are more rows than were returned.")
    elapsed_ms: int


class TableRecord(Record):
    """A table that queries can read."""

    name: str
    meaning: str
    columns: list[ColumnRecord]


class SavedQueryRecord(Record):
    """A query that was kept."""

    query_id: str
    name: str
    sql: str
    chart: dict[str, Any]
    created_by: str
    created_at: datetime


class QuerySave(RequestBody):
    """A query to keep; one of the same name is replaced."""

    name: str = Field(min_length=1, max_length=saved.MAX_NAME_CHARS)
    sql: str = Field(min_length=1, max_length=MAX_SQL_CHARS)
    chart: ChartSettings = Field(default_factory=ChartSettings, description="How it is drawn.")


@router.post("/queries", summary="Run a query", responses=documented(413, 415))
def run(workspace: WorkspaceDep, body: QueryRun) -> QueryAnswer:
    """Reads only: in a process of its own, without files or network, for at most 30 s."""
    result = run_query(workspace, body.sql, limits=QueryLimits(rows=body.limit))
    fields = result.table.schema
    columns = [ColumnRecord(name=f.name, type=str(f.type)) for f in fields]
    rows = [list(row) for row in zip(*map(_values, result.table.columns), strict=True)]
    return QueryAnswer(
        columns=columns, rows=rows, is_cut=result.is_cut, elapsed_ms=result.elapsed_ms
    )


@router.get("/queries/tables", summary="List the tables that queries read")
def list_tables() -> list[TableRecord]:
    return [_table(table) for table in TABLES.values()]


@router.get("/saved-queries", summary="List saved queries")
def list_saved(workspace: WorkspaceDep, paging: PagingQuery) -> Page[SavedQueryRecord]:
    return paging.slice(saved.list_queries(workspace))  # type: ignore[return-value]


@router.post(
    "/saved-queries", summary="Save a query", status_code=201, responses=documented(413, 415)
)
def save(workspace: WorkspaceDep, body: QuerySave) -> SavedQueryRecord:
    return SavedQueryRecord.of(saved.save_query(workspace, body.name, body.sql, body.chart))


@router.delete(
    "/saved-queries/{query_id}", summary="Forget a saved query", responses=documented(404)
)
def delete(workspace: WorkspaceDep, query_id: QueryId) -> SavedQueryRecord:
    query = saved.get_query(workspace, query_id)
    saved.delete_query(workspace, query.query_id)
    return SavedQueryRecord.of(query)


def _values(column: pa.ChunkedArray) -> list[Any]:
    """A column as JSON can hold it: what has no form of its own there as text."""
    if pa.types.is_temporal(column.type) or pa.types.is_decimal(column.type):
        return [None if value is None else str(value) for value in column.to_pylist()]
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [None if value is None else value.hex() for value in column.to_pylist()]
    values: list[Any] = column.to_pylist()
    return [None if _is_unsayable(value) else value for value in values]


def _is_unsayable(value: Any) -> bool:
    return isinstance(value, float) and not abs(value) < float("inf")


def _table(table: QueryTable) -> TableRecord:
    columns = [
        ColumnRecord(name=c.name, type=str(c.type), meaning=c.meaning) for c in table.columns
    ]
    return TableRecord(name=table.name, meaning=table.meaning, columns=columns)
