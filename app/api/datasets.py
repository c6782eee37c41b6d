"""Datasets and their immutable versions: build, read, verify, compare, download."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, RequestBody, WorkspaceDep
from app.api.downloads import send_file, send_tar
from app.api.errors import documented
from app.api.exports import ExportFormat, export_files
from core.datasets import browsing, diffing, verification
from core.datasets.diffing import VersionDiff
from core.datasets.export.shapes import ExportShape
from core.datasets.manifest import MANIFEST
from core.datasets.numbering import Bump
from core.datasets.query import DatasetQuery
from core.datasets.selection import preview_selection
from core.db.tables import DatasetVersion
from core.db.workspace import Workspace
from core.errors import DamagedFile, InvalidInput
from core.jobs.releasing import request_dataset

router = APIRouter(tags=["datasets"], responses=COMMON_ERRORS)

DOWNLOAD_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The whole file, or a tar of all files.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "The range that was asked for."},
    304: {"description": "The client has these bytes already."},
    **documented(404, 409, 410, 416, 507),
}


class DatasetRecord(Record):
    """A named series of dataset versions."""

    dataset_id: str
    name: str
    description: str
    created_at: datetime


class VersionSummary(Record):
    """A dataset version as lists show it."""

    dataset_version_id: str
    dataset_id: str
    version: str
    state: Literal["building", "released", "failed"]
    message: str
    content_id: str | None = Field(description="Canonical SHA-256 of schema and rows.")
    sample_count: int
    split_counts: dict[str, int]
    size_bytes: int
    changelog: str
    created_at: datetime
    created_by: str


class DatasetSummary(Record):
    """A dataset with its newest released version."""

    dataset: DatasetRecord
    latest: VersionSummary | None
    version_count: int


class VersionView(VersionSummary):
    """Everything recorded about a version: what was selected and, once released, its manifest."""

    query: DatasetQuery
    manifest_sha256: str | None
    manifest: dict[str, Any] | None = Field(
        description="Files with SHA-256, generation settings and quality; null until released."
    )


class FileRecord(Record):
    """A released file whose bytes match the manifest."""

    name: str
    size_bytes: int
    sha256: str


class VerificationRecord(Record):
    """The outcome of hashing every file."""

    dataset_version_id: str
    is_intact: Literal[True]
    size_bytes: int
    files: list[FileRecord]


class SelectionRecord(Record):
    """What a query would select now."""

    samples: int = Field(description="Before exact duplicates are dropped.")
    corrected: int
    by_batch: dict[str, int]
    by_domain: dict[str, int]


class Build(RequestBody):
    """A version to build."""

    dataset: str = Field(min_length=1, max_length=100, description="Name; made when new.")
    query: DatasetQuery
    bump: Bump = Field(
        "minor", description="Which number rises; auto decides by what the query changed."
    )
    changelog: str = Field("", max_length=10_000, description="What this version is for.")
    description: str = Field("", max_length=4000, description="Of a new dataset.")


@router.get("/datasets", summary="List datasets", response_model=Page[DatasetSummary])
def list_datasets(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    found = browsing.list_datasets(workspace, limit=paging.limit, offset=paging.offset)
    return paging.page(found)


@router.get("/datasets/{dataset}", summary="Get a dataset", responses=documented(404))
def get_dataset(workspace: WorkspaceDep, dataset: str) -> DatasetRecord:
    """The dataset with this name or id."""
    return DatasetRecord.of(browsing.get_dataset(workspace, dataset))


@router.get(
    "/datasets/{dataset}/versions",
    summary="List a dataset's versions, newest first",
    response_model=Page[VersionSummary],
    responses=documented(404),
)
def list_versions(workspace: WorkspaceDep, dataset: str, paging: PagingQuery) -> dict[str, Any]:
    dataset_id = browsing.get_dataset(workspace, dataset).dataset_id
    found = browsing.list_versions(workspace, dataset_id, limit=paging.limit, offset=paging.offset)
    return paging.page(found)


@router.post(
    "/dataset-versions",
    summary="Build a dataset version",
    description="Answers at once; a worker builds. It is released when its state says so.",
    status_code=202,
    responses=documented(404, 409, 413, 415, 507),
)
def build_version(workspace: WorkspaceDep, body: Build) -> VersionView:
    row = request_dataset(
        workspace,
        body.dataset,
        body.query,
        bump=body.bump,
        changelog=body.changelog,
        description=body.description,
    )
    return _view(workspace, row)


@router.post(
    "/dataset-versions/preview",
    summary="Count what a query selects",
    responses=documented(404, 413, 415),
)
def preview_version(workspace: WorkspaceDep, query: DatasetQuery) -> SelectionRecord:
    return SelectionRecord.of(preview_selection(workspace, query))


@router.get(
    "/dataset-versions/{dataset_version_id}",
    summary="Get everything recorded about a dataset version",
    responses=documented(404, 410),
)
def get_version(workspace: WorkspaceDep, dataset_version_id: str) -> VersionView:
    """By id, `name@1.0.0`, or a dataset's name for its newest release."""
    return _view(workspace, browsing.get_version(workspace, dataset_version_id))


def _view(workspace: Workspace, row: DatasetVersion) -> VersionView:
    manifest = None
    if row.state == "released":
        manifest = browsing.load_manifest(workspace, row.dataset_version_id)
    fields = VersionSummary.of(row).model_dump()
    return VersionView(
        **fields, query=row.query, manifest_sha256=row.manifest_sha256, manifest=manifest
    )


@router.get(
    "/dataset-versions/{dataset_version_id}/verification",
    summary="Hash every file of a release",
    description="410 when a byte differs from what was released.",
    responses=documented(404, 409, 410),
)
def verify_version(workspace: WorkspaceDep, dataset_version_id: str) -> VerificationRecord:
    row = browsing.get_version(workspace, dataset_version_id)
    report = verification.verify_version(workspace, row.dataset_version_id)
    return VerificationRecord(
        dataset_version_id=report.dataset_version_id,
        is_intact=True,
        size_bytes=report.size_bytes,
        files=[FileRecord.of(file) for file in report.files],
    )


@router.get(
    "/dataset-versions/{dataset_version_id}/diff",
    summary="Compare a release with an earlier one",
    responses=documented(404, 409, 410),
)
def diff_versions(
    workspace: WorkspaceDep,
    dataset_version_id: str,
    base: Annotated[str, Query(description="The release to compare with.")],
) -> VersionDiff:
    return diffing.diff_versions(workspace, base, dataset_version_id)


@router.get(
    "/dataset-versions/{dataset_version_id}/download",
    summary="Download a release",
    description="One file of the release with `file`, another format with `format`, or all files "
    "as a tar with neither. Single files answer byte ranges; their ETag is their SHA-256.",
    response_class=Response,
    responses=DOWNLOAD_RESPONSES,
)
def download_version(
    workspace: WorkspaceDep,
    request: Request,
    dataset_version_id: str,
    file: Annotated[str | None, Query(description="A file named in the manifest.")] = None,
    format: Annotated[ExportFormat | None, Query(description="Format to export to.")] = None,
    shape: Annotated[ExportShape, Query(description="Record shape of an export.")] = "records",
) -> Response:
    if file is not None and format is not None:
        raise InvalidInput("file and format exclude each other.", remedy="Send one of them.")
    row = browsing.get_version(workspace, dataset_version_id)
    try:
        return _download(workspace, request, row, file, format, shape)
    except FileNotFoundError as error:
        # Deleted between the look at the folder and the look at the file.
        raise DamagedFile("A file of this release is gone.", remedy="Build a new one.") from error


def _download(
    workspace: Workspace,
    request: Request,
    row: DatasetVersion,
    file: str | None,
    format: ExportFormat | None,
    shape: ExportShape,
) -> Response:
    version_id = row.dataset_version_id
    if file is not None:
        return send_file(request, verification.open_file(workspace, version_id, file))
    if format is None:
        return send_tar(
            _all_files(workspace, version_id), _archive_name(workspace, row), _time(row)
        )
    exported = export_files(workspace, version_id, format, shape)
    # The last one describes the others; beside a single file nobody would look for it.
    if len(exported) == 2:
        return send_file(request, exported[0])
    return send_tar(exported, f"{_archive_name(workspace, row)}-{format}", _time(row))


def _all_files(workspace: Workspace, version_id: str) -> list[verification.VerifiedFile]:
    """Every file of a release, hashed, and the manifest that names them."""
    manifest = verification.open_file(workspace, version_id, MANIFEST)
    return [manifest, *verification.verify_version(workspace, version_id).files]


def _archive_name(workspace: Workspace, row: DatasetVersion) -> str:
    return f"{browsing.get_dataset(workspace, row.dataset_id).name}-{row.version}"


def _time(row: DatasetVersion) -> float:
    return row.created_at.timestamp()


# Resuming clients ask for the headers first.
router.add_api_route(
    "/dataset-versions/{dataset_version_id}/download",
    download_version,
    methods=["HEAD"],
    include_in_schema=False,
)
