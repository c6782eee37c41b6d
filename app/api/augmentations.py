"""Augmentations: samples that are derived from samples, by a model or by a rule."""

from dataclasses import fields
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from app.api.batch_records import BatchView, EstimateRecord
from app.api.batches import IdempotencyKey
from app.api.common import COMMON_ERRORS, WorkspaceDep
from app.api.errors import documented
from app.api.expansions import ModelChoice, ParentsBody, view_of
from core.generation.expansion.augmentation import MAX_SLIP_RATE, MAX_VARIANTS, AugmentationRequest
from core.jobs.expanding import estimate_augmentation, launch_augmentation

router = APIRouter(prefix="/augmentations", tags=["augmentations"], responses=COMMON_ERRORS)

Name = Annotated[str, Field(max_length=200)]


class AugmentationLaunch(ModelChoice):
    """How to derive samples, and from which."""

    operation: Literal["paraphrase", "back_translation", "persona", "noise", "swap"]
    parents: ParentsBody
    variants: int = Field(1, ge=1, le=MAX_VARIANTS, description="Derived samples per parent.")
    changes: Literal["input", "response", "both"] | None = Field(
        None, description="Which texts become others: both, for noise the input. Swap: both."
    )
    guidance: str = Field("", max_length=8000, description="With a model: what else is wanted.")
    language: Name = Field("", description="back_translation: the middle language; several.")
    who: str = Field("", max_length=2000, description="persona: the new person; drawn when empty.")
    rate: float = Field(0.08, gt=0, le=MAX_SLIP_RATE, description="noise: slips per word.")
    slips: list[Literal["typo", "neighbour", "case", "drop", "space"]] = Field(
        default=["typo", "neighbour", "case", "drop", "space"], min_length=1
    )
    fields: list[Name] = Field(
        default_factory=list, max_length=50, description="swap: the variables; all when empty."
    )
    name: Name = ""


def _request(body: AugmentationLaunch, key: str | None) -> AugmentationRequest:
    names = {field.name for field in fields(AugmentationRequest)} & set(type(body).model_fields)
    values = {name: getattr(body, name) for name in names}
    return AugmentationRequest(
        **values
        | {
            "changes": body.changes or "",
            "parents": body.parents.choice(),
            "slips": tuple(body.slips),
            "fields": tuple(body.fields),
            "idempotency_key": key,
        }
    )


@router.post(
    "",
    summary="Derive samples from samples",
    description="A batch of kind augmentation. Each sample names its parent; noise and swap ask "
    "no model and cost nothing.",
    status_code=202,
    responses=documented(402, 404, 409, 413, 415, 502, 507),
)
def augment(
    workspace: WorkspaceDep, body: AugmentationLaunch, idempotency_key: IdempotencyKey = None
) -> BatchView:
    return view_of(workspace, launch_augmentation(workspace, _request(body, idempotency_key)))


@router.post(
    "/estimate",
    summary="Estimate cost and time of an augmentation",
    responses=documented(404, 413, 415, 502),
)
def estimate(workspace: WorkspaceDep, body: AugmentationLaunch) -> EstimateRecord:
    return EstimateRecord.of(estimate_augmentation(workspace, _request(body, None)))
