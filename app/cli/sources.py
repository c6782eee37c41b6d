"""`seedbed sources`: import, list."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, print_record, print_rows
from core.db.tables import Source
from core.db.workspace import Workspace
from core.sources.browsing import get_source, list_sources
from core.sources.importing import import_source

app = typer.Typer(help="Import and list source documents.", no_args_is_help=True)


def find_source(workspace: Workspace, path_or_id: str) -> Source:
    """The source of that id, or of that file: the same bytes are imported once."""
    path = Path(path_or_id)
    return import_source(workspace, path) if path.exists() else get_source(workspace, path_or_id)


@app.command("list")
def list_(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List sources, newest first."""
    with opened() as workspace:
        rows = list_sources(workspace, limit=limit)
    print_rows(rows, ["name", "kind", "chunk_count", "size_bytes", "source_id"], as_json)


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False)],
    name: Annotated[str | None, typer.Option(help="Name instead of the file's.")] = None,
    kind: Annotated[str | None, typer.Option(help="text, markdown, csv or jsonl.")] = None,
    text_column: Annotated[str | None, typer.Option(help="Column with a table's text.")] = None,
    chunk_chars: Annotated[int, typer.Option(min=100, max=20_000, help="Chunk length.")] = 1200,
    overlap_chars: Annotated[
        int, typer.Option(min=0, max=5_000, help="Characters shared by neighbours.")
    ] = 150,
    as_json: AsJson = False,
) -> None:
    """Import a file; the same bytes return the source they made before."""
    with opened() as workspace:
        source = import_source(
            workspace,
            path,
            name=name,
            kind=kind,
            text_column=text_column,
            chunk_chars=chunk_chars,
            overlap_chars=overlap_chars,
        )
    print_record(source, as_json)
