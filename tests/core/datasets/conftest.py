"""A release in one call."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.datasets.building import build_version, create_version_row
from core.datasets.query import DatasetQuery
from core.db.tables import Batch, DatasetVersion
from core.db.workspace import Workspace

Release = Callable[..., DatasetVersion]


@pytest.fixture
def start() -> Release:
    """Makes a version's row: `start(workspace, *batches, name=…, bump=…, **query)`."""

    def _start(
        workspace: Workspace,
        *batches: Batch,
        name: str = "bank",
        bump: Any = "minor",
        changelog: str = "",
        **query: Any,
    ) -> DatasetVersion:
        wanted = DatasetQuery(batch_ids=tuple(batch.batch_id for batch in batches), **query)
        with workspace.write() as session:
            return create_version_row(session, name, wanted, bump, changelog)

    return _start


@pytest.fixture
def release(start: Release) -> Release:
    """Makes a version's row and builds it."""

    def _release(workspace: Workspace, *batches: Batch, **fields: Any) -> DatasetVersion:
        version = start(workspace, *batches, **fields)
        return build_version(workspace, version.dataset_version_id)

    return _release


@pytest.fixture
def folder_of() -> Callable[[Workspace, DatasetVersion], Path]:
    """The folder of a version."""
    return lambda workspace, version: workspace.home / "datasets" / str(version.folder)
