"""The JSON of batches, their progress, estimate, log and attempts."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, field_validator

from app.api.common import Record, RequestBody, Usd, UsdInput

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
    connection: str
    model: str
    parameters: dict[str, Any]
    concurrency: int | None
    priority: int
    fingerprint: str
    generated: int
    failed: int
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None


class ProgressRecord(Record):
    """Where a batch stands and what it has cost so far."""

    batch_id: str
    state: BatchState
    pause_reason: str | None
    message: str
    planned: int
    generated: int
    failed: int
    accepted: int
    needs_review: int
    rejected: int
    rate_per_s: float
    eta_s: float | None
    in_flight: int
    cost_usd: Usd
    estimated_usd: Usd = Field(description="The part of the cost that no bill confirms.")
    reserved_usd: Usd
    input_tokens: int
    output_tokens: int
    attempts: int
    retries: int
    errors: dict[str, int] = Field(description="Failed attempts by kind.")
    budget_usd: Usd | None
    budget_left_usd: Usd | None
    schema_compliance: float | None = Field(
        description="Share of finished samples that satisfy the schema."
    )
    elapsed_s: float


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
    connection: str = Field("offline", description="Name of a connection.")
    model: str | None = Field(None, description="The connection's default model when left out.")
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Sampling settings, such as temperature."
    )
    concurrency: int | None = Field(None, ge=1, le=1024, description="Adapts when left out.")
    budget_usd: UsdInput | None = None
    priority: int = Field(10, ge=1, le=100, description="1 runs first.")
    source_ids: list[str] = Field(default_factory=list, description="Chunks come from these.")
    name: str = Field("", max_length=200, description="Made from the template when left out.")


class CheaperModel(Record):
    """A model that would cost less."""

    model: str
    cost_usd: Usd


class EstimateRecord(Record):
    """What a launch would cost and how long it would take. Money is null without a price."""

    n: int
    cost_usd: Usd | None
    low_usd: Usd | None
    high_usd: Usd | None
    worst_case_usd: Usd | None = Field(description="The most that the batch can cost.")
    seconds: float
    input_tokens: int
    output_tokens: int
    basis: str = Field(description="What the figures rest on.")
    price_source: str
    cheaper: list[CheaperModel] = Field(description="Other models of the provider.")

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
