"""`seedbed prices`: set, list."""

from typing import Annotated

import typer

from app.cli.batches import amount
from app.cli.opening import opened
from app.cli.output import AsJson, print_record, print_rows
from core.db.workspace import Workspace
from core.errors import UnknownPrice
from core.providers.connections import get_connection, list_connections
from core.providers.prices import find_price, set_price

app = typer.Typer(help="Enter and look up model prices.", no_args_is_help=True)


@app.command("set")
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
        price = set_price(workspace, found, model, amount(input_usd), amount(output_usd), source)
    print_record(price, as_json)


@app.command("list")
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
