"""Workspaces and a provider for batches in mode batch_api."""

from typing import Any

import batch_api_rig
import pytest
from loopback_batches import BatchDesk

from core.db.workspace import Workspace
from core.generation.batch_api import passes
from core.jobs.running.queue import prepare_queue


@pytest.fixture
def desk(loopback: Any, monkeypatch: pytest.MonkeyPatch) -> BatchDesk:
    """The loopback server's batch APIs; pieces are small."""
    monkeypatch.setattr(passes, "PIECE_REQUESTS", batch_api_rig.PIECE_REQUESTS)
    return BatchDesk(loopback)


@pytest.fixture
def ready(any_workspace: Workspace) -> Workspace:
    """A workspace on each database, with hasty looks at provider batches."""
    prepare_queue(any_workspace)
    return batch_api_rig.quick(any_workspace)


@pytest.fixture
def local(workspace: Workspace) -> Workspace:
    """The same on SQLite alone."""
    prepare_queue(workspace)
    return batch_api_rig.quick(workspace)
