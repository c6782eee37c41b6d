"""Which errors of a database or a disk pass by themselves, so that waiting can help."""

import errno
from collections.abc import Iterator
from typing import Literal

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import StorageFull

Cause = Literal["disk", "database"]

SQLITE_FULL = 13
# SQLite names a full disk SQLITE_FULL, but a quota, or a shared-memory file that cannot grow, a
# failed write. https://sqlite.org/rescode.html (2026-11)
SQLITE_UNWRITABLE = frozenset({778, 4874})  # SQLITE_IOERR_WRITE, SQLITE_IOERR_SHMSIZE
SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL = 5, 6, 15
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
# https://www.postgresql.org/docs/current/errcodes-appendix.html (2026-11)
POSTGRES_DISK_FULL = "53100"
POSTGRES_PASSING = (
    "08",  # connection exceptions
    "25P03",  # idle transaction ended by the server
    "40001", "40P01",  # serialization failure, deadlock
    "53",  # out of memory, too many connections
    "55P03",  # lock not available
    "57014",  # statement timeout
    "57P0",  # shutting down, crashed, cannot connect now, database dropped, idle timeout
)  # fmt: skip


def passing_cause(error: BaseException) -> Cause | None:
    """What to wait for; None where waiting cannot help, such as a missing table."""
    for link in _chain(error):
        if (cause := _cause(link)) is not None:
            return cause
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what the driver said, and what each was raised from."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop(0)
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            yield link
            waiting += [link.orig if isinstance(link, DBAPIError) else None, link.__cause__]


def _cause(error: BaseException) -> Cause | None:
    if isinstance(error, StorageFull):
        return "disk"
    if isinstance(error, PoolTimeout):
        return "database"
    if isinstance(error, DBAPIError):
        return "database" if error.connection_invalidated else None
    if isinstance(error, OSError):
        return "disk" if error.errno in NO_SPACE else None
    if (code := getattr(error, "sqlite_errorcode", None)) is not None:
        return _sqlite_cause(int(code))
    if hasattr(error, "sqlstate"):
        return _postgres_cause(error)
    return None


def _sqlite_cause(code: int) -> Cause | None:
    if code & 0xFF == SQLITE_FULL or code in SQLITE_UNWRITABLE:
        return "disk"
    return "database" if code & 0xFF in (SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL) else None


def _postgres_cause(error: BaseException) -> Cause | None:
    state: str | None = error.sqlstate  # type: ignore[attr-defined]
    if state is None:
        # psycopg gives no state where no server answered: refused, reset, timed out, closed.
        names = {kind.__name__ for kind in type(error).__mro__}
        return "database" if names & {"OperationalError", "InterfaceError"} else None
    if state == POSTGRES_DISK_FULL:
        return "disk"
    return "database" if state.startswith(POSTGRES_PASSING) else None
