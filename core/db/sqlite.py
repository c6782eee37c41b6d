"""SQLite, opened deliberately: WAL, IMMEDIATE transactions, full durability.

`pysqlite3` is the only SQLite library in our processes: a second copy working on the same file
drops the first one's locks.
"""

from typing import Any

import pysqlite3
from sqlalchemy import Engine, create_engine, event

from core.db.types import JSON_CODEC

BUSY_TIMEOUT_MS = 60_000
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "temp_store=MEMORY",
)


def sqlite_engine(url: str) -> Engine:
    """An engine whose writers queue instead of failing, and whose commits survive power loss."""
    engine = _open(url, isolation_level=None)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A deferred transaction that upgrades to a write can fail at once with SQLITE_BUSY.
        mode = "DEFERRED" if connection.get_execution_options().get("read_only") else "IMMEDIATE"
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def queue_engine(url: str) -> Engine:
    """The same file opened the way DBOS expects: the driver begins before the first write."""
    return _open(url, isolation_level="IMMEDIATE")


def _open(url: str, isolation_level: str | None) -> Engine:
    engine = create_engine(
        url,
        module=pysqlite3,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        **JSON_CODEC,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = isolation_level
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine
