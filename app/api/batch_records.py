"""The JSON of batches, their progress, estimate, log and attempts."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, field_validator

from app.api.common import Record, RequestBody, Usd, UsdInput
from core.templates.planning.focus import EVERYTHING, Focus

BatchState = Literal["queued", "running", "paused", "completed", "failed", "cancelled"]
AttemptState = Literal["open", "succeeded", "failed", "unknown"]


class BatchRecord(Record):
    """One background generation. `n` is the number of planned samples."""

    batch_id: str
    template_version_id: str
    name: str
    kind: str
    state: BatchState
    pause_reason: str | None
    message: str
    n: int
    seed: int
    source_ids: list[str]
    focus: dict[str, Any] = Field(description="What the batch is aimed at; empty: its whole plan.")
    origin: dict[str, Any] = Field(description="Why the program launched it; empty: a person did.")
    connection: str
    model: str
    parameters: dict[str, Any]
    mode: str
    failover_connection: str | None
    failover_model: str
    concurrency: int | None
    priority: int
    fingerprint: str
    generated: int
    failed: int
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None


class MachineRecord(Record):
    """What a worker and its machine use, as of its last heartbeat."""

    worker_id: str
    host: str
    heartbeat_at: datetime
    cpu_percent: float = Field(description="Of one core, by the worker.")
    rss_bytes: int
    host_cpu_percent: float = Field(description="Of all cores.")
    host_memory_percent: float
    disk_free_bytes: int


class PieceRecord(Record):
    """A part of a batch that a provider's batch API works on."""

    provider_batch_id: str
    state: str
    requests: int
    succeeded: int
    failed: int
    message: str
    submitted_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None


class ProgressRecord(Record):
    """Where a batch stands and what it has cost so far."""

    batch_id: str
    state: BatchState
    pause_reason: str | None
    message: str
    wake_after_s: float | None = Field(
        description="A worker looks again by itself so often; null: a person resumes."
    )
    mode: str
    planned: int
    generated: int
    failed: int
    accepted: int
    needs_review: int
    rejected: int
    rate_per_s: float = Field(description="Samples finished per second, last 10 s.")
    rate_low_per_s: float = Field(description="95 % interval of the rate.")
    rate_high_per_s: float
    is_estimating: bool = Field(description="The run is too young for an ETA.")
    eta_s: float | None
    eta_low_s: float | None
    eta_high_s: float | None = Field(description="Null beside an ETA: no bound.")
    in_flight: int
    concurrency_limit: int = Field(description="Calls admitted at once, now.")
    concurrency_reason: str = Field(description="What holds the limit there.")
    cost_usd: Usd
    estimated_usd: Usd = Field(description="The part of the cost that no bill confirms.")
    reserved_usd: Usd
    forecast_usd: Usd | None = Field(description="The bill at completion.")
    forecast_low_usd: Usd | None = Field(description="95 % interval of the forecast.")
    forecast_high_usd: Usd | None
    stops_at: int | None = Field(
        description="About how many samples a budget reaches for; null: for all."
    )
    stopping_budget: str | None = Field(description="The scope of that budget.")
    input_tokens: int
    output_tokens: int
    attempts: int
    retries: int
    errors: dict[str, int] = Field(description="Attempts of no use, by kind.")
    retry_causes: dict[str, int] = Field(description="Retries by what went wrong before.")
    targets: dict[str, int] = Field(
        description="Attempts by model, where the failover took some over."
    )
    budget_usd: Usd | None
    budget_left_usd: Usd | None
    schema_compliance: float | None = Field(
        description="Share of finished samples that satisfy the schema."
    )
    elapsed_s: float
    machine: MachineRecord | None = Field(description="Of the worker that runs the batch now.")
    pieces: list[PieceRecord] = Field(description="At the provider's batch API, newest first.")


class BatchView(Record):
    """A batch and its progress."""

    batch: BatchRecord
    progress: ProgressRecord


class Launch(RequestBody):
    """What to generate. Give `template_id` for a template's newest version."""

    template_id: str | None = Field(None, description="Id or name of a template.")
    template_version_id: str | None = Field(None, description="A version, instead of the newest.")
    n: int = Field(ge=1, le=1_000_000, description="Samples to plan.")
    seed: int | None = Field(None, ge=0, lt=2**63, description="Drawn when left out.")
    connection: str = Field(
        "", max_length=100, description="Name of a connection; the template's, else offline."
    )
    model: str | None = Field(
        None, max_length=200, description="The template's, else the connection's default model."
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Sampling settings, such as temperature."
    )
    mode: Literal["live", "batch_api"] = Field(
        "live", description="`batch_api` uses the provider's batch API: half price, hours."
    )
    failover_connection: str = Field(
        "", max_length=100, description="Asked where the first model keeps failing."
    )
    failover_model: str = Field(
        "", max_length=200, description="That connection's default model when left out."
    )
    concurrency: int | None = Field(None, ge=1, le=1024, description="Adapts when left out.")
    budget_usd: UsdInput | None = None
    priority: int = Field(10, ge=1, le=100, description="1 runs first.")
    source_ids: list[str] = Field(default_factory=list, description="Chunks come from these.")
    inputs: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        max_length=50,
        description='By variable: {"value": …}, {"sample_ids": […]}, or, where not the template '
        'shall choose, {"source_id": …} or {"entry_ids": […]}.',
    )
    focus: Focus = Field(
        EVERYTHING, description="Some cells of the grid alone, or values replaced after the draw."
    )
    name: str = Field("", max_length=200, description="Made from the template when left out.")


class CheaperModel(Record):
    """A model that would cost less."""

    model: str
    cost_usd: Usd


class ReuseRecord(Record):
    """How much of a launch was asked and paid for before; nothing without a seed."""

    planned: int = Field(description="Answers needed: one for each step of each sample.")
    looked_at: int = Field(description="Answers compared; below planned: extrapolated.")
    reusable: int = Field(description="Answers that are known.")
    saves_usd: Usd = Field(description="What those answers cost when they were asked for.")


class EstimateRecord(Record):
    """What a launch would cost and how long it would take. Money is null without a price.

    Answers that can be reused are left out of cost, time and tokens.
    """

    n: int
    cost_usd: Usd | None
    low_usd: Usd | None
    high_usd: Usd | None
    worst_case_usd: Usd | None = Field(
        description="Every step's one call at its bound; repairs and retries come on top."
    )
    seconds: float
    input_tokens: int
    output_tokens: int
    basis: str = Field(description="What the figures rest on.")
    price_source: str
    cheaper: list[CheaperModel] = Field(description="Other models of the provider.")
    reuse: ReuseRecord

    @field_validator("cheaper", mode="before")
    @classmethod
    def _named(cls, pairs: object) -> object:
        """The core gives pairs of model and cost."""
        if not isinstance(pairs, tuple):
            return pairs
        return [{"model": model, "cost_usd": cost_usd} for model, cost_usd in pairs]


class LogEntryRecord(Record):
    """One line of a batch's log."""

    entry_id: str
    level: str
    message: str
    created_at: datetime


class AttemptRecord(Record):
    """One HTTP request to a provider: the ledger's entry."""

    attempt_id: str
    batch_id: str
    plan_index: int
    purpose: str
    step: int = Field(description="Place of the template's step, from 0.")
    number: int
    state: AttemptState
    connection: str
    model: str
    created_at: datetime
    finished_at: datetime | None
    latency_ms: int | None
    http_status: int | None
    failure_kind: str | None
    failure_message: str
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    reserved_usd: Usd
    cost_usd: Usd | None
    is_estimated: bool
    price_source: str


class BudgetChange(RequestBody):
    """A new cap; null keeps the one there is."""

    budget_usd: UsdInput | None = None
