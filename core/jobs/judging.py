"""Launching judges and taking up their answers. Each judge is a batch; all launch or none."""

from core.db.tables import DEFAULT_PROJECT_ID, Batch
from core.db.workspace import Workspace
from core.generation.browsing import list_batches
from core.generation.estimate import Estimate, estimate
from core.jobs.launching import launch_together
from core.quality.judge.collecting import gather_judgements
from core.quality.judge.requests import JudgingRequest, judging_launches

JUDGEMENT = "judgement"


def launch_judging(workspace: Workspace, request: JudgingRequest) -> list[Batch]:
    """A queued batch of kind `judgement` for each judge, in one transaction.

    Raises what `judging_launches` and `launch_batch` raise.
    """
    return launch_together(workspace, judging_launches(workspace, request))


def estimate_judging(workspace: Workspace, request: JudgingRequest) -> list[Estimate]:
    """What each judge would cost and take, in order. Raises what `judging_launches` raises."""
    return [estimate(workspace, launch) for launch in judging_launches(workspace, request)]


def collect_judgements(workspace: Workspace, batch_id: str) -> int:
    """Take up what a judge has answered so far; returns how many judgements came new.

    Does only what is missing, so it may be called at any time.
    """
    return gather_judgements(workspace, batch_id)


def list_judgings(
    workspace: Workspace, *, project_id: str = DEFAULT_PROJECT_ID, limit: int = 50, offset: int = 0
) -> list[Batch]:
    """Batches of judges, the newest first."""
    return list_batches(
        workspace, kinds=(JUDGEMENT,), project_id=project_id, limit=limit, offset=offset
    )
