"""Tables taken over as samples: the mapping of columns, its preview, and the import."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from app.api.batch_records import BatchRecord
from app.api.batches import IdempotencyKey
from app.api.common import COMMON_ERRORS, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from core.generation import imports
from core.jobs.importing import launch_import
from core.sources.browsing import get_source

router = APIRouter(tags=["imports"], responses=COMMON_ERRORS)

SourceId = Annotated[str, Path(max_length=64, description="A table.")]
Columns = Annotated[list[str], Query(max_length=1000, description="Columns, joined in order.")]


class MappingRecord(Record):
    """Which columns become what."""

    input: list[str] = Field(description="Columns of the input, joined by an empty line.")
    response: list[str] = Field(description="Columns of the response.")
    variables: list[str] = Field(description="Columns kept with each sample.")


class RowRecord(Record):
    """One row as it would be imported."""

    ordinal: int
    chunk_id: str
    input: str
    response: str
    variables: dict[str, Any]
    problem: str = Field(description="Why it would be kept as failed; empty where nothing is.")


class PreviewRecord(Record):
    """The mapping and the first rows under it."""

    mapping: MappingRecord
    rows: list[RowRecord]


class ImportLaunch(RequestBody):
    """A table to take over as samples. Without columns, their names decide."""

    source_id: str = Field(max_length=64)
    input: list[str] = Field(default_factory=list, max_length=100)
    response: list[str] = Field(default_factory=list, max_length=100)
    variables: list[str] = Field(default_factory=list, max_length=imports.MAX_VARIABLES)
    domain: str = Field("imported", min_length=1, max_length=100)
    name: str = Field("", max_length=200, description="Of the batch; empty: after the source.")

    def mapping(self) -> imports.ColumnMapping | None:
        """The chosen mapping; None where nothing was chosen."""
        return _mapping(self.input, self.response, self.variables)


def _mapping(
    input: list[str], response: list[str], variables: list[str]
) -> imports.ColumnMapping | None:
    if not (input or response or variables):
        return None
    return imports.ColumnMapping(tuple(input), tuple(response), tuple(variables))


@router.get(
    "/sources/{source_id}/import-preview",
    summary="Show a table's first rows as samples",
    description="Without columns, the mapping that their names suggest.",
    responses=documented(404),
)
def preview_import(
    workspace: WorkspaceDep,
    source_id: SourceId,
    input: Columns = [],  # noqa: B006 FastAPI copies it
    response: Columns = [],  # noqa: B006
    variables: Columns = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=100, description="Rows to show.")] = 20,
) -> PreviewRecord:
    suggested = imports.suggest_mapping(get_source(workspace, source_id).columns)
    mapping = _mapping(input, response, variables) or suggested
    rows = imports.preview_import(workspace, source_id, mapping, limit)
    return PreviewRecord.of({"mapping": mapping, "rows": rows})


@router.post(
    "/imports",
    summary="Take a table over as samples",
    description="Answers at once; a worker makes a sample of each row, in a batch of its own.",
    status_code=202,
    responses=documented(404, 409, 413, 415, 507),
)
def import_samples(
    workspace: WorkspaceDep, body: ImportLaunch, idempotency_key: IdempotencyKey = None
) -> BatchRecord:
    batch = launch_import(
        workspace, body.source_id, body.mapping(), domain=body.domain, name=body.name,
        idempotency_key=idempotency_key,
    )  # fmt: skip
    return BatchRecord.of(batch)
