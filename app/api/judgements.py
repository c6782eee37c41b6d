"""Judgements: have samples scored by judges, read what they said and how far to trust it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.batch_records import BatchRecord, BatchView, EstimateRecord
from app.api.batches import IdempotencyKey
from app.api.common import (
    COMMON_ERRORS,
    Page,
    PagingQuery,
    Record,
    RequestBody,
    Usd,
    UsdInput,
    WorkspaceDep,
)
from app.api.errors import documented
from app.api.expansions import view_of
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.jobs.judging import estimate_judging, launch_judging
from core.jobs.judging import list_judgings as judgings
from core.quality.judge import browsing, report
from core.quality.judge.agreement import JudgePair
from core.quality.judge.calibration import Calibration
from core.quality.judge.choosing import MAX_JUDGED, JudgedChoice
from core.quality.judge.loading import Pairing
from core.quality.judge.position import PositionBias
from core.quality.judge.requests import MAX_JUDGES, JudgeModel, JudgingRequest
from core.quality.judge.rubrics import get_rubric
from core.quality.judge.statistics import Range

router = APIRouter(prefix="/judgements", tags=["judgements"], responses=COMMON_ERRORS)


class JudgeBody(RequestBody):
    """One judge: who is asked."""

    connection: str = Field("offline", max_length=100, description="Name of a connection.")
    model: str = Field("", max_length=200, description="The connection's default model when empty.")


class JudgingLaunch(RequestBody):
    """What to judge, by which rubric, and who judges. Each judge becomes a batch."""

    rubric_id: str | None = Field(None, description="Id or name: its newest version.")
    rubric_version_id: str | None = Field(None, description="A version, instead of the newest.")
    judges: list[JudgeBody] = Field(
        default_factory=lambda: [JudgeBody()], min_length=1, max_length=MAX_JUDGES
    )
    form: Literal["score", "pair"] = Field(
        "score", description="score: each sample alone. pair: two samples, in both orders."
    )
    batch_ids: list[str] = Field(default_factory=list, description="Empty: all batches.")
    sample_ids: list[str] = Field(
        default_factory=list, max_length=MAX_JUDGED, description="Exactly these instead."
    )
    template_id: str | None = Field(None, description="Only samples of this template.")
    which: Literal["undecided", "all", "accepted", "rejected", "reviewed"] = Field(
        "undecided", description="undecided: where neither heuristics nor a person has decided."
    )
    at_most: int = Field(500, ge=1, le=MAX_JUDGED, description="An even draw of so many.")
    again: bool = Field(False, description="Also what the judge has judged by this version.")
    pairs: tuple[str, str] | None = Field(None, description="pair: two batches over one plan.")
    comparison_id: str = Field("", max_length=64, description="pair: a comparison instead.")
    temperature: float | None = Field(None, ge=0, le=2, description="0 when left out.")
    seed: int | None = Field(None, ge=0, lt=2**63, description="Drawn when left out.")
    budget_usd: UsdInput | None = Field(None, description="Each judge pauses before this.")
    concurrency: int | None = Field(None, ge=1, le=1024, description="Adapts when left out.")
    mode: Literal["live", "batch_api"] = "live"
    name: str = Field("", max_length=200)


class JudgementRecord(Record):
    """What one judge said of one sample, or of a pair."""

    judgement_id: str
    batch_id: str = Field(description="The judge's own batch.")
    rubric_version_id: str
    judge: str
    sample_id: str
    other_id: str | None = Field(description="The second sample of a pair.")
    is_swapped: bool = Field(description="The second one was shown first.")
    preferred: str = Field(description="Of a pair: sample, other or tie.")
    score: float | None = Field(description="0 to 1 by the rubric's weights; null for a pair.")
    scores: dict[str, Any] = Field(description="By criterion, on its own scale.")
    reasons: dict[str, str]
    created_at: datetime


class JudgeRecord(Record):
    """One judge's scores by a version of a rubric."""

    judge: str
    samples: int
    mean_score: float | None = Field(description="Null for a judge of pairs alone.")
    sd: float | None
    marks: dict[str, float] = Field(description="Mean mark by criterion, on its own scale.")
    cost_usd: Usd = Field(description="All of its calls, failed ones included.")


class JudgingReportRecord(Record):
    """The judgements by one version of a rubric, and how far to trust them."""

    rubric_version_id: str
    rubric: str
    number: int = Field(description="Of the version.")
    samples: int
    judgements: int
    pairs: int
    is_cut: bool = Field(description="Older judgements were left out.")
    judges: list[JudgeRecord]
    criteria: list[report.CriterionRow]
    score_bins: list[tuple[float, float, int]] = Field(description="From, to, samples.")
    alpha: Range | None = Field(description="Krippendorff's, of the scores.")
    judge_pairs: list[JudgePair]
    position: dict[str, PositionBias] = Field(description="By judge.")
    preference_agreement: Range | None
    pairings: list[Pairing]
    calibration: dict[str, Calibration] = Field(description="By judge, and all together.")


def _request(workspace: Workspace, body: JudgingLaunch, key: str | None) -> JudgingRequest:
    if (body.rubric_id is None) == (body.rubric_version_id is None):
        raise InvalidInput(
            "A judging names one rubric.", remedy="Give rubric_id or rubric_version_id."
        )
    version_id = (
        body.rubric_version_id
        or get_rubric(workspace, body.rubric_id or "").latest.rubric_version_id
    )
    return JudgingRequest(
        version_id,
        tuple(JudgeModel(judge.connection, judge.model) for judge in body.judges),
        body.form,
        JudgedChoice(
            tuple(body.batch_ids), tuple(body.sample_ids), body.template_id, body.which,
            body.at_most, body.again,
        ),
        pairs=body.pairs, comparison_id=body.comparison_id, temperature=body.temperature,
        seed=body.seed, budget_usd=body.budget_usd, concurrency=body.concurrency,
        mode=body.mode, name=body.name, idempotency_key=key,
    )  # fmt: skip


@router.post(
    "",
    summary="Have samples judged",
    description="Answers at once with a batch for each judge; a worker asks them. The score enters "
    "the sample's quality as the check `judge`.",
    status_code=202,
    responses=documented(402, 404, 409, 413, 415, 502, 507),
)
def judge(
    workspace: WorkspaceDep, body: JudgingLaunch, idempotency_key: IdempotencyKey = None
) -> list[BatchView]:
    launched = launch_judging(workspace, _request(workspace, body, idempotency_key))
    return [view_of(workspace, batch) for batch in launched]


@router.post(
    "/estimate",
    summary="Estimate cost and time of a judging, for each judge",
    responses=documented(404, 413, 415, 502),
)
def estimate(workspace: WorkspaceDep, body: JudgingLaunch) -> list[EstimateRecord]:
    found = estimate_judging(workspace, _request(workspace, body, None))
    return [EstimateRecord.of(one) for one in found]


@router.get("", summary="List judgements, newest first", response_model=Page[JudgementRecord])
def list_judgements(
    workspace: WorkspaceDep,
    paging: PagingQuery,
    rubric_version_id: Annotated[str | None, Query(description="Only by this version.")] = None,
    sample_id: Annotated[str | None, Query(description="Only of this sample.")] = None,
    batch_id: Annotated[str | None, Query(description="Only of this judge's batch.")] = None,
) -> dict[str, Any]:
    found = browsing.list_judgements(
        workspace, rubric_version_id=rubric_version_id, sample_id=sample_id, judging_id=batch_id,
        limit=paging.limit, offset=paging.offset,
    )  # fmt: skip
    return paging.page(found)


@router.get("/batches", summary="List judges' batches", response_model=Page[BatchRecord])
def list_judgings(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.page(judgings(workspace, limit=paging.limit, offset=paging.offset))


@router.get(
    "/report",
    summary="Get scores, agreement and calibration by a rubric",
    description="By one version of a rubric: scores by judge and criterion, Krippendorff's alpha, "
    "position bias of pairs, and how far scores follow people's reviews.",
    responses=documented(404),
)
def get_report(
    workspace: WorkspaceDep,
    rubric_version_id: Annotated[str, Query(description="A version of a rubric.")],
    batch_id: Annotated[
        list[str] | None, Query(description="Only samples of these batches.")
    ] = None,
    threshold: Annotated[
        float | None, Query(ge=0, le=1, description="The score that passes; 0.6.")
    ] = None,
) -> JudgingReportRecord:
    found = report.judging_report(
        workspace, rubric_version_id, batch_ids=batch_id or (), threshold=threshold
    )
    return JudgingReportRecord.of(found)
