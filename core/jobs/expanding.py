"""Launching expansions and augmentations, and what is done when an expansion has ended.

The generate worker reads the answers into candidates; a compute worker, which may load torch,
compares them with what is known.
"""

from dataclasses import replace

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.errors import SeedbedError
from core.generation.batches import log
from core.generation.estimate import Estimate, estimate
from core.generation.expansion.augmentation import AugmentationRequest, augmentation_launch
from core.generation.expansion.candidates import gather_candidates, list_candidates
from core.generation.expansion.requests import ExpansionRequest, expansion_launch
from core.jobs.launching import launch_batch
from core.jobs.running.queue import COMPUTE, enqueue, live_jobs
from core.templates.definition import content_hash
from core.templates.versions import get_version, save_draft

COMPARE = "compare_candidates"


def launch_expansion(workspace: Workspace, request: ExpansionRequest) -> Batch:
    """A queued batch of kind `expansion`; its answers become candidates once it has ended.

    A draft that differs from the version is kept as one that was tried and not saved, so that the
    batch's lineage stays. Raises what `expansion_launch` and `launch_batch` raise.
    """
    draft = request.definition
    if draft is not None:
        version = get_version(workspace, request.template_version_id)
        if version.content_hash != content_hash(draft):
            version = save_draft(
                workspace, draft, created_by=request.created_by, project_id=request.project_id
            )
        request = replace(request, template_version_id=version.template_version_id, definition=None)
    return launch_batch(workspace, expansion_launch(workspace, request))


def launch_augmentation(workspace: Workspace, request: AugmentationRequest) -> Batch:
    """A queued batch of kind `augmentation`: samples that name their parents.

    Raises what `augmentation_launch` and `launch_batch` raise.
    """
    return launch_batch(workspace, augmentation_launch(workspace, request))


def estimate_expansion(workspace: Workspace, request: ExpansionRequest) -> Estimate:
    """What the expansion would cost and take. Raises what `expansion_launch` raises."""
    return estimate(workspace, expansion_launch(workspace, request))


def estimate_augmentation(workspace: Workspace, request: AugmentationRequest) -> Estimate:
    """What the augmentation would cost and take. Raises what `augmentation_launch` raises."""
    return estimate(workspace, augmentation_launch(workspace, request))


def collect_candidates(workspace: Workspace, batch_id: str) -> int:
    """Read the answers of an expansion and have them compared; returns how many rows came new.

    Does only what is missing, so it may be called at any time.
    """
    made = gather_candidates(workspace, batch_id)
    rows = list_candidates(workspace, batch_id=batch_id, limit=1_000_000)
    waits = any(row.similarity is None and row.state != "invalid" for row in rows)
    if waits and not live_jobs(workspace, COMPARE, batch_id):
        with workspace.write() as session:
            enqueue(workspace, session, COMPUTE, COMPARE, batch_id)
    return made


def compare(workspace: Workspace, batch_id: str) -> str:
    """The compute worker's part: which candidates mean what is known already."""
    from core.generation.expansion.comparing import compare_candidates

    try:
        compare_candidates(workspace, batch_id)
    except SeedbedError as error:
        with workspace.write() as session:
            log(session, batch_id, f"Candidates were not compared: {error}", "warning")
        return "failed"
    return "ready"
