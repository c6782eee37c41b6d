"""What commands print: tables for people, JSON for programs. Progress and notes go to stderr."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy import inspect
from sqlalchemy.orm import DeclarativeBase

MAX_CELL_CHARS = 80

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on stdout.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="Most rows to show.")]


def plain(value: object) -> Any:
    """A record as JSON-ready data: money as decimal strings, times in ISO 8601."""
    if isinstance(value, DeclarativeBase):
        return {a.key: plain(getattr(value, a.key)) for a in inspect(type(value)).column_attrs}
    if isinstance(value, BaseModel):
        return plain(dict(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def print_json(value: object) -> None:
    """The value as JSON on stdout."""
    typer.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def print_rows(rows: Iterable[object], columns: Sequence[str], as_json: bool) -> None:
    """Records as a table of these columns, or whole as JSON."""
    found = [plain(row) for row in rows]
    if as_json:
        print_json(found)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        is_number = bool(found) and isinstance(found[0].get(column), int | float)
        table.add_column(column.replace("_", " "), justify="right" if is_number else "left")
    for row in found:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    _stdout().print(table)
    if not found:
        note("Nothing yet.")


def print_record(record: object, as_json: bool, leave_out: Sequence[str] = ()) -> None:
    """One record, a line per field and per part of a nested one, or as JSON."""
    data = plain(record)
    if as_json:
        print_json(data)
        return
    lines = [
        line for key, value in data.items() if key not in leave_out for line in _lines(key, value)
    ]
    width = max((len(label) for label, _ in lines), default=0)
    for label, text in lines:
        typer.echo(f"{label.ljust(width)}  {text}")


def _lines(label: str, value: object) -> Iterator[tuple[str, str]]:
    name = label.replace("_", " ")
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from _lines(f"{name} / {key}", part)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for item in value:
            yield name, ", ".join(f"{key} {_cell(part)}" for key, part in item.items())
    else:
        yield name, str(_cell(value, 2000))


def note(message: str) -> None:
    """A line for people, beside the output."""
    typer.echo(message, err=True)


def progress_bar() -> Progress:
    """A bar on stderr; nothing is drawn where stderr is not a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def _stdout() -> Console:
    # Made when used: a test or a pipe may have replaced stdout since the import. A pipe has no
    # width, so its lines are not wrapped.
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=10_000)


def _cell(value: object, limit: int = MAX_CELL_CHARS) -> Text:
    """A value as text. Never as markup: what a model wrote may look like it."""
    if value is None:
        text = "-"
    elif isinstance(value, float):
        text = f"{value:.4g}"
    elif isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = str(value)
    text = " ".join(text.split()) if limit == MAX_CELL_CHARS else text
    return Text(text if len(text) <= limit else text[: limit - 1] + "…")
