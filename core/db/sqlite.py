"""SQLite, opened deliberately: WAL, IMMEDIATE transactions, full durability.

`pysqlite3` is the only SQLite library in our processes: a second copy working on the same file
drops the first one's locks.
"""

import logging
import os
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event

from core.db.types import JSON_CODEC

logger = logging.getLogger(__name__)
BUSY_TIMEOUT_MS = 60_000
WAL_LIMIT_BYTES = 64 * 2**20  # a checkpoint cuts the write-ahead log back to this
WAL_WARNING_BYTES = 256 * 2**20  # beyond this a reader that never ends blocks the checkpoints
CHECKPOINT_BYTES = 8 * 2**20  # of write-ahead log; a longer one makes every read slower
SYNC_PROBES = 3
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "temp_store=MEMORY",
    f"journal_size_limit={WAL_LIMIT_BYTES}",
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


def wal_bytes(engine: Engine) -> int:
    """Size of the write-ahead log; 0 where there is none, as on another database."""
    if engine.dialect.name != "sqlite":
        return 0
    try:
        return Path(f"{engine.url.database}-wal").stat().st_size
    except OSError:
        return 0


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


def eager_connection(engine: Engine) -> Connection | None:
    """A connection whose statements never wait for a lock and never checkpoint, for an event loop.

    None on another database, whose every statement waits for the network. It is not of the pool:
    the caller closes it.
    """
    if engine.dialect.name != "sqlite":
        return None
    connection = engine.connect()
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA busy_timeout=0")
    driver.execute("PRAGMA wal_autocheckpoint=0")
    connection.detach()
    return connection


def sync_s(folder: Path) -> float:
    """Seconds that the disk under a folder takes to make a small write durable, at its best."""
    times = []
    with TemporaryFile(dir=folder) as file:
        for _ in range(SYNC_PROBES):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return min(times)


def checkpoint(engine: Engine, beyond_bytes: int = CHECKPOINT_BYTES) -> None:
    """Move a long write-ahead log into the database, without holding anybody up.

    Where that cannot be done now, such as on a full disk, a later call does it.
    """
    if wal_bytes(engine) <= beyond_bytes:
        return
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        try:
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except pysqlite3.OperationalError as error:
            logger.warning("the write-ahead log was not moved: %s", error)
