"""Waiting for a database or a disk that is away for a while."""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.db.passing import passing_cause
from core.db.reserve import DiskReserve
from core.db.workspace import Workspace
from core.errors import StorageFull

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
FIRST_RETRY_S = 0.2
MAX_RETRY_S = 5.0


def patiently(
    workspace: Workspace, stopping: threading.Event, step: Callable[[], Result]
) -> Result:
    """What the step returns, tried again for as long as waiting can help.

    On a full disk the reserve is given up for it. While the process ends it never returns: the job
    is left to another worker.
    """
    wait_s = FIRST_RETRY_S
    while True:
        try:
            return step()
        except (DBAPIError, PoolTimeout, StorageFull) as error:
            cause = passing_cause(error)
            if cause is None:
                raise
            if cause == "disk":
                DiskReserve(workspace.home).release()
            logger.warning("a job waits for the %s: %s", cause, error)
        stopping.wait(wait_s)
        park(stopping)
        wait_s = min(MAX_RETRY_S, wait_s * 2)


def park(stopping: threading.Event) -> None:
    """Never return while the process ends: the job must stay unfinished, for another worker."""
    while stopping.is_set():
        threading.Event().wait(1.0)
