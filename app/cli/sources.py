"""`seedbed sources`: add, preview, list, show, evaluation, extract, terms."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_json, print_record, print_rows
from app.cli.terms import extract, terms
from core.db.tables import Source
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.sources.browsing import get_source, list_chunks, list_sources
from core.sources.duplicates import known_chunk_count
from core.sources.evaluation import keep_for_evaluation
from core.sources.importing import import_source, preview_source
from core.sources.parsing.kinds import KINDS

app = typer.Typer(help="Import and list source documents.", no_args_is_help=True)
app.command()(extract)
app.command()(terms)


COLUMNS = ["name", "kind", "chunk_count", "size_bytes", "source_id"]
Kind = Annotated[str | None, typer.Option(help=f"{', '.join(KINDS)}; else by the name.")]
TextColumn = Annotated[str | None, typer.Option(help="Column with a table's text.")]
ChunkChars = Annotated[int, typer.Option(min=100, max=20_000, help="Chunk length.")]
OverlapChars = Annotated[int, typer.Option(min=0, max=5_000, help="Shared by neighbours.")]


def find_source(workspace: Workspace, path_or_id: str) -> Source:
    """The source of that id, or of that file: the same bytes are imported once."""
    path = Path(path_or_id)
    return import_source(workspace, path) if path.exists() else get_source(workspace, path_or_id)


@app.command("list")
def list_(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List sources, newest first."""
    with opened() as workspace:
        rows = list_sources(workspace, limit=limit)
    print_rows(rows, COLUMNS, as_json)


@app.command()
def add(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files.", exists=True, dir_okay=False)
    ],
    name: Annotated[str | None, typer.Option(help="Name instead of the file's.")] = None,
    kind: Kind = None,
    text_column: TextColumn = None,
    chunk_chars: ChunkChars = 1200,
    overlap_chars: OverlapChars = 150,
    as_json: AsJson = False,
) -> None:
    """Import files; the same bytes return the source they made before."""
    if name is not None and len(paths) > 1:
        raise InvalidInput("One name is given for several files.", remedy="Leave --name out.")
    sources = []
    with opened() as workspace:
        for path in paths:
            source = import_source(
                workspace,
                path,
                name=name,
                kind=kind,
                text_column=text_column,
                chunk_chars=chunk_chars,
                overlap_chars=overlap_chars,
            )
            sources.append(source)
            if known := known_chunk_count(workspace, source.source_id):
                note(f"{source.name}: other sources hold {known:,} of its chunks already.")
    print_rows(sources, COLUMNS, as_json)


@app.command()
def preview(
    path: Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False)],
    kind: Kind = None,
    text_column: TextColumn = None,
    chunk_chars: ChunkChars = 1200,
    overlap_chars: OverlapChars = 150,
    as_json: AsJson = False,
) -> None:
    """Show how the beginning of a file would be imported; nothing is stored."""
    with opened() as workspace:
        shown = preview_source(
            path,
            path.name,
            kind=kind,
            text_column=text_column,
            chunk_chars=chunk_chars,
            overlap_chars=overlap_chars,
            limits=workspace.settings.source_limits,
        )
    if as_json:
        pieces = [piece._asdict() for piece in shown.pieces]
        print_json({**plain(shown), "pieces": pieces})
    elif shown.columns:
        note(f"{shown.kind}; the text column is likely {shown.suggested_text_column!r}.")
        print_rows(shown.rows, shown.columns, as_json)
    else:
        pieces = [piece._asdict() for piece in shown.pieces]
        print_rows(pieces, ["start", "end", "page", "heading", "text"], as_json)


@app.command()
def show(
    source_id: Annotated[str, typer.Argument(help="Id of the source.")],
    limit: Limit = 10,
    as_json: AsJson = False,
) -> None:
    """Show a source and its first chunks."""
    with opened() as workspace:
        source = get_source(workspace, source_id)
        chunks = list_chunks(workspace, source_id, limit=limit)
    if as_json:
        print_json({"source": source, "chunks": chunks})
        return
    print_record(source, as_json)
    columns = ["ordinal", "start_char", "end_char", "page", "heading", "text"]
    print_rows(chunks, columns, as_json)


@app.command()
def evaluation(
    source_id: Annotated[str, typer.Argument(help="Id of the source.")],
    keep: Annotated[
        bool, typer.Option("--keep/--release", help="Keep it for evaluation, or no longer.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Keep a source for evaluation: samples that hold its records are leaks."""
    with opened() as workspace:
        source = keep_for_evaluation(workspace, source_id, keep)
    print_record(source, as_json)
