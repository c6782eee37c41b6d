"""`seedbed queries`: run, tables, list, save, delete."""

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, note, print_json, print_record, print_rows
from core.errors import InvalidInput
from core.querying import saved
from core.querying.running import QueryLimits, run_query
from core.querying.tables import TABLES
from core.text.spreadsheets import quoted

app = typer.Typer(help="Ask the workspace in SQL; nothing can be changed.", no_args_is_help=True)
Sql = Annotated[str, typer.Argument(help="One SELECT, or EXPLAIN of one.")]
MAX_ROWS = 10_000


@app.command("run")
def run(
    sql: Annotated[str | None, typer.Argument(help="One SELECT, or EXPLAIN of one.")] = None,
    name: Annotated[str | None, typer.Option("--saved", help="A saved query's name.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file that holds the query.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_ROWS, help="Most rows.")] = 1_000,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, safe to open.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a query and print its rows."""
    with opened() as workspace:
        if name is not None:
            sql = saved.get_query(workspace, name).sql
        elif file is not None:
            sql = file.read_text(encoding="utf-8")
        if not sql:
            raise InvalidInput("There is no query.", remedy="Give one, --saved or --file.")
        result = run_query(workspace, sql, limits=QueryLimits(rows=limit))
    rows = result.table.to_pylist()
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(result.table.column_names)
        writer.writerows([quoted(v) if isinstance(v, str) else v for v in r.values()]
                         for r in rows)  # fmt: skip
    elif as_json:
        print_json([{k: v if _is_json(v) else str(v) for k, v in row.items()} for row in rows])
    else:
        print_rows(rows, result.table.column_names, as_json)
    note(f"{len(rows):,} rows in {result.elapsed_ms:,} ms{', cut' if result.is_cut else ''}.")


@app.command("tables")
def tables(as_json: AsJson = False) -> None:
    """List the tables that a query can read, with their columns."""
    rows = [
        {"table": t.name, "column": c.name, "type": str(c.type), "meaning": c.meaning}
        for t in TABLES.values()
        for c in t.columns
    ]
    print_rows(rows, ["table", "column", "type", "meaning"], as_json)


@app.command("list")
def list_saved(as_json: AsJson = False) -> None:
    """List saved queries."""
    with opened() as workspace:
        print_rows(saved.list_queries(workspace), ["name", "sql", "created_at"], as_json)


@app.command("save")
def save(
    name: Annotated[str, typer.Argument(help="Its name; one of that name is replaced.")],
    sql: Sql,
    as_json: AsJson = False,
) -> None:
    """Keep a query."""
    with opened() as workspace:
        print_record(saved.save_query(workspace, name, sql), ["query_id", "name"], as_json)


@app.command("delete")
def delete(name: Annotated[str, typer.Argument(help="Name or id.")]) -> None:
    """Forget a saved query."""
    with opened() as workspace:
        saved.delete_query(workspace, saved.get_query(workspace, name).query_id)
    note("Deleted.")


def _is_json(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | dict)
