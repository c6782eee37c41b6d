"""Expansions: what a model proposes for a template, and a person's decisions on it."""

from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.batch_records import BatchRecord, BatchView, EstimateRecord, ProgressRecord
from app.api.batches import IdempotencyKey
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
from core.db.tables import Batch
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.expansion import candidates as candidates
from core.generation.expansion.applying import apply_candidates, save_variant, scenario_rows
from core.generation.expansion.parents import MAX_PARENTS, ParentChoice
from core.generation.expansion.requests import MAX_COUNT, ExpansionRequest
from core.generation.progress import batch_progress
from core.jobs.expanding import estimate_expansion, launch_expansion
from core.sources.knowledge.entries import add_entries
from core.templates.definition import build_template, template_yaml
from core.templates.versions import get_version, latest_version, load_definition

router = APIRouter(tags=["expansions"], responses=COMMON_ERRORS)

CandidateState = Literal["proposed", "duplicate", "invalid", "accepted", "rejected"]
Operation = Literal["grow_values", "rewrite_prompt", "evolve"]
Text = Annotated[str, Field(max_length=8000)]


class ModelChoice(RequestBody):
    """Which model is asked, and for how much at most."""

    connection: str = Field("offline", description="Name of a connection.")
    model: str = Field("", description="The connection's default model when empty.")
    temperature: float | None = Field(None, ge=0, le=2, description="The recipe's when left out.")
    seed: int | None = Field(None, ge=0, lt=2**63, description="Drawn when left out.")
    budget_usd: UsdInput | None = Field(None, description="The batch pauses before this.")


class ParentsBody(RequestBody):
    """Which samples to derive from."""

    batch_ids: list[str] = Field(default_factory=list, description="Empty: all batches.")
    sample_ids: list[str] = Field(default_factory=list, description="Exactly these instead.")
    template_id: str | None = Field(None, description="Only samples of this template.")
    verdict: Literal["accepted", "needs_review", "rejected"] | None = "accepted"
    at_most: int = Field(100, ge=1, le=MAX_PARENTS, description="An even draw of so many.")

    def choice(self) -> ParentChoice:
        """The core's choice."""
        return ParentChoice(
            tuple(self.batch_ids), tuple(self.sample_ids), self.template_id, self.verdict,
            self.at_most,
        )  # fmt: skip


class ExpansionLaunch(ModelChoice):
    """What to propose. Give `template_id` for a template's newest version."""

    operation: Operation
    template_id: str | None = Field(None, description="Id or name of a template.")
    template_version_id: str | None = Field(None, description="A version, instead of the newest.")
    definition: dict[str, Any] | None = Field(None, description="A draft, instead of its content.")
    count: int = Field(20, ge=1, le=MAX_COUNT, description="Values, variants or instructions.")
    variable: str = Field("", max_length=50, description="grow_values: the variable to grow.")
    parent_value: Text = Field("", description="grow_values: for this value of its parent.")
    step: str = Field("", max_length=50, description="rewrite_prompt: the step; the first one.")
    direction: Literal["all", "deeper", "broader", "adversarial"] = "all"
    instruction: Text = Field("", description="evolve: from this one, instead of samples.")
    parents: ParentsBody = Field(default_factory=ParentsBody, description="evolve: from these.")
    guidance: Text = Field("", description="What else is wanted.")
    avoid: list[Text] = Field(default_factory=list, max_length=1000)
    threshold: float | None = Field(
        None, gt=0, le=2, description="Cosine from which a text counts as known."
    )


class CandidateRecord(Record):
    """What an expansion proposed, and where it stands."""

    candidate_id: str
    batch_id: str
    sample_id: str = Field(description="The answer that proposed it.")
    operation: Operation
    text: str
    details: dict[str, Any]
    nearest_text: str = Field(description="The most similar known text.")
    similarity: float | None = Field(description="Cosine to it; null before it was measured.")
    state: CandidateState
    created_at: datetime


class Decision(RequestBody):
    """One decision on several candidates."""

    candidate_ids: list[str] = Field(min_length=1, max_length=10_000)
    decision: Literal["accepted", "rejected", "proposed"]


class Chosen(RequestBody):
    """Accepted candidates."""

    candidate_ids: list[str] = Field(min_length=1, max_length=10_000)


class Application(Chosen):
    """Accepted candidates, and the template that they go into."""

    template_version_id: str | None = Field(None, description="The version to start from.")
    definition: dict[str, Any] | None = Field(None, description="A draft, instead of a version.")
    variable: str = Field("", max_length=50, description="Where evolved instructions go.")


class Applied(Record):
    """The template with the candidates in it. Nothing was saved."""

    definition: dict[str, Any]
    yaml: str


class VariantSave(RequestBody):
    """The version that an accepted prompt is saved on top of."""

    template_version_id: str


class SavedVariant(Record):
    """The version that now holds the variant."""

    template_version_id: str
    template_id: str
    number: int
    name: str
    note: str


class ScenarioSave(Chosen):
    """Accepted instructions, and the domain whose scenarios they become."""

    domain: str = Field(min_length=1, max_length=100)


class Added(Record):
    """How many rows were added; those that were there already are passed over."""

    added: int


def view_of(workspace: Workspace, batch: Batch) -> BatchView:
    """A batch and its progress."""
    progress = ProgressRecord.of(batch_progress(workspace, batch.batch_id))
    return BatchView(batch=BatchRecord.of(batch), progress=progress)


def _request(workspace: Workspace, body: ExpansionLaunch, key: str | None) -> ExpansionRequest:
    if (body.template_id is None) == (body.template_version_id is None):
        raise InvalidInput(
            "An expansion names one template.", remedy="Give template_id or template_version_id."
        )
    version_id = (
        body.template_version_id or latest_version(workspace, body.template_id).template_version_id
    )
    names = {field.name for field in fields(ExpansionRequest)} & set(type(body).model_fields)
    values = {name: getattr(body, name) for name in names}
    return ExpansionRequest(
        **values
        | {
            "template_version_id": version_id,
            "definition": build_template(body.definition) if body.definition else None,
            "parents": body.parents.choice(),
            "avoid": tuple(body.avoid),
            "idempotency_key": key,
        }
    )


@router.post(
    "/expansions",
    summary="Have a model propose values, prompts or instructions",
    description="Answers at once; a worker asks the model. What it proposes are candidates, which "
    "nothing uses before they are accepted.",
    status_code=202,
    responses=documented(402, 404, 409, 413, 415, 502, 507),
)
def expand(
    workspace: WorkspaceDep, body: ExpansionLaunch, idempotency_key: IdempotencyKey = None
) -> BatchView:
    request = _request(workspace, body, idempotency_key)
    return view_of(workspace, launch_expansion(workspace, request))


@router.post(
    "/expansions/estimate",
    summary="Estimate cost and time of an expansion",
    responses=documented(404, 413, 415, 502),
)
def estimate(workspace: WorkspaceDep, body: ExpansionLaunch) -> EstimateRecord:
    return EstimateRecord.of(estimate_expansion(workspace, _request(workspace, body, None)))


@router.get(
    "/expansions", summary="List expansions, newest first", response_model=Page[BatchRecord]
)
def list_expansions(
    workspace: WorkspaceDep,
    paging: PagingQuery,
    template_id: Annotated[str | None, Query(description="Only of this template.")] = None,
    operation: Annotated[Operation | None, Query(description="Only this operation.")] = None,
) -> dict[str, Any]:
    found = candidates.list_expansions(
        workspace, template_id=template_id, operation=operation, limit=paging.offset + paging.limit
    )
    return paging.page(found[paging.offset :])


@router.get(
    "/candidates",
    summary="List what expansions proposed",
    response_model=Page[CandidateRecord],
    responses=documented(404),
)
def list_candidates(
    workspace: WorkspaceDep,
    paging: PagingQuery,
    batch_id: Annotated[str | None, Query(description="Only of this expansion.")] = None,
    template_id: Annotated[str | None, Query(description="Only for this template.")] = None,
    operation: Annotated[Operation | None, Query(description="Only this operation.")] = None,
    state: Annotated[CandidateState | None, Query(description="Only in this state.")] = None,
) -> dict[str, Any]:
    found = candidates.list_candidates(
        workspace, batch_id=batch_id, template_id=template_id, operation=operation,
        states=candidates.STATES if state is None else (state,),
        limit=paging.limit, offset=paging.offset,
    )  # fmt: skip
    return paging.page(found)


@router.post(
    "/candidates/decisions",
    summary="Accept, reject or reopen candidates",
    description="All of them or none. An invalid candidate cannot be accepted.",
    responses=documented(404, 413, 415),
)
def decide(workspace: WorkspaceDep, body: Decision) -> list[CandidateRecord]:
    decided = candidates.decide_candidates(workspace, body.candidate_ids, body.decision)
    return [CandidateRecord.of(row) for row in decided]


@router.post(
    "/candidates/application",
    summary="Put accepted candidates into a template",
    description="Answers with the changed template and saves nothing.",
    responses=documented(404, 413, 415),
)
def apply(workspace: WorkspaceDep, body: Application) -> Applied:
    if (body.definition is None) == (body.template_version_id is None):
        raise InvalidInput(
            "Candidates go into one template.", remedy="Give template_version_id or definition."
        )
    definition = (
        build_template(body.definition)
        if body.definition is not None
        else load_definition(get_version(workspace, body.template_version_id or ""))
    )
    chosen = candidates.load_candidates(workspace, body.candidate_ids)
    changed = apply_candidates(definition, chosen, body.variable)
    data = changed.model_dump(mode="json", exclude_defaults=True)
    return Applied(definition=data, yaml=template_yaml(changed))


@router.post(
    "/candidates/scenarios",
    summary="Keep accepted instructions as scenarios of a domain",
    responses=documented(404, 409, 413, 415),
)
def keep_scenarios(workspace: WorkspaceDep, body: ScenarioSave) -> Added:
    chosen = candidates.load_candidates(workspace, body.candidate_ids)
    rows = scenario_rows(chosen)
    return Added(added=add_entries(workspace, body.domain, "scenarios", rows))


@router.post(
    "/candidates/{candidate_id}/versions",
    summary="Save an accepted prompt as a named version",
    status_code=201,
    responses=documented(404, 409, 413, 415),
)
def save_version(workspace: WorkspaceDep, candidate_id: str, body: VariantSave) -> SavedVariant:
    definition = load_definition(get_version(workspace, body.template_version_id))
    candidate = candidates.load_candidates(workspace, [candidate_id])[0]
    return SavedVariant.of(save_variant(workspace, definition, candidate))
