"""Migrations on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, inspect, select, text

from core.db.migrate import migrate
from core.db.tables import Base, Connection, Project, User
from core.db.workspace import Workspace, open_workspace
from core.errors import DatabaseVersionError, SettingsError
from core.settings import load_settings


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(
    any_workspace: Workspace,
) -> None:
    def is_ours(object_: object, name: str | None, type_: str, *_: object) -> bool:
        return type_ != "table" or name in Base.metadata.tables

    with any_workspace.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_changes_nothing(any_workspace: Workspace) -> None:
    migrate(any_workspace)
    with any_workspace.read() as session:
        counts = [
            session.scalar(select(func.count()).select_from(table))
            for table in (Project, User, Connection)
        ]
    assert counts == [1, 1, 3]


def test_a_database_from_a_newer_seedbed_is_refused_and_left_alone(
    any_workspace: Workspace,
) -> None:
    with any_workspace.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseVersionError, match=r"9999.*newer Seedbed"):
        migrate(any_workspace)
    with any_workspace.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_every_table_says_whose_it_is_and_when_it_came(workspace: Workspace) -> None:
    inspector = inspect(workspace.engine)
    for table in Base.metadata.tables:
        names = {column["name"] for column in inspector.get_columns(table)}
        assert {"project_id", "created_by", "created_at"} <= names, table


@pytest.mark.parametrize("url", ["not a url", "mysql://host/name", "oracle://x"])
def test_an_unusable_database_url_is_named(tmp_path: object, url: str) -> None:
    with pytest.raises(SettingsError):
        open_workspace(load_settings(home=tmp_path, database_url=url))
