"""Asking for a dataset version: the row and its job are one commit."""

from core.datasets.building import create_version_row
from core.datasets.numbering import Bump
from core.datasets.query import DatasetQuery
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, DatasetVersion
from core.db.workspace import Workspace
from core.jobs.running.queue import COMPUTE, enqueue

PRIORITY = 5  # before insight: somebody waits for a release


def request_dataset(
    workspace: Workspace,
    name: str,
    query: DatasetQuery,
    *,
    bump: Bump = "minor",
    changelog: str = "",
    description: str = "",
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> DatasetVersion:
    """A dataset version in state `building`, for a compute worker to write and release.

    Raises InvalidInput for a name or query that cannot work.
    """
    with workspace.write() as session:
        version = create_version_row(
            session, name, query, bump, changelog,
            description=description, created_by=created_by, project_id=project_id,
        )  # fmt: skip
        enqueue(workspace, session, COMPUTE, "build_dataset", version.dataset_version_id, PRIORITY)
    return version
