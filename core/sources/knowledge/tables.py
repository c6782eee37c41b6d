"""The tables of a domain's knowledge: their columns, and what a row of one may hold.

Pure. It stores nothing (`knowledge`) and reads no file (`knowledge_files`).
"""

from collections.abc import Mapping
from typing import Any, Final

from core.errors import InvalidInput

# The first column names the entry and is never empty.
KNOWLEDGE_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "terms": ("term", "definition", "example"),
    "rules": ("rule", "condition", "consequence"),
    "scenarios": ("scenario", "goal", "difficulty"),
    "expert_answers": ("question", "answer", "reference"),
}
MAX_CELL_CHARS = 20_000
MAX_DOMAIN_CHARS = 100
ENTRY_ID = "entry_id"  # beside the columns: which entry a row is an edit of


def columns_of(table: str) -> tuple[str, ...]:
    """The columns of a knowledge table. Raises InvalidInput for a name that is none."""
    if table not in KNOWLEDGE_COLUMNS:
        raise InvalidInput(
            f"There is no knowledge table {table!r}.",
            remedy=f"Choose one of {', '.join(KNOWLEDGE_COLUMNS)}.",
        )
    return KNOWLEDGE_COLUMNS[table]


def checked_domain(domain: str) -> str:
    """The domain without outer white space. Raises InvalidInput when empty or too long."""
    name = domain.strip()
    if not name or len(name) > MAX_DOMAIN_CHARS or not name.isprintable():
        raise InvalidInput(
            f"{domain[:MAX_DOMAIN_CHARS]!r} is no domain.",
            remedy=f"Give it a name of 1 to {MAX_DOMAIN_CHARS} printable characters.",
        )
    return name


def checked_fields(table: str, row: Mapping[str, Any], number: int) -> dict[str, str] | None:
    """The row's cells as text, every column present; None for a row without any content.

    `number` counts from 1 and stands in the message. Raises InvalidInput for an unknown column, an
    empty first column, or a cell that is too long.
    """
    columns = columns_of(table)
    unknown = [name for name in row if name not in columns and name != ENTRY_ID]
    if unknown:
        raise InvalidInput(
            f"Row {number}: the table {table!r} has no column {unknown[0]!r}.",
            remedy=f"Its columns are {', '.join(columns)}.",
        )
    fields = {name: _text(row.get(name)) for name in columns}
    if not any(fields.values()):
        return None
    if not fields[columns[0]]:
        raise InvalidInput(
            f"Row {number}: the column {columns[0]!r} is empty.", remedy="Fill it in."
        )
    for name, cell in fields.items():
        if len(cell) > MAX_CELL_CHARS:
            raise InvalidInput(
                f"Row {number}: the cell {name!r} has more than {MAX_CELL_CHARS:,} characters.",
                remedy="Shorten it, or import the long text as a source.",
            )
    return fields


def _text(cell: Any) -> str:
    if cell is None or cell != cell:  # a spreadsheet's empty cell is not a number
        return ""
    return str(cell).replace("\0", "").strip()
