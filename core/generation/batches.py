"""A batch as a record: launching it, taking it over, ending it, reading its log.

The states are those of CONTRIBUTING's glossary. A change of state and its log line are one commit.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.ids import new_id, utc_now
from core.db.tables import (
    DEFAULT_PROJECT_ID,
    LOCAL_ADMIN_ID,
    Attempt,
    Batch,
    BatchLogEntry,
    Connection,
    Sample,
    Source,
    Template,
    TemplateVersion,
)
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound, UnknownPrice
from core.generation.inputs import freeze_inputs
from core.providers.prices import find_price
from core.spend.budgets import SpendScope, month_of, put_budget
from core.spend.reservations import settle
from core.templates.planning.focus import EVERYTHING, Focus
from core.templates.versions import load_definition
from core.text.hashing import canonical_hash

MAX_SAMPLES = 1_000_000
MAX_PREVIEW = 10
MAX_CONCURRENCY = 1024
PREVIEW_PRIORITY = 1
FINGERPRINT_VERSION = 1
ENDED = ("completed", "failed", "cancelled")
# Whose samples are training data; a preview's and an expansion's are only looked at.
KEPT_KINDS = ("batch", "augmentation", "import")
KINDS = (*KEPT_KINDS, "preview", "expansion", "judgement", "twins")
MODES = ("live", "batch_api")  # one call a sample, or the provider's batch API at half price
KNOWN_PARAMETERS = ("temperature", "top_p", "max_output_tokens", "defect_rate")


@dataclass(frozen=True)
class LaunchRequest:
    """What to generate, with what, and for how much at most."""

    template_version_id: str
    n: int  # planned samples
    connection: str = ""  # "" takes the template's, else offline; see `choosing`
    model: str = ""  # "" takes the template's for that connection, else the connection's default
    seed: int | None = None  # None draws one
    parameters: Mapping[str, Any] = field(default_factory=dict)  # see KNOWN_PARAMETERS
    mode: str = "live"  # see MODES
    failover_connection: str = ""  # asked where the first model keeps failing; "" is none
    failover_model: str = ""  # "" takes that connection's default model
    concurrency: int | None = None  # calls in flight; None adapts by itself
    budget_usd: Decimal | None = None  # cap of this batch
    priority: int = 10  # 1 runs first
    source_ids: tuple[str, ...] = ()
    plan_offset: int = 0
    # What variables draw from outside: {"value": …} or {"sample_ids": […]} by variable, and where
    # not the template shall choose {"source_id": …} or {"entry_ids": […]}.
    inputs: Mapping[str, Any] = field(default_factory=dict)
    focus: Focus = EVERYTHING  # some cells of the grid alone, or values replaced after the draw
    origin: Mapping[str, Any] = field(default_factory=dict)  # why the program launches it
    name: str = ""  # "" takes the template's title
    kind: str = "batch"  # see KINDS
    idempotency_key: str | None = None  # the same key launches once
    project_id: str = DEFAULT_PROJECT_ID
    created_by: str = LOCAL_ADMIN_ID


def check_request(workspace: Workspace, request: LaunchRequest) -> Connection:
    """The connection of a request that can be launched.

    Raises InvalidInput naming the field, NotFound, or UnknownPrice for a budget without a price.
    """
    most = MAX_PREVIEW if request.kind == "preview" else MAX_SAMPLES
    if not 1 <= request.n <= most:
        raise InvalidInput(f"n is {request.n}.", remedy=f"Plan 1 to {most:,} samples.")
    if request.concurrency is not None and not 1 <= request.concurrency <= MAX_CONCURRENCY:
        raise InvalidInput(
            f"The concurrency is {request.concurrency}.",
            remedy=f"Use 1 to {MAX_CONCURRENCY}, or leave it empty to let it adapt.",
        )
    if request.mode not in MODES:
        raise InvalidInput(
            f"{request.mode!r} is not a mode.", remedy=f"Use one of {', '.join(MODES)}."
        )
    if unknown := set(request.parameters) - set(KNOWN_PARAMETERS):
        raise InvalidInput(
            f"Unknown parameters: {', '.join(sorted(unknown))}.",
            remedy=f"Use {', '.join(KNOWN_PARAMETERS)}.",
        )
    with workspace.read() as session:
        connection = session.get(Connection, request.connection)
        if connection is None:
            raise NotFound("connection", request.connection)
        if request.mode == "batch_api" and connection.protocol == "offline":
            raise InvalidInput(
                "The offline provider has no batch API.", remedy="Launch it in the mode live."
            )
        for source_id in request.source_ids:
            if session.get(Source, source_id) is None:
                raise NotFound("source", source_id)
    model = request.model or connection.default_model
    if request.budget_usd is not None and find_price(workspace, connection, model) is None:
        raise UnknownPrice(connection.name, model)
    if request.failover_connection:
        _check_failover(workspace, request)
    return connection


def _check_failover(workspace: Workspace, request: LaunchRequest) -> None:
    with workspace.read() as session:
        connection = session.get(Connection, request.failover_connection)
    if connection is None:
        raise NotFound("connection", request.failover_connection)
    if request.mode == "batch_api":
        raise InvalidInput(
            "A provider's batch API has no failover.", remedy="Launch without, or in mode live."
        )
    model = request.failover_model or connection.default_model
    if request.budget_usd is not None and find_price(workspace, connection, model) is None:
        raise UnknownPrice(connection.name, model)


def create_batch(session: Session, request: LaunchRequest, connection: Connection) -> Batch:
    """A queued batch and its budget, in the caller's transaction.

    Raises NotFound, or InvalidInput for inputs that do not fit the template.
    """
    version = session.get(TemplateVersion, request.template_version_id)
    if version is None:
        raise NotFound("template version", request.template_version_id)
    template = session.get_one(Template, version.template_id)
    seed = secrets.randbelow(2**31) if request.seed is None else request.seed
    model = request.model or connection.default_model
    inputs = freeze_inputs(session, load_definition(version), request)
    batch = Batch(
        batch_id=new_id("bat"),
        template_version_id=version.template_version_id,
        name=request.name or template.title,
        kind=request.kind,
        state="queued",
        n=request.n,
        seed=seed,
        plan_offset=request.plan_offset,
        source_ids=list(request.source_ids),
        inputs=inputs,
        focus=request.focus.stored(),
        origin=dict(request.origin),
        connection=connection.name,
        model=model,
        parameters=dict(request.parameters),
        mode=request.mode,
        failover_connection=request.failover_connection or None,
        failover_model=request.failover_model,
        concurrency=request.concurrency,
        priority=PREVIEW_PRIORITY if request.kind == "preview" else request.priority,
        fingerprint=_fingerprint(request, seed, model, version.content_hash, inputs),
        idempotency_key=request.idempotency_key,
        project_id=request.project_id,
        created_by=request.created_by,
    )
    session.add(batch)
    session.flush()
    if request.budget_usd is not None:
        put_budget(
            session, "batch", batch.batch_id, request.budget_usd, created_by=request.created_by
        )
    log(session, batch.batch_id, f"Launched: {request.n} samples with {model}, seed {seed}.")
    return batch


# Left out because they decide when and by whom a batch runs, not what comes of it.
NOT_IN_FINGERPRINT = (
    "budget_usd", "concurrency", "created_by", "idempotency_key", "kind", "mode", "name", "origin",
    "priority", "project_id", "template_version_id",
)  # fmt: skip


def _fingerprint(
    request: LaunchRequest, seed: int, model: str, content_hash: str, inputs: Mapping[str, Any]
) -> str:
    facts = {k: v for k, v in asdict(request).items() if k not in (*NOT_IN_FINGERPRINT, "focus")}
    if request.focus:  # the whole plan keeps the fingerprint that it has had without
        facts["focus"] = request.focus.stored()
    facts |= {
        "seed": seed, "model": model, "template": content_hash, "version": FINGERPRINT_VERSION,
        "source_ids": list(request.source_ids), "parameters": dict(request.parameters),
        "inputs": dict(inputs),
    }  # fmt: skip
    return canonical_hash(facts)


def log(session: Session, batch_id: str, message: str, level: str = "info") -> None:
    """One line of the batch's log."""
    session.add(
        BatchLogEntry(entry_id=new_id("log"), batch_id=batch_id, level=level, message=message)
    )


@dataclass(frozen=True)
class Claim:
    """A batch that this worker now runs; `fence` proves it in every later write."""

    batch: Batch
    version: TemplateVersion
    template: Template
    scope: SpendScope
    last_outage_s: float | None = None  # how long it was left alone before, where it woke by itself


def claim_batch(workspace: Workspace, batch_id: str, worker_id: str) -> Claim | None:
    """Take the batch over, or None when there is nothing to run.

    Attempts that a former worker left open may have been paid: they settle at their reservation,
    flagged as estimated.
    """
    with workspace.write() as session:
        before = session.execute(
            select(Batch.wake_after_s, Batch.state)
            .where(Batch.batch_id == batch_id)
            .with_for_update()
        ).one_or_none()
        claimed = session.execute(
            update(Batch)
            .where(Batch.batch_id == batch_id, Batch.state.in_(("queued", "running")))
            .values(
                fence=Batch.fence + 1, state="running", worker_id=worker_id, pause_reason=None,
                message="", in_flight=0, wake_after_s=None,
                started_at=func.coalesce(Batch.started_at, utc_now()),
            )
            .returning(Batch.batch_id)
        ).one_or_none()  # fmt: skip
        if claimed is None or before is None:
            return None
        batch = session.get_one(Batch, batch_id, populate_existing=True)
        version = session.get_one(TemplateVersion, batch.template_version_id)
        template = session.get_one(Template, version.template_id)
        scope = SpendScope(batch.project_id, template.template_id, batch_id, batch.created_by)
        left_open = _settle_left_open(session, batch_id, scope)
        counts = dict(
            session.execute(
                select(Sample.state, func.count())
                .where(Sample.batch_id == batch_id)
                .group_by(Sample.state)
            ).all()
        )
        batch.generated, batch.failed = counts.get("generated", 0), counts.get("failed", 0)
        note = f"; {left_open} calls were in flight when it stopped before" if left_open else ""
        # A provider's batch is looked at every few seconds for hours: that is no news.
        is_another_look = batch.mode == "batch_api" and before.state == "running"
        if left_open or not is_another_look:
            level = "warning" if left_open else "info"
            log(session, batch_id, f"Running on {worker_id}{note}.", level)
    return Claim(batch, version, template, scope, before.wake_after_s)


def _settle_left_open(session: Session, batch_id: str, scope: SpendScope) -> int:
    open_rows = session.execute(
        select(Attempt.created_at, Attempt.reserved_usd).where(
            Attempt.batch_id == batch_id,
            Attempt.state == "open",
            Attempt.provider_batch_id.is_(None),  # those wait at the provider, whoever runs here
        )
    ).all()
    if not open_rows:
        return 0
    session.execute(
        update(Attempt)
        .where(
            Attempt.batch_id == batch_id,
            Attempt.state == "open",
            Attempt.provider_batch_id.is_(None),
        )
        .values(
            state="unknown", cost_usd=Attempt.reserved_usd, is_estimated=True,
            failure_kind="crash", finished_at=utc_now(),
            failure_message="The worker stopped while this call was in flight.",
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    by_month: dict[str, Decimal] = {}
    for created_at, reserved in open_rows:
        month = month_of(created_at)
        by_month[month] = by_month.get(month, Decimal(0)) + reserved
    for month, reserved in by_month.items():
        settle(session, scope, month, reserved=reserved, cost=reserved)
    return len(open_rows)


@dataclass(frozen=True)
class Ending:
    """How a run of a batch ended."""

    state: str  # completed, failed, paused, cancelled; running where a later run goes on
    message: str = ""
    pause_reason: str | None = None
    # After so many seconds a worker takes the batch up again by itself. None: a person does.
    # In the state running it means "look again": a provider's batch API takes its time.
    wake_after_s: float | None = None


def end_batch(workspace: Workspace, claim: Claim, ending: Ending) -> bool:
    """Store the ending, unless another worker has taken over. True when it was stored.

    A run that broke off may leave attempts open: they settle as in `claim_batch`.
    """
    batch_id, fence = claim.batch.batch_id, claim.batch.fence
    finished: datetime | None = utc_now() if ending.state in ENDED else None
    with workspace.write() as session:
        stored = session.execute(
            update(Batch)
            .where(Batch.batch_id == batch_id, Batch.fence == fence, Batch.state == "running")
            .values(
                state=ending.state, pause_reason=ending.pause_reason, message=ending.message,
                wake_after_s=ending.wake_after_s, in_flight=0, rate_per_s=0.0,
                finished_at=finished,
                # A wish that came during a pass is for the next one.
                wanted=Batch.wanted if ending.state == "running" else "run",
            )
            .returning(Batch.generated, Batch.failed)
        ).one_or_none()  # fmt: skip
        if stored is None:
            return False
        _settle_left_open(session, batch_id, claim.scope)
        if ending.state == "running":
            return True
        reason = f" ({ending.pause_reason})" if ending.pause_reason else ""
        level = "info" if ending.state in ("completed", "cancelled") else "warning"
        tail = f" {ending.message}" if ending.message else ""
        counts = f"{stored.generated} generated, {stored.failed} failed."
        log(session, batch_id, f"{ending.state.capitalize()}{reason}: {counts}{tail}", level)
    return True


def get_batch(workspace: Workspace, batch_id: str) -> Batch:
    """The batch of that id. Raises NotFound."""
    with workspace.read() as session:
        batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound("batch", batch_id)
    return batch


def batch_log(workspace: Workspace, batch_id: str, limit: int = 200) -> list[BatchLogEntry]:
    """The newest lines of the batch's log, newest first."""
    with workspace.read() as session:
        return list(
            session.scalars(
                select(BatchLogEntry)
                .where(BatchLogEntry.batch_id == batch_id)
                .order_by(BatchLogEntry.created_at.desc(), BatchLogEntry.entry_id.desc())
                .limit(limit)
            )
        )
