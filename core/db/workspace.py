"""A workspace: one database plus one folder. Every core function takes it first."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session

from core.db.filesystems import refuse_network_filesystem
from core.db.passing import passing_cause
from core.db.postgres import postgres_engine
from core.db.sqlite import sqlite_engine
from core.errors import SettingsError, StorageFull
from core.settings import Settings


@dataclass(frozen=True)
class Workspace:
    """Open database and folders. Share one per process; it is safe across threads."""

    settings: Settings
    engine: Engine

    @property
    def home(self) -> Path:
        return self.settings.home

    def folder(self, name: str) -> Path:
        """A subfolder of the workspace, made when missing: datasets, embeddings, insight …"""
        path = self.home / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction, committed at the end; rolled back when the block raises."""
        try:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
        except OperationalError as error:
            raise _named(error) from error

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads: on SQLite it never waits for a writer."""
        engine = self.engine.execution_options(read_only=True)
        with Session(engine, expire_on_commit=False) as session:
            yield session
            session.expunge_all()

    def close(self) -> None:
        self.engine.dispose()


def _named(error: OperationalError) -> Exception:
    if passing_cause(error) == "disk":
        return StorageFull(
            "The disk is full; nothing was lost.", remedy="Free some space and try again."
        )
    return error


def open_workspace(settings: Settings) -> Workspace:
    """The workspace that the settings name. Tables come from `core.db.migrate.migrate`.

    Raises SettingsError for a database URL that cannot be used, or SQLite on a network disk.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        backend = make_url(settings.url).get_backend_name()
    except ArgumentError as error:
        raise SettingsError(
            "SEEDBED_DATABASE_URL is not a database URL.",
            remedy="Use postgresql://user:password@host/name, or leave it empty for SQLite.",
        ) from error
    if backend == "sqlite":
        refuse_network_filesystem(Path(make_url(settings.url).database or "").parent)
        return Workspace(settings, sqlite_engine(settings.url))
    if backend == "postgresql":
        return Workspace(settings, postgres_engine(settings.url))
    raise SettingsError(
        f"Seedbed does not know the database {backend!r}.", remedy="Use SQLite or PostgreSQL."
    )
