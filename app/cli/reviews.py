"""`seedbed reviews`: list, reject, undo."""

from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, print_record, print_rows
from core.review.bulk import reject_samples, undo_bulk
from core.review.decisions import list_reviews

app = typer.Typer(help="List review decisions; reject many samples.", no_args_is_help=True)


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


@app.command()
def reject(
    sample_ids: Annotated[list[str], typer.Argument(help="Ids of the samples.")],
    reason: Annotated[str, typer.Option(help="Why, for all of them.")],
    as_json: AsJson = False,
) -> None:
    """Reject many samples for one reason; all of them or none."""
    with opened() as workspace:
        print_record(reject_samples(workspace, sample_ids, reason), as_json)


@app.command()
def undo(
    bulk_id: Annotated[str, typer.Argument(help="What `reject` named its decisions.")],
    as_json: AsJson = False,
) -> None:
    """Take back what one rejection of many decided."""
    with opened() as workspace:
        print_record(undo_bulk(workspace, bulk_id), as_json)
