"""What a person may ask: one SELECT, or EXPLAIN of one. Decided by DuckDB's own parser.

Used inside the child process alone.
"""

import re
from typing import Any, Final

import orjson

from core.errors import InvalidInput

MAX_SQL_CHARS: Final = 100_000
# All that a query may be made of; INSERT, UPDATE and DELETE hide in common table expressions.
READING_NODES: Final = frozenset(
    {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
)
_EXPLAIN = re.compile(
    r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*explain\b\s*(?:analyze\b\s*)?(?:\([^()]*\)\s*)?",
    re.IGNORECASE | re.DOTALL,
)


def check_statement(connection: Any, sql: str) -> None:
    """Passes one SELECT, or EXPLAIN of one, over a DuckDB connection. Raises InvalidInput."""
    if len(sql) > MAX_SQL_CHARS:
        raise InvalidInput(
            f"The query has {len(sql):,} characters; {MAX_SQL_CHARS:,} are allowed.",
            remedy="Shorten it.",
        )
    explained = _EXPLAIN.match(sql)
    inner = sql[explained.end() :] if explained else sql
    if not inner.strip(" \t\r\n;"):
        raise InvalidInput("The query is empty.", remedy="Write a SELECT, or open an example.")
    parsed = _parsed(connection, inner)
    if parsed.get("error") and parsed.get("error_type") == "parser":
        raise InvalidInput(str(parsed.get("error_message")), remedy="Correct the query.")
    if parsed.get("error") or len(parsed["statements"]) != 1 or _nodes(parsed) - READING_NODES:
        raise InvalidInput(
            "Only one SELECT, or EXPLAIN of one, can be run here.",
            remedy="Leave out anything that changes, loads or sets something, and run one "
            "statement at a time. PIVOT needs its values named: PIVOT … IN (…).",
        )


def _parsed(connection: Any, sql: str) -> dict[str, Any]:
    row = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    parsed: dict[str, Any] = orjson.loads(row[0])
    return parsed


def _nodes(value: Any) -> set[str]:
    """The types of all query nodes in a serialized statement."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            kind = item.get("type")
            if isinstance(kind, str) and kind.endswith("_NODE"):
                found.add(kind)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return found
