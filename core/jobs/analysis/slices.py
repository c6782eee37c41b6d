"""The analysis as jobs: slices that let whoever waits pass, and then queue themselves again."""

from time import monotonic
from typing import Final

from core.db.workspace import Workspace
from core.errors import SeedbedError
from core.insight.row import fail_insight, report_row
from core.jobs.analysis.analysing import Analysis
from core.jobs.analysis.map_drawing import queue_map
from core.jobs.running.queue import COMPUTE, enqueue, live_jobs, unfinished_jobs
from core.jobs.wording import brief

JOB: Final = "analyse"
BACKGROUND: Final = 100  # priority of what goes on by itself; a person's requests are at 10
FAIR_SHARE_S: Final = 60.0  # after which a slice lets another slice pass too


def run_slice(workspace: Workspace, scope_id: str) -> str:
    """One slice of a scope's analysis. Returns ready, waiting or failed."""
    patience = Patience(workspace, scope_id)
    try:
        outcome = Analysis(
            workspace, scope_id, must_yield=patience.is_over,
            on_ready=lambda session, row: queue_map(workspace, session, row),
        ).run()  # fmt: skip
    except SeedbedError as error:
        fail_insight(workspace, scope_id, str(error))
        return "failed"
    except Exception as error:
        fail_insight(workspace, scope_id, brief(error))
        raise
    if outcome == "waiting":
        _go_on_later(workspace, scope_id)
    return outcome


class Patience:
    """How long a slice may keep the worker: until someone waits whose job is no slice."""

    def __init__(self, workspace: Workspace, scope_id: str) -> None:
        self._workspace, self._scope_id = workspace, scope_id
        self._began_s = monotonic()

    def is_over(self) -> bool:
        """Whether another job ought to run now."""
        is_fair = monotonic() - self._began_s > FAIR_SHARE_S
        return any(
            job.queue == COMPUTE
            and job.state == "waiting"
            and job.subject != self._scope_id
            and (is_fair or job.priority < BACKGROUND)
            for job in unfinished_jobs(self._workspace)
        )


def _go_on_later(workspace: Workspace, scope_id: str) -> None:
    """The next slice, unless one waits already: a job that was handed out twice leaves one."""
    if any(job.state == "waiting" for job in live_jobs(workspace, JOB, scope_id)):
        return
    with workspace.write() as session:
        report_row(session, scope_id)
        enqueue(workspace, session, COMPUTE, JOB, scope_id, BACKGROUND)
