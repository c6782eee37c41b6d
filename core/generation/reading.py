"""Reads that a run can wait for: a database that is away for a moment ends no call in flight."""

import asyncio
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.db.passing import passing_cause

logger = logging.getLogger(__name__)
RETRY_S = 0.5
Parameters = ParamSpec("Parameters")
Found = TypeVar("Found")


async def read_patiently(
    read: Callable[Parameters, Found], *arguments: Parameters.args, **options: Parameters.kwargs
) -> Found:
    """What the function finds, run in a thread and tried again for as long as waiting can help."""
    while True:
        try:
            return await asyncio.to_thread(read, *arguments, **options)
        except (DBAPIError, PoolTimeout) as error:
            cause = passing_cause(error)
            if cause is None:
                raise
            logger.warning("a run waits for the %s: %s", cause, error)
        await asyncio.sleep(RETRY_S)
