"""How a batch is doing, read from its rows alone. A page polls this every second."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.ids import utc_now
from core.db.tables import (
    Batch,
    BatchLogEntry,
    Budget,
    Connection,
    ProviderBatch,
    TemplateVersion,
    Worker,
)
from core.db.workspace import Workspace
from core.errors import NotFound
from core.generation.forecast import Eta, Forecast, Room, Spending, eta, forecast, forecast_steps
from core.generation.tally import (
    NOTHING,
    Tally,
    count_verdicts,
    tally_attempts,
    tally_steps,
)
from core.spend.budgets import APPLIES, SpendScope, budget_of_batch, month_of

YOUNG_S = 10.0  # a run younger than this has no full window of finished samples to go by
MOST_PIECES = 100


@dataclass(frozen=True)
class Machine:
    """What a worker and its machine use, as of its last heartbeat."""

    worker_id: str
    host: str
    heartbeat_at: datetime
    cpu_percent: float  # of one core, by the worker
    rss_bytes: int  # memory of the worker
    host_cpu_percent: float  # of all cores
    host_memory_percent: float
    disk_free_bytes: int  # where the workspace lives


@dataclass(frozen=True)
class Piece:
    """A part of the batch that a provider's batch API works on."""

    provider_batch_id: str
    state: str  # submitting, in_progress, ended (results wait), ingested, cancelled, failed
    requests: int
    succeeded: int
    failed: int
    message: str
    submitted_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Progress:
    """One batch at one moment."""

    batch_id: str
    name: str
    state: str
    pause_reason: str | None
    message: str
    wake_after_s: float | None  # a worker looks again by itself so often; None: a person resumes
    mode: str  # live, batch_api
    planned: int
    generated: int
    failed: int
    accepted: int
    needs_review: int
    rejected: int
    rate_per_s: float  # samples finished per second, last 10 s
    rate_low_per_s: float  # 95 % interval of that rate
    rate_high_per_s: float
    is_estimating: bool  # this run is too young for an ETA
    eta_s: float | None  # None where no rate is known
    eta_low_s: float | None  # at the upper end of the rate's interval
    eta_high_s: float | None  # at its lower end; None where that is no progress at all
    in_flight: int  # calls open now
    concurrency_limit: int  # calls admitted at once, now; 0 where the run has not said
    concurrency_reason: str  # what holds it there, in words
    cost_usd: Decimal
    estimated_usd: Decimal  # the part of the cost that no bill confirms
    reserved_usd: Decimal  # held for calls in flight
    forecast_usd: Decimal | None  # the bill at completion; None where nothing is known
    forecast_low_usd: Decimal | None  # 95 % interval of the forecast
    forecast_high_usd: Decimal | None
    stops_at: int | None  # about how many samples a budget reaches for; None: for all
    stopping_budget: str | None  # the scope of that budget
    input_tokens: int
    output_tokens: int
    attempts: int
    retries: int  # requests beyond the first for a question, repairs not counted
    budget_usd: Decimal | None
    budget_left_usd: Decimal | None
    schema_compliance: float | None  # share of finished samples that satisfy the schema
    elapsed_s: float
    errors: dict[str, int] = field(default_factory=dict)  # attempts of no use, by kind
    retry_causes: dict[str, int] = field(default_factory=dict)  # retries, by what went wrong before
    targets: dict[str, int] = field(default_factory=dict)  # attempts by model; {} without failover
    machine: Machine | None = None  # of the worker that runs it now
    pieces: tuple[Piece, ...] = ()  # at a provider's batch API, newest first


def batch_progress(workspace: Workspace, batch_id: str) -> Progress:
    """The batch's progress. Raises NotFound."""
    with workspace.read() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise NotFound("batch", batch_id)
        tally = tally_attempts(session, batch)
        budget = budget_of_batch(session, batch_id)
        coming = _forecast(session, batch, tally)
        is_young = batch.state == "running" and _is_young(session, batch_id)
        verdicts = count_verdicts(session, batch)
        targets = _targets(session, batch, tally)
        machine, pieces = _machine(session, batch), _pieces(session, batch)
    finished = batch.generated + batch.failed
    left = Eta() if is_young else eta(
        batch.n - finished, batch.rate_per_s, batch.rate_low_per_s, batch.rate_high_per_s
    )  # fmt: skip
    return Progress(
        batch_id=batch_id,
        name=batch.name,
        state=batch.state,
        pause_reason=batch.pause_reason,
        message=batch.message,
        wake_after_s=batch.wake_after_s,
        mode=batch.mode,
        planned=batch.n,
        generated=batch.generated,
        failed=batch.failed,
        rate_per_s=batch.rate_per_s,
        rate_low_per_s=batch.rate_low_per_s,
        rate_high_per_s=batch.rate_high_per_s,
        is_estimating=is_young,
        eta_s=left.seconds,
        eta_low_s=left.low_s,
        eta_high_s=left.high_s,
        in_flight=batch.in_flight,
        concurrency_limit=batch.concurrency_limit,
        concurrency_reason=batch.concurrency_reason,
        cost_usd=tally.cost_usd,
        estimated_usd=tally.estimated_usd,
        reserved_usd=tally.reserved_usd,
        forecast_usd=coming.cost_usd,
        forecast_low_usd=coming.low_usd,
        forecast_high_usd=coming.high_usd,
        stops_at=coming.stops_at,
        stopping_budget=coming.stopping_budget,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        attempts=tally.attempts,
        retries=tally.retries,
        budget_usd=budget.cap_usd if budget else None,
        budget_left_usd=_left(budget) if budget else None,
        schema_compliance=batch.generated / finished if finished else None,
        elapsed_s=_elapsed_s(batch),
        errors=tally.errors,
        retry_causes=tally.retry_causes,
        targets=targets,
        machine=machine,
        pieces=pieces,
        **verdicts,
    )


def _left(budget: Budget) -> Decimal:
    return budget.cap_usd - budget.settled_usd - budget.reserved_usd


def _forecast(session: Session, batch: Batch, tally: Tally) -> Forecast:
    """Nothing where no price is known, and once the batch has ended."""
    if not tally.has_cost or batch.state in ("completed", "cancelled"):
        return Forecast()
    per_call = tally.reserved_usd / tally.open_attempts if tally.open_attempts else NOTHING
    rooms = [
        Room(budget.scope, budget.cap_usd - budget.settled_usd, per_call)
        for budget in _budgets(session, batch)
    ]
    finished = batch.generated + batch.failed
    spending = Spending(
        batch.n, finished, tally.cost_usd, tally.paid, tally.squares, tally.paid_again, rooms
    )
    steps = _step_count(session, batch)
    if steps == 1:
        return forecast(spending)
    return forecast_steps(spending, tally_steps(session, batch, steps))


def _step_count(session: Session, batch: Batch) -> int:
    definition = session.scalar(
        select(TemplateVersion.definition).where(
            TemplateVersion.template_version_id == batch.template_version_id
        )
    )
    return len((definition or {}).get("steps") or ()) or 1


def _budgets(session: Session, batch: Batch) -> list[Budget]:
    template_id = session.scalar(
        select(TemplateVersion.template_id).where(
            TemplateVersion.template_version_id == batch.template_version_id
        )
    )
    scope = SpendScope(batch.project_id, template_id or "", batch.batch_id, batch.created_by)
    return list(
        session.scalars(select(Budget).where(APPLIES), scope.parameters(month_of(utc_now())))
    )


def _is_young(session: Session, batch_id: str) -> bool:
    """Whether a worker took the batch up less than YOUNG_S ago: its log says when."""
    query = select(func.max(BatchLogEntry.created_at)).where(
        BatchLogEntry.batch_id == batch_id, BatchLogEntry.message.startswith("Running on ")
    )
    started_at: datetime | None = session.scalar(query)
    return started_at is not None and abs(utc_now() - started_at) < timedelta(seconds=YOUNG_S)


def _targets(session: Session, batch: Batch, tally: Tally) -> dict[str, int]:
    """Attempts by model where a second model took some over."""
    if batch.failover_connection is None or not tally.elsewhere:
        return {}
    second = session.get(Connection, batch.failover_connection)
    model = batch.failover_model or (second.default_model if second else "")
    return {
        f"{batch.model} on {batch.connection}": tally.attempts - tally.elsewhere,
        f"{model} on {batch.failover_connection}": tally.elsewhere,
    }


def _machine(session: Session, batch: Batch) -> Machine | None:
    worker = session.get(Worker, batch.worker_id or "") if batch.state == "running" else None
    if worker is None:
        return None
    return Machine(
        worker.worker_id,
        worker.host,
        worker.heartbeat_at,
        worker.cpu_percent,
        worker.rss_bytes,
        worker.host_cpu_percent,
        worker.host_memory_percent,
        worker.disk_free_bytes,
    )


def _pieces(session: Session, batch: Batch) -> tuple[Piece, ...]:
    if batch.mode != "batch_api":
        return ()
    rows = session.scalars(
        select(ProviderBatch)
        .where(ProviderBatch.batch_id == batch.batch_id)
        .order_by(ProviderBatch.created_at.desc(), ProviderBatch.provider_batch_id.desc())
        .limit(MOST_PIECES)
    )
    return tuple(
        Piece(
            row.provider_batch_id,
            row.state,
            row.requests,
            row.succeeded,
            row.failed,
            row.message,
            row.submitted_at,
            row.expires_at,
            row.ended_at,
        )
        for row in rows
    )


def _elapsed_s(batch: Batch) -> float:
    if batch.started_at is None:
        return 0.0
    return ((batch.finished_at or utc_now()) - batch.started_at).total_seconds()
