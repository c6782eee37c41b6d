"""Thresholds of a batch: what is in force, what others would decide, and moving them for good."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from app.api.templates import VersionRecord
from core.quality.thresholds import applying
from core.quality.thresholds.deciding import Alone, CurvePoint, alone
from core.quality.thresholds.readings import load_readings

router = APIRouter(
    prefix="/batches/{batch_id}/thresholds", tags=["insight"], responses=COMMON_ERRORS
)


class ThresholdRecord(Record):
    """One setting that decides the samples of a batch."""

    name: str
    check: str = Field(description="Whose finding it judges; empty: the score becomes a verdict.")
    kind: Literal["share", "count", "switch", "list"]
    description: str
    low: float
    high: float | None = Field(description="The highest value; null where there is no bound.")
    value: Any = Field(description="In force for this batch.")
    of_template: Any = Field(description="What the template version says.")
    is_movable: bool = Field(description="Whether it moves without measuring again.")


class Changes(RequestBody):
    """Thresholds by name, on top of those in force."""

    changes: dict[str, Any] = Field(examples=[{"near_duplicate": 0.8, "accept_at": 0.75}])


class SaveRequest(Changes):
    """The same, as a new version of the template."""

    note: str = Field("", max_length=2000, description="Why the version was saved.")


class MoveRecord(Record):
    """Samples that go from one verdict to another."""

    before: str
    after: str
    samples: int
    examples: list[str] = Field(description="Ids of some, those whose score changes most first.")


class ThresholdPreviewRecord(Record):
    """What moved thresholds would decide; nothing is stored."""

    batch_id: str
    settings: dict[str, Any]
    changed: dict[str, Any]
    before: dict[str, int]
    after: dict[str, int]
    moves: list[MoveRecord]


class VerdictsRecord(Record):
    """Samples of a batch by verdict."""

    verdicts: dict[str, int]


@router.get("", summary="List a batch's thresholds", responses=documented(404))
def list_thresholds(workspace: WorkspaceDep, batch_id: str) -> Page[ThresholdRecord]:
    found = applying.list_thresholds(workspace, batch_id)
    return Page(items=[ThresholdRecord(**row) for row in found], limit=len(found), offset=0)


@router.post(
    "/preview",
    summary="See what other thresholds would decide",
    description="Stores nothing. Samples that a person decided or that failed do not move.",
    responses=documented(404, 413, 415),
)
def preview_thresholds(
    workspace: WorkspaceDep, batch_id: str, body: Changes
) -> ThresholdPreviewRecord:
    return ThresholdPreviewRecord.of(applying.preview_thresholds(workspace, batch_id, body.changes))


@router.patch("", summary="Move a batch's thresholds", responses=documented(404, 409, 413, 415))
def apply_thresholds(workspace: WorkspaceDep, batch_id: str, body: Changes) -> VerdictsRecord:
    return VerdictsRecord(verdicts=applying.apply_thresholds(workspace, batch_id, body.changes))


@router.delete("", summary="Take the template's thresholds again", responses=documented(404, 409))
def reset_thresholds(workspace: WorkspaceDep, batch_id: str) -> VerdictsRecord:
    return VerdictsRecord(verdicts=applying.reset_thresholds(workspace, batch_id))


@router.post(
    "/save",
    summary="Save a batch's thresholds to its template",
    description="A new version of the template; the batch keeps its own thresholds.",
    status_code=201,
    responses=documented(404, 409, 413, 415),
)
def save_thresholds(workspace: WorkspaceDep, batch_id: str, body: SaveRequest) -> VersionRecord:
    saved = applying.save_thresholds(workspace, batch_id, body.changes, body.note)
    return VersionRecord.of(saved)


@router.get(
    "/costs",
    summary="See what each check costs alone",
    description="Samples that would be accepted if one check were not asked.",
    responses=documented(404),
)
def threshold_costs(workspace: WorkspaceDep, batch_id: str) -> list[Alone]:
    readings = load_readings(workspace, batch_id)
    return alone(readings, readings.settings)


@router.get(
    "/{name}/curve",
    summary="See what each value of a threshold would accept",
    description="One threshold moves, the others stay in force. Empty for switches and lists.",
    responses=documented(404),
)
def threshold_curve(
    workspace: WorkspaceDep,
    batch_id: str,
    name: Annotated[str, Path(description="Name of the threshold.")],
) -> list[CurvePoint]:
    return applying.threshold_curve(workspace, batch_id, name)
