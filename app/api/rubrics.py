"""Rubrics: what judges are asked, and their immutable versions."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from core.db.tables import RubricVersion
from core.quality.judge import rubrics
from core.quality.judge.rubric import build_rubric

router = APIRouter(prefix="/rubrics", tags=["rubrics"], responses=COMMON_ERRORS)


class RubricVersionRecord(Record):
    """One immutable state of a rubric."""

    rubric_version_id: str
    rubric_id: str
    number: int
    note: str
    content_hash: str
    definition: dict[str, Any] = Field(description="name, title, criteria and more.")
    created_at: datetime
    created_by: str


class RubricRecord(Record):
    """A rubric with its newest version."""

    rubric_id: str
    name: str
    version_count: int
    latest: RubricVersionRecord

    @classmethod
    def of(cls, source: object) -> "RubricRecord":
        assert isinstance(source, rubrics.RubricRow)
        return cls(
            rubric_id=source.rubric.rubric_id, name=source.rubric.name,
            version_count=source.version_count, latest=RubricVersionRecord.of(source.latest),
        )  # fmt: skip


class RubricSave(RequestBody):
    """A rubric's content, and why it was saved."""

    definition: dict[str, Any]
    note: str = Field("", max_length=2000)


class Starter(Record):
    """A rubric that ships with Seedbed."""

    name: str
    title: str
    description: str
    definition: dict[str, Any]


def _record(version: RubricVersion) -> RubricVersionRecord:
    return RubricVersionRecord.of(version)


@router.get("", summary="List rubrics by name", response_model=Page[RubricRecord])
def list_rubrics(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.slice([RubricRecord.of(row) for row in rubrics.list_rubrics(workspace)])


@router.post(
    "",
    summary="Save a rubric",
    description="The rubric is found by the name in its definition, and made when missing. The "
    "newest version is given back where it holds this content already.",
    status_code=201,
    responses=documented(409, 413, 415),
)
def save_rubric(workspace: WorkspaceDep, body: RubricSave) -> RubricVersionRecord:
    return _record(rubrics.save_rubric(workspace, build_rubric(body.definition), body.note))


@router.get("/starters", summary="List the rubrics that ship with Seedbed")
def list_starters() -> list[Starter]:
    return [
        Starter(
            name=one.name, title=one.title, description=one.description,
            definition=one.model_dump(mode="json"),
        )
        for one in rubrics.starter_rubrics()
    ]  # fmt: skip


@router.post(
    "/starters/{name}",
    summary="Take a starter over as a rubric of one's own",
    status_code=201,
    responses=documented(404, 409, 415),
)
def install_starter(workspace: WorkspaceDep, name: str) -> RubricVersionRecord:
    return _record(rubrics.install_rubric(workspace, name))


@router.get("/{rubric_id}", summary="Get a rubric by id or name", responses=documented(404))
def get_rubric(workspace: WorkspaceDep, rubric_id: str) -> RubricRecord:
    return RubricRecord.of(rubrics.get_rubric(workspace, rubric_id))


@router.get(
    "/{rubric_id}/versions",
    summary="List a rubric's versions, newest first",
    response_model=Page[RubricVersionRecord],
    responses=documented(404),
)
def list_versions(workspace: WorkspaceDep, rubric_id: str, paging: PagingQuery) -> dict[str, Any]:
    return paging.slice(list(rubrics.list_rubric_versions(workspace, rubric_id)))
