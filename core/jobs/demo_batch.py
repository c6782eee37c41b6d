"""A batch on the offline provider: what a newcomer finds, and where the demonstration starts."""

from pathlib import Path

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.generation.batches import KINDS, LaunchRequest
from core.generation.browsing import list_batches
from core.jobs.launching import launch_batch
from core.sources.importing import import_source
from core.templates.versions import latest_version

TEMPLATE = "banking-expert-answer"
SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
FIRST_SOURCE = SAMPLES / "customer_questions.csv"
FIRST_N = 60
DEFECT_RATE = 0.05


def launch_first_batch(workspace: Workspace) -> Batch | None:
    """A small batch for an empty workspace, so that no chart is; None when it is not empty."""
    if list_batches(workspace, kinds=KINDS, limit=1):
        return None
    return launch_demo_batch(workspace, FIRST_SOURCE, FIRST_N, "Demo: customer questions")


def launch_demo_batch(workspace: Workspace, source: Path, n: int, name: str) -> Batch:
    """Expert answers to the customer questions of a file, with a few planted defects."""
    request = LaunchRequest(
        template_version_id=latest_version(workspace, TEMPLATE).template_version_id,
        n=n,
        source_ids=(import_source(workspace, source).source_id,),
        parameters={"defect_rate": DEFECT_RATE},
        name=name,
    )
    return launch_batch(workspace, request)
