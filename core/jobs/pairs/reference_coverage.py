"""Coverage of a reference as people ask for it and see it: requested, listed, read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from core.db.tables import Batch, PairReport
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.insight.coverage.reference_report import REPORT, Part, ReferenceReport
from core.insight.records import scope_of
from core.insight.row import owner_of
from core.jobs.pairs.pair_rows import find_pair, pair_row
from core.jobs.running.queue import COMPUTE, enqueue

JOB: Final = "measure_coverage"
PARTS: Final[tuple[Part, ...]] = ("texts", "inputs", "responses")


@dataclass(frozen=True)
class ReferenceView:
    """A pair's report as pages show it. `state` is "none" before the first request."""

    scope_id: str
    reference_id: str
    state: str  # none, queued, running, ready, failed
    message: str
    done: int  # texts of both sides embedded so far
    total: int
    report: ReferenceReport  # what was measured last; empty before
    computed_at: datetime | None

    @property
    def is_waiting(self) -> bool:
        """Whether a worker still has to do something."""
        return self.state in ("queued", "running")


def request_coverage(
    workspace: Workspace, scope_id: str, reference_id: str, part: Part = "texts"
) -> None:
    """Have a compute worker measure what a scope covers of a reference.

    `part` says which texts are compared. Raises NotFound, InvalidInput.
    """
    if scope_id == reference_id:
        raise InvalidInput("A scope covers itself.", remedy="Choose another reference.")
    if part not in PARTS:
        raise InvalidInput(f"{part!r} is no part.", remedy=f"Use {', '.join(PARTS)}.")
    with workspace.write() as session:
        row = pair_row(session, "coverage", scope_id, reference_id)
        row.state, row.message, row.done, row.total = "queued", "", 0, 0
        known = REPORT.validate_python(row.report or {})
        if known.part != part:
            row.report = REPORT.dump_python(ReferenceReport(part=part), mode="json")
            row.input_hash, row.computed_at = "", None
        enqueue(workspace, session, COMPUTE, JOB, row.pair_report_id)


def request_coverage_again(workspace: Workspace, fill_batch_id: str) -> None:
    """Measure again what a batch was aimed to fill: nothing where it was no such batch."""
    with workspace.read() as session:
        origin = session.get_one(Batch, fill_batch_id).origin
        reference_id = origin.get("reference_id", "")
        row = find_pair(session, "coverage", origin.get("scope_id", ""), reference_id)
    if reference_id and row is not None:
        part = REPORT.validate_python(row.report or {}).part
        request_coverage(workspace, row.left_id, row.right_id, part)


def load_coverage(workspace: Workspace, scope_id: str, reference_id: str) -> ReferenceView:
    """The pair's report as it stands. Raises NotFound for an unknown scope."""
    with workspace.read() as session:
        owner_of(session, scope_of(scope_id))
        owner_of(session, scope_of(reference_id))
        row = find_pair(session, "coverage", scope_id, reference_id)
    if row is None:
        return ReferenceView(scope_id, reference_id, "none", "", 0, 0, ReferenceReport(), None)
    return _view(row)


def list_coverage(workspace: Workspace, scope_id: str) -> list[ReferenceView]:
    """The references that a scope was compared with, the last asked for first. Raises NotFound."""
    query = (
        select(PairReport)
        .where(PairReport.kind == "coverage", PairReport.left_id == scope_id)
        .order_by(PairReport.created_at.desc())
    )
    with workspace.read() as session:
        owner_of(session, scope_of(scope_id))
        return [_view(row) for row in session.scalars(query)]


def _view(row: PairReport) -> ReferenceView:
    return ReferenceView(
        row.left_id, row.right_id, row.state, row.message, row.done, row.total,
        REPORT.validate_python(row.report or {}), row.computed_at,
    )  # fmt: skip
