"""`seedbed spend`: show, estimated, correct, corrections, factors, reset."""

from decimal import Decimal
from typing import Annotated, Literal

import typer

from app.cli.batches import amount
from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, print_json, print_record, print_rows
from core.spend.correction_lists import correction_history, estimated_batches
from core.spend.corrections import correct_batch_total, correct_cost, estimated_attempts
from core.spend.factors import list_factors, reset_factor
from core.spend.report import spend_by, spend_total

app = typer.Typer(help="Show what was spent, and correct it.", no_args_is_help=True)
Key = Literal["model", "template", "batch", "user", "day", "connection"]
Batch = Annotated[str | None, typer.Option(help="Only calls of this batch.")]


@app.command("show")
def show(
    by: Annotated[Key, typer.Option(help="How to group it.")] = "model", as_json: AsJson = False
) -> None:
    """Show what was spent in all and by one key."""
    with opened() as workspace:
        total, rows = spend_total(workspace), spend_by(workspace, by)
    if as_json:
        print_json({"total": total, "rows": rows})
        return
    columns = ["label", "calls", "failed_calls", "input_tokens", "output_tokens", "cost_usd"]
    print_rows(rows, [*columns, "estimated_usd", "unpriced_calls"], as_json)
    note(f"Total {total.cost_usd:f} USD, of it {total.estimated_usd:f} estimated.")
    if total.unpriced_calls:
        note(f"Calls without a known price, not counted: {total.unpriced_calls:,}.")


@app.command("estimated")
def show_estimated(batch: Batch = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List what is only estimated: by batch, or the calls of one batch."""
    with opened() as workspace:
        if batch is None:
            print_rows(
                estimated_batches(workspace, limit=limit),
                ["batch_id", "name", "estimated_calls", "estimated_usd", "corrected_calls"],
                as_json,
            )
            return
        columns = ["attempt_id", "model", "state", "failure_kind", "reserved_usd", "cost_usd"]
        print_rows(estimated_attempts(workspace, batch, limit=limit), columns, as_json)


@app.command("correct")
def correct(
    cost_usd: Annotated[str, typer.Argument(help="True cost in US dollars.", metavar="USD")],
    batch: Annotated[str | None, typer.Option(help="All estimated calls of this batch.")] = None,
    attempt: Annotated[str | None, typer.Option(help="This one call.")] = None,
    reason: Annotated[str, typer.Option(help="Such as the invoice's number.")] = "",
    as_json: AsJson = False,
) -> None:
    """Enter what estimated calls really cost; budgets follow."""
    if (batch is None) == (attempt is None):
        raise typer.BadParameter("name either --batch or --attempt")
    cost: Decimal = amount(cost_usd)
    with opened() as workspace:
        if batch is not None:
            print_record(correct_batch_total(workspace, batch, cost, reason), as_json)
        elif attempt is not None:
            print_record(correct_cost(workspace, attempt, cost, reason), as_json)


@app.command("corrections")
def show_corrections(batch: Batch = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List corrections, newest first."""
    with opened() as workspace:
        rows = correction_history(workspace, batch, limit=limit)
    columns = ["created_at", "name", "calls", "previous_usd", "cost_usd", "created_by", "reason"]
    print_rows(rows, columns, as_json)


@app.command("factors")
def show_factors(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List models that billed more than was reserved, and how much their reservations grew."""
    with opened() as workspace:
        rows = list_factors(workspace, limit=limit)
    print_rows(rows, ["connection", "model", "factor", "excess_calls", "excess_usd"], as_json)


@app.command("reset")
def reset(
    connection: Annotated[str, typer.Argument(help="Name of the connection.")],
    model: Annotated[str, typer.Argument(help="Name of the model.")],
    as_json: AsJson = False,
) -> None:
    """Reserve the plain worst case for a model again."""
    with opened() as workspace:
        former = reset_factor(workspace, connection, model)
    print_record(former, as_json)
