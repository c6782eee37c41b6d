"""`seedbed knowledge`: list, import, export."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, print_json, print_rows
from core.db.tables import KnowledgeEntry
from core.errors import InvalidInput
from core.sources.knowledge.entries import add_entries, domains, list_entries, table_counts
from core.sources.knowledge.files import (
    format_of,
    mapped_rows,
    read_rows,
    suggest_mapping,
    written,
)
from core.sources.knowledge.tables import KNOWLEDGE_COLUMNS
from core.sources.knowledge.taking import take_rows

app = typer.Typer(help="List, import and export a domain's knowledge.", no_args_is_help=True)

Domain = Annotated[str, typer.Argument(help="The domain, such as banking.")]
Table = Annotated[str, typer.Argument(help=f"One of {', '.join(KNOWLEDGE_COLUMNS)}.")]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", help="Take a column from another one: term=Word. Repeatable."),
]


@app.command("list")
def list_(
    domain: Annotated[str, typer.Argument(help="The domain; none: all domains.")] = "",
    table: Annotated[str, typer.Argument(help="The table; none: how many entries each has.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List domains, the tables of one, or the entries of a table."""
    with opened() as workspace:
        if table:
            entries = list_entries(workspace, domain, table, limit=limit)
            print_rows([_flat(entry) for entry in entries], KNOWLEDGE_COLUMNS[table], as_json)
            return
        names = [domain] if domain else domains(workspace)
        rows = [{"domain": name, **table_counts(workspace, name)} for name in names]
    print_rows(rows, ["domain", *KNOWLEDGE_COLUMNS], as_json)


def _flat(entry: KnowledgeEntry) -> dict[str, object]:
    return {**entry.fields, "entry_id": entry.entry_id, "source_id": entry.source_id}


@app.command("import")
def import_(
    domain: Domain,
    table: Table,
    file: Annotated[str, typer.Argument(help="A CSV or JSONL file, or the id of a table source.")],
    column: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Append rows to a table; rows that it holds already are left alone."""
    with opened() as workspace:
        if file.startswith("src_") and not Path(file).exists():
            added = take_rows(workspace, domain, table, file, _mapping(column or []))
        else:
            rows = read_rows(Path(file).read_bytes(), format_of(file))
            mapping = suggest_mapping(table, list(rows[0])) | _mapping(column or [])
            added = add_entries(workspace, domain, table, mapped_rows(table, rows, mapping))
    if as_json:
        print_json({"added": added})
    else:
        note(f"{added:,} entries added to {table} of {domain}.")


def _mapping(columns: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in columns:
        name, sign, column = item.partition("=")
        if not sign or not column:
            raise InvalidInput(f"{item!r} names no two columns.", remedy="Write term=Word.")
        found[name.strip()] = column.strip()
    return found


@app.command()
def export(
    domain: Domain,
    table: Table,
    path: Annotated[Path, typer.Argument(help="A new file ending in .csv or .jsonl.")],
) -> None:
    """Write a table to a file."""
    with opened() as workspace:
        entries = list_entries(workspace, domain, table)
    pieces = written(table, entries, format_of(path.name))
    with path.open("x", encoding="utf-8", newline="") as stream:
        stream.writelines(pieces)
    note(f"{len(entries):,} entries written to {path}.")
