"""Before any money is spent: the plan of a template, free; and previews, small real batches."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from app.api.batch_records import BatchRecord
from app.api.batches import IdempotencyKey
from app.api.common import COMMON_ERRORS, Record, RequestBody, Usd, WorkspaceDep
from app.api.comparisons import SideLaunch
from app.api.errors import documented
from app.api.templates import TemplateText
from core.db.workspace import Workspace
from core.generation.batches import MAX_PREVIEW, LaunchRequest
from core.insight.comparing.plan_report import plan_report
from core.insight.comparing.preview_report import full_batch, load_preview
from core.jobs.comparing import launch_preview
from core.templates.definition import TemplateDefinition
from core.templates.planning.focus import EVERYTHING, Focus
from core.templates.versions import find_version, load_definition, save_draft

router = APIRouter(tags=["templates"], responses=COMMON_ERRORS)


class PlanRequest(TemplateText):
    """A plan of a stored template, or of one that is sent along."""

    template: str | None = Field(None, description="Name or id of a stored template.")
    version: str = Field(
        "", max_length=200, description="Number, label or id; the newest when left out."
    )
    n: int = Field(ge=1, le=1_000_000, description="Samples to plan.")
    seed: int = Field(0, ge=0, lt=2**63)
    source_ids: list[str] = Field(default_factory=list, description="Chunks come from these.")
    inputs: dict[str, Any] = Field(
        default_factory=dict, description="What variables draw from, by variable."
    )
    samples: int = Field(3, ge=0, le=100, description="Samples to draw, from the plan's start.")
    focus: Focus = Field(EVERYTHING, description="Some cells alone, or values replaced.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        given = [self.yaml, self.definition, self.template]
        if sum(value is not None for value in given) != 1:
            raise ValueError("give one of template, yaml and definition")
        return self

    def found(self, workspace: Workspace) -> TemplateDefinition:
        """The definition that is meant. Raises NotFound, TemplateError, SchemaError."""
        if self.template is not None:
            return load_definition(find_version(workspace, self.template, self.version))
        return self.parse()


class CellRecord(Record):
    """One combination of the categories."""

    values: dict[str, Any]
    planned: int


class PlannedRecord(Record):
    """One planned sample: its variables and its prompt, nothing asked."""

    plan_index: int
    variables: dict[str, Any]


class PlanRecord(Record):
    """What a batch would be made of."""

    n: int
    seed: int
    cells: list[CellRecord]
    samples: list[PlannedRecord]


class PreviewSide(SideLaunch):
    """One side: a version or an unsaved text, with a model."""

    yaml: str | None = Field(
        None, description="An unsaved definition, instead of a version.", max_length=2**20
    )


class PreviewLaunch(RequestBody):
    """One or two sides over the same plan."""

    sides: list[PreviewSide] = Field(min_length=1, max_length=2)
    n: int = Field(3, ge=1, le=MAX_PREVIEW, description="Samples a side.")
    seed: int | None = Field(None, ge=0, lt=2**63, description="Of both; drawn when left out.")
    source_ids: list[str] = Field(default_factory=list, description="Chunks come from these.")
    inputs: dict[str, Any] = Field(
        default_factory=dict, description="What variables draw from, by variable."
    )


class MessageRecord(Record):
    """One message of a prompt."""

    role: str
    content: str


class StepPromptRecord(Record):
    """What one call said."""

    title: str
    messages: list[MessageRecord]


class FieldVerdictRecord(Record):
    """One field of the schema, and what the answer makes of it."""

    path: str
    kind: str
    is_required: bool
    state: Literal["fits", "absent", "wrong", "unknown"]
    problems: list[str]


class PreviewSampleRecord(Record):
    """One sample of a preview."""

    sample_id: str
    plan_index: int
    variables: dict[str, Any]
    verdict: str
    quality_score: float | None
    prompts: list[StepPromptRecord]
    answer: Any
    fields: list[FieldVerdictRecord]
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Usd | None
    latency_ms: int
    is_reused: bool


class SumsRecord(Record):
    """A preview in figures."""

    finished: int
    compliant: int
    accepted: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Usd | None
    mean_latency_ms: float | None
    mean_score: float | None


class RangeRecord(Record):
    """A total with its 95 % prediction interval; without one from a single sample."""

    value: float
    low: float | None
    high: float | None


class FullBatchRecord(Record):
    """What n samples would take by the preview's figures."""

    n: int
    measured: int
    cost: RangeRecord | None = Field(validation_alias="cost_usd", description="US dollars.")
    seconds: RangeRecord | None
    input_tokens: RangeRecord | None
    output_tokens: RangeRecord | None
    basis: str


class PreviewRecord(Record):
    """One side of a preview as far as it has come."""

    batch: BatchRecord
    sums: SumsRecord
    full_batch: FullBatchRecord
    samples: list[PreviewSampleRecord]


@router.post(
    "/templates/plan",
    summary="Show what a batch would be made of, free",
    description="Cells and the first samples' variables. Nothing is stored and no model is asked.",
    responses=documented(404, 413, 415),
)
def plan(workspace: WorkspaceDep, body: PlanRequest) -> PlanRecord:
    definition = body.found(workspace)
    found = plan_report(
        workspace, definition, n=body.n, seed=body.seed, source_ids=tuple(body.source_ids),
        inputs=body.inputs, samples=body.samples, focus=body.focus,
    )  # fmt: skip
    return PlanRecord.of(found)


@router.post(
    "/templates/preview",
    summary="Preview one or two sides over the same plan",
    description=f"Real batches of at most {MAX_PREVIEW} samples, in the ledger and the budgets.",
    status_code=201,
    responses=documented(404, 409, 413, 415),
)
def preview(
    workspace: WorkspaceDep, body: PreviewLaunch, idempotency_key: IdempotencyKey = None
) -> list[BatchRecord]:
    requests = [
        LaunchRequest(
            template_version_id=_version_id(workspace, side),
            n=body.n,
            seed=body.seed,
            connection=side.connection,
            model=side.model,
            parameters=side.parameters,
            source_ids=tuple(body.source_ids),
            inputs=body.inputs,
            idempotency_key=None
            if idempotency_key is None
            else f"{idempotency_key}.{place}"[-100:],
        )
        for place, side in enumerate(body.sides)
    ]
    return [BatchRecord.of(batch) for batch in launch_preview(workspace, requests)]


def _version_id(workspace: Workspace, side: PreviewSide) -> str:
    if side.yaml is not None:
        definition = TemplateText(yaml=side.yaml).parse()
        return save_draft(workspace, definition).template_version_id
    return find_version(workspace, side.template or "", side.version).template_version_id


@router.get(
    "/previews/{batch_id}",
    summary="Read a preview",
    description="Each sample with its prompts, the verdict on every field, tokens and cost.",
    responses=documented(404),
)
def get_preview(
    workspace: WorkspaceDep,
    batch_id: str,
    n: Annotated[
        int, Query(ge=1, le=1_000_000, description="Samples of the full batch to reckon.")
    ] = 1_000,
) -> PreviewRecord:
    found = load_preview(workspace, batch_id)
    samples = [
        PreviewSampleRecord.model_validate(
            {
                **{name: getattr(one, name) for name in PREVIEW_FIELDS},
                **{name: getattr(one.sample, name) for name in SAMPLE_FIELDS},
            }
        )
        for one in found.samples
    ]
    return PreviewRecord(
        batch=BatchRecord.of(found.batch),
        sums=SumsRecord.of(found.sums),
        full_batch=FullBatchRecord.of(full_batch(workspace, found, n)),
        samples=samples,
    )


SAMPLE_FIELDS = ("sample_id", "plan_index", "variables", "verdict", "quality_score")
PREVIEW_FIELDS = (
    "prompts", "answer", "fields", "calls", "input_tokens", "output_tokens", "cost_usd",
    "latency_ms", "is_reused",
)  # fmt: skip
