"""Many rows in one statement: the rows travel as one JSON text and the database takes them apart.

A driver's `executemany` gives the interpreter's lock away once a row, and a busy event loop hands
it back milliseconds later. One statement gives it away once, and works beside the loop meanwhile.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import JSON, Connection, FromClause
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlalchemy.types import Boolean, Float, Integer

from core.db.types import NanoUsd, UtcDateTime, to_nano

Row = Mapping[str, Any]


class BulkInsert:
    """Inserts rows given as mappings of column names; every row has every column."""

    def __init__(self, table: FromClause, columns: Sequence[str]) -> None:
        chosen = [table.c[name] for name in columns]
        names = ", ".join(columns)
        values = ", ".join(_extract(column) for column in chosen)
        records = ", ".join(f"{column.name} {_postgres_type(column)}" for column in chosen)
        into = f"INSERT INTO {_name(table)} ({names})"
        self._sql = {
            "sqlite": f"{into} SELECT {values} FROM jsonb_each(?)",
            "postgresql": f"{into} SELECT {names} FROM json_to_recordset(%s::json) AS r({records})",
        }

    def execute(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert all rows, or raise what the database raises and insert none."""
        if rows:
            name = connection.dialect.name
            connection.exec_driver_sql(self._sql[name], (_encoded(rows, name),))


class BulkUpdate:
    """Sets `columns` of the rows whose `key` stands in the given mappings."""

    def __init__(self, table: FromClause, key: str, columns: Sequence[str]) -> None:
        chosen = [table.c[name] for name in (key, *columns)]
        target = _name(table)
        values = ", ".join(f"{column.name} = {_extract(column)}" for column in chosen[1:])
        records = ", ".join(f"{column.name} {_postgres_type(column)}" for column in chosen)
        copies = ", ".join(f"{name} = r.{name}" for name in columns)
        self._sql = {
            "sqlite": f"UPDATE {target} SET {values} FROM jsonb_each(?) AS r "
            f"WHERE {target}.{key} = {_extract(chosen[0])}",
            "postgresql": f"UPDATE {target} SET {copies} "
            f"FROM json_to_recordset(%s::json) AS r({records}) WHERE {target}.{key} = r.{key}",
        }

    def execute(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Update all rows that exist; the others are left out."""
        if rows:
            name = connection.dialect.name
            connection.exec_driver_sql(self._sql[name], (_encoded(rows, name),))


def _name(table: FromClause) -> str:
    return str(table.description)


def _extract(column: KeyedColumnElement[Any]) -> str:
    # `->` keeps JSON as text, `->>` gives the SQL value; booleans become 0 and 1.
    return f"value {'->' if isinstance(column.type, JSON) else '->>'} '{column.name}'"


def _postgres_type(column: KeyedColumnElement[Any]) -> str:
    kind = column.type
    if isinstance(kind, JSON):
        return "jsonb"
    if isinstance(kind, UtcDateTime):
        return "timestamptz"
    if isinstance(kind, Boolean):
        return "boolean"
    if isinstance(kind, Float):
        return "double precision"
    return "bigint" if isinstance(kind, (Integer, NanoUsd)) else "text"


def _encoded(rows: Sequence[Row], dialect: str) -> str:
    default = _sqlite_value if dialect == "sqlite" else _postgres_value
    return orjson.dumps(rows, default=default, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _sqlite_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return _sqlite_time(value)
    return _postgres_value(value)


@lru_cache(maxsize=64)  # the rows of one transaction share their times
def _sqlite_time(value: datetime) -> str:
    """The form in which SQLAlchemy stores and compares datetimes on SQLite."""
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _postgres_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return to_nano(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
