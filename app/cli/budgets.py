"""`seedbed budgets`: set, list, delete, alerts."""

from typing import Annotated, Literal

import typer

from app.cli.batches import amount
from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_record, print_rows
from core.spend.alerts import list_alerts
from core.spend.budgets import delete_budget, list_budgets, set_budget
from core.spend.naming import label_budgets

app = typer.Typer(help="Set and list caps on spending.", no_args_is_help=True)
Scope = Literal["workspace", "project", "template", "batch", "user"]


@app.command("list")
def show(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List budgets, newest first."""
    with opened() as workspace:
        found = list_budgets(workspace, limit=limit)
        labels = label_budgets(workspace, found)
    rows = [{**plain(budget), "of": labels[budget.budget_id]} for budget in found]
    columns = ["budget_id", "of", "month", "cap_usd", "settled_usd", "reserved_usd"]
    print_rows(rows, [*columns, "alerted_percent"], as_json)


@app.command("set")
def put(
    cap_usd: Annotated[str, typer.Argument(help="Cap in US dollars.", metavar="USD")],
    scope: Annotated[Scope, typer.Option(help="What is capped.")] = "workspace",
    scope_id: Annotated[str, typer.Option("--id", help="Id of what is capped.")] = "*",
    month: Annotated[str, typer.Option(help="Such as 2026-11; all time without.")] = "",
    as_json: AsJson = False,
) -> None:
    """Set a cap; what was spent and reserved before counts against it."""
    with opened() as workspace:
        saved = set_budget(workspace, scope, scope_id, amount(cap_usd), month)
    print_record(saved, as_json)


@app.command("delete")
def delete(
    budget_id: Annotated[str, typer.Argument(help="Id of the budget.")], as_json: AsJson = False
) -> None:
    """Delete a cap and its alerts; what was spent stays in the ledger."""
    with opened() as workspace:
        deleted = delete_budget(workspace, budget_id)
    if as_json:
        print_record(deleted, as_json)
        return
    note(f"Deleted: {deleted.cap_usd:f} USD for {deleted.scope} {deleted.scope_id}.")


@app.command("alerts")
def show_alerts(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List alerts at 50, 80 and 100 % of a cap, newest first."""
    with opened() as workspace:
        rows = list_alerts(workspace, limit=limit)
    columns = ["created_at", "budget_id", "percent", "settled_usd", "cap_usd"]
    print_rows(rows, columns, as_json)
