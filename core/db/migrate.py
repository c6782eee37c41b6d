"""Migrations: numbered, append-only; a database from a newer Seedbed is refused."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Connection, Project, User
from core.db.workspace import Workspace
from core.errors import DatabaseVersionError

SCRIPTS = Path(__file__).parent / "migrations"


def alembic_config() -> Config:
    """Alembic's configuration, pointing at our scripts."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


def migrate(workspace: Workspace) -> None:
    """Bring the database to this Seedbed's version and add the rows that every workspace has.

    Raises DatabaseVersionError when the database is newer than this code.
    """
    config = alembic_config()
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    with workspace.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # Two processes that start together must not migrate together.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7305)")
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in known:
            raise DatabaseVersionError(
                f"The database is at version {current!r}, which this Seedbed does not know.",
                remedy="Start the newer Seedbed that wrote it, or point SEEDBED_HOME elsewhere.",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    _seed_rows(workspace)


def _seed_rows(workspace: Workspace) -> None:
    with workspace.write() as session:
        if session.get(Project, DEFAULT_PROJECT_ID) is None:
            session.add(Project(project_id=DEFAULT_PROJECT_ID, name="Default"))
        if session.get(User, LOCAL_ADMIN_ID) is None:
            session.add(User(user_id=LOCAL_ADMIN_ID, name="Local admin", role="admin"))
        present = set(session.scalars(select(Connection.name)))
        session.add_all(c for c in _first_connections() if c.name not in present)


def _first_connections() -> list[Connection]:
    return [
        Connection(
            name="offline", protocol="offline", base_url=None, key_variable=None,
            default_model="offline-1",
        ),
        Connection(
            name="openai", protocol="openai", base_url="https://api.openai.com/v1",
            key_variable="OPENAI_API_KEY", default_model="gpt-5-mini",
        ),
        Connection(
            name="anthropic", protocol="anthropic", base_url="https://api.anthropic.com",
            key_variable="ANTHROPIC_API_KEY", default_model="claude-haiku-4-5",
        ),
    ]  # fmt: skip
