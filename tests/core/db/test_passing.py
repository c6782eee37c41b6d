"""Which errors pass by themselves, raised by real databases where they can be."""

import errno
from pathlib import Path

import psycopg
import psycopg.errors
import pysqlite3
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.db.passing import passing_cause
from core.db.postgres import postgres_engine
from core.db.sqlite import sqlite_engine
from core.db.workspace import Workspace
from core.errors import StorageFull


def raised(engine: object, statement: str) -> DBAPIError:
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(text(statement))
    return caught.value


def test_a_locked_sqlite_passes(tmp_path: Path) -> None:
    engine = sqlite_engine(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with engine.connect() as other:
        engine2 = sqlite_engine(f"sqlite:///{tmp_path / 'a.sqlite'}")
        with engine2.connect() as waiting:
            waiting.exec_driver_sql("COMMIT")
            waiting.exec_driver_sql("PRAGMA busy_timeout = 10")
            other.exec_driver_sql("SELECT 1")
            with pytest.raises(DBAPIError) as caught:
                waiting.exec_driver_sql("BEGIN IMMEDIATE")
        engine2.dispose()
    engine.dispose()
    assert passing_cause(caught.value) == "database"


def test_a_full_sqlite_waits_for_the_disk(tmp_path: Path) -> None:
    engine = sqlite_engine(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with pytest.raises(OperationalError) as caught, engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a)")
        connection.exec_driver_sql("PRAGMA max_page_count = 3")
        connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(100000))")
    engine.dispose()
    assert passing_cause(caught.value) == "disk"
    assert passing_cause(StorageFull("full")) == "disk"


def test_what_no_waiting_mends_does_not_pass(any_workspace: Workspace) -> None:
    for statement in (
        "SELECT * FROM no_such_table",
        "INSERT INTO projects (project_id) VALUES ('p')",
        "SELEC 1",
    ):
        assert passing_cause(raised(any_workspace.engine, statement)) is None
    assert passing_cause(ValueError("the connection is locked and full")) is None


def test_a_damaged_or_write_protected_file_does_not_pass(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    file.write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    with pytest.raises(pysqlite3.DatabaseError) as caught:
        pysqlite3.connect(str(file)).execute("SELECT * FROM sqlite_master")
    assert passing_cause(caught.value) is None
    pysqlite3.connect(str(tmp_path / "b.sqlite")).execute("PRAGMA user_version = 1")
    read_only = pysqlite3.connect(f"file:{tmp_path / 'b.sqlite'}?mode=ro&immutable=1", uri=True)
    with pytest.raises(pysqlite3.OperationalError) as caught:
        read_only.execute("CREATE TABLE t (a)")
    assert passing_cause(caught.value) is None


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ("53100", "disk"), ("53300", "database"), ("40001", "database"), ("40P01", "database"),
        ("57P01", "database"), ("57P03", "database"), ("57014", "database"), ("08006", "database"),
        ("23505", None), ("42P01", None), ("25006", None), ("XX001", None),
    ],
)  # fmt: skip
def test_a_state_of_postgresql_says_what_to_wait_for(state: str, cause: str | None) -> None:
    error = psycopg.errors.lookup(state)("as the server said it")
    assert passing_cause(DBAPIError("SELECT 1", {}, error)) == cause


def test_a_server_that_is_not_there_or_ends_our_connection_passes(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    nowhere = postgres_engine(f"postgresql+psycopg://postgres@/x?host={tmp_path}")
    assert passing_cause(raised(nowhere, "SELECT 1")) == "database"
    url = request.getfixturevalue("postgres_url").replace("postgresql:", "postgresql+psycopg:")
    engine = postgres_engine(url)
    ended = raised(engine, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert passing_cause(ended) == "database"
    slow = raised(engine, "SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)")
    assert passing_cause(slow) == "database"
    engine.dispose()
    assert passing_cause(PoolTimeout("no connection came free")) == "database"


def test_a_full_file_system_passes_wherever_it_was_noticed() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert passing_cause(full) == passing_cause(OSError(errno.EDQUOT, "quota")) == "disk"
    assert passing_cause(OSError(errno.EACCES, "no")) is None
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError("a write failed") from full
    assert passing_cause(caught.value) == "disk"
