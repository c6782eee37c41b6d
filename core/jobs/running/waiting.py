"""Waiting for background work by watching its rows."""

import time
from collections.abc import Callable
from typing import TypeVar

from core.datasets.browsing import get_version
from core.db.tables import Batch, DatasetVersion
from core.db.workspace import Workspace
from core.errors import Conflict
from core.generation.batches import ENDED, get_batch
from core.generation.progress import Progress, batch_progress
from core.insight.report import InsightView, load_insight

Found = TypeVar("Found")
POLL_S = 0.2
SETTLED_STATES = (*ENDED, "paused")


def wait_for_batch(
    workspace: Workspace,
    batch_id: str,
    timeout_s: float | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Batch:
    """The batch once it has ended or paused. Raises Conflict after `timeout_s`."""

    def look() -> Batch | None:
        if on_progress is not None:
            on_progress(batch_progress(workspace, batch_id))
        batch = get_batch(workspace, batch_id)
        return batch if batch.state in SETTLED_STATES else None

    return _wait(look, timeout_s, f"batch {batch_id}")


def wait_for_insight(
    workspace: Workspace, scope_id: str, timeout_s: float | None = None
) -> InsightView:
    """The scope's insight once it is ready or has failed. Raises Conflict after `timeout_s`."""

    def look() -> InsightView | None:
        view = load_insight(workspace, scope_id)
        return view if view.state in ("ready", "failed") else None

    return _wait(look, timeout_s, f"the insight of {scope_id}")


def wait_for_dataset(
    workspace: Workspace, dataset_version_id: str, timeout_s: float | None = None
) -> DatasetVersion:
    """The version once it is released or has failed. Raises Conflict after `timeout_s`."""

    def look() -> DatasetVersion | None:
        version = get_version(workspace, dataset_version_id)
        return version if version.state != "building" else None

    return _wait(look, timeout_s, f"dataset version {dataset_version_id}")


def _wait(look: Callable[[], Found | None], timeout_s: float | None, what: str) -> Found:
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    while True:
        found = look()
        if found is not None:
            return found
        if deadline is not None and time.monotonic() > deadline:
            raise Conflict(
                f"Waited {timeout_s:g} s for {what}.",
                remedy="Look at the Batches page: is a worker running?",
            )
        time.sleep(POLL_S)
