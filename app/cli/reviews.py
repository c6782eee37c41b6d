"""`seedbed reviews`: list."""

from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, print_rows
from core.review.decisions import list_reviews

app = typer.Typer(help="List review decisions.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """List review decisions."""


@app.command("list")
def list_(
    sample: Annotated[str | None, typer.Option(help="Only decisions on this sample.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List review decisions, newest first."""
    with opened() as workspace:
        rows = list_reviews(workspace, sample, limit=limit)
    columns = ["created_at", "decision", "correction_type", "reason", "sample_id"]
    print_rows(rows, columns, as_json)
