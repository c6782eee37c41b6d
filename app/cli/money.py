"""`seedbed spend`, `seedbed budgets`, `seedbed prices`."""

from decimal import Decimal
from typing import Annotated, Literal

import typer

from app.cli.batches import usd
from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, print_json, print_record, print_rows
from core.db.workspace import Workspace
from core.errors import UnknownPrice
from core.providers.connections import get_connection, list_connections
from core.providers.prices import find_price, set_price
from core.spend.budgets import list_budgets, set_budget
from core.spend.report import spend_by, spend_total

spend = typer.Typer(help="Show what was spent.", no_args_is_help=True)
budgets = typer.Typer(help="Set and list caps on spending.", no_args_is_help=True)
prices = typer.Typer(help="Enter and look up model prices.", no_args_is_help=True)
Scope = Literal["workspace", "project", "template", "batch", "user"]
Key = Literal["model", "template", "batch", "user", "day", "connection"]


@spend.callback()
def _group() -> None:
    """Show what was spent."""


@spend.command("show")
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
    print_rows(rows, [*columns, "estimated_usd"], as_json)
    note(f"Total {total.cost_usd:f} USD, of it {total.estimated_usd:f} estimated.")


@budgets.command("list")
def show_budgets(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List budgets, newest first."""
    with opened() as workspace:
        rows = list_budgets(workspace, limit=limit)
    columns = ["scope", "scope_id", "month", "cap_usd", "settled_usd", "reserved_usd"]
    print_rows(rows, columns, as_json)


@budgets.command("set")
def put_budget(
    cap_usd: Annotated[str, typer.Argument(help="Cap in US dollars.", metavar="USD")],
    scope: Annotated[Scope, typer.Option(help="What is capped.")] = "workspace",
    scope_id: Annotated[str, typer.Option("--id", help="Id of what is capped.")] = "*",
    month: Annotated[str, typer.Option(help="Such as 2026-11; all time without.")] = "",
    as_json: AsJson = False,
) -> None:
    """Set a cap; what was spent and reserved before counts against it."""
    with opened() as workspace:
        saved = set_budget(workspace, scope, scope_id, _amount(cap_usd), month)
    print_record(saved, as_json)


@prices.command("set")
def put_price(
    connection: Annotated[str, typer.Argument(help="Name of the connection.")],
    model: Annotated[str, typer.Argument(help="Name of the model.")],
    input_usd: Annotated[str, typer.Option("--input", help="US dollars per million tokens.")],
    output_usd: Annotated[str, typer.Option("--output", help="US dollars per million tokens.")],
    source: Annotated[str, typer.Option(help="Where the figures come from.")] = "",
    as_json: AsJson = False,
) -> None:
    """Enter a model's price; earlier ones stay, the newest counts."""
    with opened() as workspace:
        found = get_connection(workspace, connection)
        price = set_price(workspace, found, model, _amount(input_usd), _amount(output_usd), source)
    print_record(price, as_json)


@prices.command("list")
def show_prices(
    connection: Annotated[str | None, typer.Option(help="Only this connection.")] = None,
    model: Annotated[str | None, typer.Option(help="A model other than the default.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what the connections' models cost, per million tokens."""
    with opened() as workspace:
        names = [connection] if connection else [c.name for c in list_connections(workspace)]
        rows = [_price_row(workspace, name, model) for name in names]
    columns = ["connection", "model", "input_usd_per_mtok", "output_usd_per_mtok", "source"]
    print_rows(rows, columns, as_json)


def _price_row(workspace: Workspace, name: str, model: str | None) -> dict[str, object]:
    found = get_connection(workspace, name)
    model = model or found.default_model
    price = find_price(workspace, found, model)
    return {
        "connection": name,
        "model": model,
        "input_usd_per_mtok": price.input_usd_per_mtok if price else None,
        "output_usd_per_mtok": price.output_usd_per_mtok if price else None,
        "source": price.source if price else UnknownPrice(name, model).message,
    }


def _amount(text: str) -> Decimal:
    amount = usd(text)
    assert amount is not None
    return amount
