"""Documented aliases under `/training-data`: generate, metadata, download."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.api import batches, datasets
from app.api.batch_records import BatchView, Launch
from app.api.common import COMMON_ERRORS, WorkspaceDep
from app.api.errors import documented
from app.api.exports import ExportFormat
from core.datasets.export.shapes import ExportShape

router = APIRouter(prefix="/training-data", tags=["training-data"], responses=COMMON_ERRORS)


@router.post(
    "/generate",
    summary="Launch a batch",
    description="The same as POST /batches.",
    status_code=202,
    responses=documented(402, 404, 409, 413, 415, 502, 507),
)
def generate(
    workspace: WorkspaceDep, body: Launch, idempotency_key: batches.IdempotencyKey = None
) -> BatchView:
    return batches.launch(workspace, body, idempotency_key)


@router.get(
    "/datasets/{dataset_version_id}/metadata",
    summary="Get everything recorded about a dataset version",
    description="The same as GET /dataset-versions/{dataset_version_id}.",
    responses=documented(404, 410),
)
def metadata(workspace: WorkspaceDep, dataset_version_id: str) -> datasets.VersionView:
    return datasets.get_version(workspace, dataset_version_id)


@router.get(
    "/datasets/{dataset_version_id}/download",
    summary="Download a dataset version",
    description="The same as GET /dataset-versions/{dataset_version_id}/download.",
    response_class=Response,
    responses=datasets.DOWNLOAD_RESPONSES,
)
def download(
    workspace: WorkspaceDep,
    request: Request,
    dataset_version_id: str,
    file: Annotated[str | None, Query(description="A file named in the manifest.")] = None,
    format: Annotated[ExportFormat | None, Query(description="Format to export to.")] = None,
    shape: Annotated[ExportShape, Query(description="Record shape of an export.")] = "records",
) -> Response:
    return datasets.download_version(workspace, request, dataset_version_id, file, format, shape)


# Resuming clients ask for the headers first.
router.add_api_route(
    "/datasets/{dataset_version_id}/download", download, methods=["HEAD"], include_in_schema=False
)
