"""Counterfactual twins of a batch: launching them, and what is known of them.

The twins are a batch of kind `twins` over the same plan with one value replaced. Samples that the
change does not touch are the same requests, so their answers are known and cost nothing. They are
looked at only: no dataset takes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import or_, select

from core.db.tables import LOCAL_ADMIN_ID, Batch, PairReport, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.batches import ENDED, LaunchRequest, get_batch
from core.generation.estimate import Estimate, estimate
from core.insight.bias.group_values import group_of
from core.insight.bias.twins import TWINS_REPORT, TwinsReport
from core.jobs.launching import add_batch, check_launch
from core.jobs.pairs.pair_rows import pair_row
from core.jobs.running.queue import COMPUTE, enqueue, live_jobs
from core.templates.editing.jinja_names import reads_name
from core.templates.planning.focus import read_focus
from core.templates.versions import get_version, load_definition

KIND: Final = "twins"  # of the batch and of the report
MEASURE: Final = "measure_twins"
MAX_LISTED: Final = 100
SOON: Final = 5  # priority: seconds of work, and somebody looks on
READ_ROWS: Final = 10_000


@dataclass(frozen=True)
class TwinRequest:
    """Which batch to make again, with which value of a variable instead of which."""

    batch_id: str
    variable: str  # or `variable.field`
    value_from: str
    value_to: str
    pairs: int | None = None  # at most so many; None takes every sample with the first value
    budget_usd: Decimal | None = None
    idempotency_key: str | None = None
    created_by: str = LOCAL_ADMIN_ID


@dataclass(frozen=True)
class Twins:
    """Twins with what is known of them."""

    pair_report_id: str
    batch_id: str
    twins_batch_id: str
    state: str  # queued (until the twins are made), running, ready, failed
    message: str
    planned: int  # samples of the twins' batch; unchanged ones included
    made: int  # of these, generated or failed
    batch_state: str
    report: TwinsReport
    created_at: datetime
    computed_at: datetime | None


def twin_launch(workspace: Workspace, request: TwinRequest) -> LaunchRequest:
    """The launch that makes the twins.

    Raises NotFound, InvalidInput where no sample has the first value or no model made the batch,
    TemplateError where the variable cannot take the second.
    """
    batch = get_batch(workspace, request.batch_id)
    if request.value_from == request.value_to:
        raise InvalidInput("Both values are the same.", remedy="Choose two values to compare.")
    if batch.origin.get("operation") in ("import", "noise", "swap"):
        raise InvalidInput("No model made this batch.", remedy="Choose a batch that was generated.")
    n = _samples_for(workspace, batch, request)
    focus = read_focus(batch.focus)
    focus = focus.model_copy(
        update={
            "replaced": {**focus.replaced, request.variable: request.value_to},
            "where": {request.variable: request.value_from},
            "of": focus.of or batch.n,
        }
    )
    return LaunchRequest(
        template_version_id=batch.template_version_id,
        n=n,
        connection=batch.connection,
        model=batch.model,
        seed=batch.seed,
        parameters=batch.parameters,
        budget_usd=request.budget_usd,
        source_ids=tuple(batch.source_ids),
        plan_offset=batch.plan_offset,
        inputs=batch.inputs,
        focus=focus,
        origin={
            "operation": KIND, "batch_id": batch.batch_id, "variable": request.variable,
            "from": request.value_from, "to": request.value_to,
        },
        name=f"{batch.name}: {request.value_to} for {request.value_from}"[:200],
        kind=KIND,
        idempotency_key=request.idempotency_key,
        project_id=batch.project_id,
        created_by=request.created_by,
    )  # fmt: skip


def _samples_for(workspace: Workspace, batch: Batch, request: TwinRequest) -> int:
    """How many samples from the plan's beginning hold the wanted number of pairs."""
    last, found = None, 0
    for plan_index, variables in _generated(workspace, batch):
        if group_of(variables, request.variable) == request.value_from:
            last, found = plan_index, found + 1
            if found == request.pairs:
                break
    if last is None:
        raise InvalidInput(
            f"No sample of the batch has {request.value_from!r} as {request.variable!r}.",
            remedy="Choose a value that occurs in the batch.",
        )
    return last - batch.plan_offset + 1


def _generated(workspace: Workspace, batch: Batch) -> Iterator[tuple[int, dict[str, Any]]]:
    """Plan index and variables of the batch's samples, in the plan's order."""
    after = batch.plan_offset - 1
    while True:
        query = (
            select(Sample.plan_index, Sample.variables)
            .where(
                Sample.batch_id == batch.batch_id,
                Sample.state == "generated",
                Sample.plan_index > after,
            )
            .order_by(Sample.plan_index)
            .limit(READ_ROWS)
        )
        with workspace.read() as session:
            rows = [(row.plan_index, row.variables) for row in session.execute(query)]
        yield from rows
        if len(rows) < READ_ROWS:
            return
        after = rows[-1][0]


def estimate_twins(workspace: Workspace, request: TwinRequest) -> Estimate:
    """What the twins would cost and take. Raises what `twin_launch` and `estimate` raise."""
    return estimate(workspace, twin_launch(workspace, request))


def launch_twins(workspace: Workspace, request: TwinRequest) -> Twins:
    """Queued twins and their report, in one transaction; it is computed when they are made.

    The same idempotency key always gives the same twins. Raises what `twin_launch` and
    `launch_batch` raise.
    """
    launch = twin_launch(workspace, request)
    connection = check_launch(workspace, launch)
    with workspace.write() as session:
        batch = add_batch(workspace, session, launch, connection)
        row = pair_row(session, KIND, request.batch_id, batch.batch_id)
        pair_report_id = row.pair_report_id
    return get_twins(workspace, pair_report_id)


def dependents(workspace: Workspace, batch_id: str, variable: str) -> list[str]:
    """Variables that are drawn with a look at this one: a twin keeps them as they were drawn.

    Raises NotFound.
    """
    version = get_version(workspace, get_batch(workspace, batch_id).template_version_id)
    name = variable.partition(".")[0]
    return [
        other.name
        for other in load_definition(version).variables
        if name in other.sampler.reads()
        or (other.when is not None and reads_name(other.when, name, is_condition=True))
    ]


def request_twins(workspace: Workspace, twins_batch_id: str) -> None:
    """Have a compute worker compare twins that have ended; once, and not while it does."""
    with workspace.read() as session:
        row = session.scalar(
            select(PairReport).where(PairReport.kind == KIND, PairReport.right_id == twins_batch_id)
        )
    if row is None or row.state != "queued" or live_jobs(workspace, MEASURE, row.pair_report_id):
        return
    with workspace.write() as session:
        enqueue(workspace, session, COMPUTE, MEASURE, row.pair_report_id, SOON)


def get_twins(workspace: Workspace, pair_report_id: str) -> Twins:
    """The twins of that report. Raises NotFound."""
    with workspace.read() as session:
        row = session.get(PairReport, pair_report_id)
        if row is None or row.kind != KIND:
            raise NotFound("twins report", pair_report_id)
        return _twins(row, session.get_one(Batch, row.right_id))


def list_twins(workspace: Workspace, batch_id: str) -> list[Twins]:
    """The twins of a batch, newest first; those that the batch itself is, too."""
    query = (
        select(PairReport, Batch)
        .join(Batch, Batch.batch_id == PairReport.right_id)
        .where(
            PairReport.kind == KIND,
            or_(PairReport.left_id == batch_id, PairReport.right_id == batch_id),
        )
        .order_by(PairReport.created_at.desc())
        .limit(MAX_LISTED)
    )
    with workspace.read() as session:
        return [_twins(row, batch) for row, batch in session.execute(query)]


def _twins(row: PairReport, batch: Batch) -> Twins:
    report = TWINS_REPORT.validate_python(row.report or {})
    if not report.variable:
        origin = batch.origin
        report = replace(
            report, variable=origin["variable"], value_from=origin["from"], value_to=origin["to"]
        )
    is_over = batch.state in ENDED and batch.state != "completed" and row.state == "queued"
    return Twins(
        row.pair_report_id, row.left_id, row.right_id, row.state,
        row.message or (batch.message if is_over else ""), batch.n, batch.generated + batch.failed,
        batch.state, report, row.created_at, row.computed_at,
    )  # fmt: skip
