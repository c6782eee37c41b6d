"""`seedbed batches`: list, show, pause, resume, cancel, retry, log."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, plain, print_record, print_rows
from core.db.tables import Batch
from core.db.workspace import Workspace
from core.generation.batches import batch_log, get_batch
from core.generation.browsing import list_batches
from core.generation.progress import batch_progress
from core.jobs import control

app = typer.Typer(help="Watch and steer batches.", no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(help="Id of the batch.")]


def usd(text: str | None) -> Decimal | None:
    """The amount that an option names. Raises a usage error for what is not one."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except ArithmeticError as error:
        raise typer.BadParameter(f"{text!r} is not an amount of US dollars") from error
    if not amount.is_finite() or amount < 0:
        raise typer.BadParameter(f"{text!r} is not an amount of US dollars")
    return amount


def amount(text: str) -> Decimal:
    """The amount that an argument names. Raises a usage error for what is not one."""
    found = usd(text)
    assert found is not None
    return found


Usd = Annotated[str | None, typer.Option(help="Cap in US dollars.", metavar="USD")]


def with_progress(workspace: Workspace, batch_id: str) -> dict[str, Any]:
    """The batch as JSON, its progress inside."""
    batch = get_batch(workspace, batch_id)
    return {**plain(batch), "progress": plain(batch_progress(workspace, batch_id))}


def print_batch(found: dict[str, Any], as_json: bool) -> None:
    """The batch with its progress."""
    if as_json:
        print_record(found, as_json)
        return
    print_record(
        {"batch_id": found["batch_id"], "name": found["name"], "model": found["model"]}
        | {"seed": found["seed"]}
        | found["progress"],
        as_json,
    )


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="Only batches in this state.")] = None,
    search: Annotated[str, typer.Option(help="Part of a name or model.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List batches, newest first."""
    with opened() as workspace:
        rows = list_batches(workspace, state=state, search=search, limit=limit)
    print_rows(rows, ["batch_id", "state", "generated", "failed", "n", "model", "name"], as_json)


@app.command()
def show(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Show a batch and its progress."""
    with opened() as workspace:
        found = with_progress(workspace, batch_id)
    print_batch(found, as_json)


def _steer(
    batch_id: str, as_json: bool, verb: Callable[..., Batch], **arguments: Decimal | None
) -> None:
    with opened() as workspace:
        changed = verb(workspace, batch_id, **arguments)
        found = with_progress(workspace, changed.batch_id)
    print_batch(found, as_json)


@app.command()
def pause(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Pause a batch; calls in flight are finished and kept."""
    _steer(batch_id, as_json, control.pause_batch)


@app.command()
def resume(batch_id: BatchId, budget_usd: Usd = None, as_json: AsJson = False) -> None:
    """Go on with a paused batch, with a new cap if one is given."""
    _steer(batch_id, as_json, control.resume_batch, budget_usd=usd(budget_usd))


@app.command()
def cancel(batch_id: BatchId, as_json: AsJson = False) -> None:
    """End a batch for good; what it generated stays."""
    _steer(batch_id, as_json, control.cancel_batch)


@app.command()
def retry(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Generate the failed samples of a batch again."""
    _steer(batch_id, as_json, control.retry_failed)


@app.command()
def log(batch_id: BatchId, limit: Limit = 200, as_json: AsJson = False) -> None:
    """Print a batch's log, oldest line first."""
    with opened() as workspace:
        get_batch(workspace, batch_id)
        lines = batch_log(workspace, batch_id, limit=limit)
    print_rows(reversed(lines), ["created_at", "level", "message"], as_json)
