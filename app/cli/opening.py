"""The workspace that the environment names, open for one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.db.workspace import Workspace
from core.jobs.opening import open_ready_workspace
from core.settings import load_settings


@contextmanager
def opened() -> Iterator[Workspace]:
    """The workspace of SEEDBED_HOME or SEEDBED_DATABASE_URL, up to date."""
    workspace = open_ready_workspace(load_settings())
    try:
        yield workspace
    finally:
        workspace.close()
