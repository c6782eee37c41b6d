"""`seedbed connections`: add, list. A key is named by its environment variable, never stored."""

from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, print_record, print_rows
from core.providers.connections import list_connections, save_connection

app = typer.Typer(help="Add and list ways to reach models.", no_args_is_help=True)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List connections by name."""
    with opened() as workspace:
        rows = list_connections(workspace)
    columns = [
        "name", "protocol", "base_url", "key_variable", "default_model", "requests_per_minute",
        "tokens_per_minute", "max_concurrency",
    ]  # fmt: skip
    print_rows(rows, columns, as_json)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Lower case, such as local-qwen.")],
    base_url: Annotated[str, typer.Option(help="Such as http://localhost:8000/v1.")],
    model: Annotated[str, typer.Option(help="The model used when none is named.")],
    protocol: Annotated[str, typer.Option(help="openai or anthropic.")] = "openai",
    key_variable: Annotated[
        str | None, typer.Option(help="Environment variable with the key; none is sent without.")
    ] = None,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Of all batches together.")
    ] = None,
    tokens_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Input and output together.")
    ] = None,
    max_concurrency: Annotated[
        int | None, typer.Option(min=1, help="Calls in flight at most.")
    ] = None,
    allow_http: Annotated[
        bool, typer.Option(help="Send prompts unencrypted to a host other than this one.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a connection, or change the one of that name."""
    with opened() as workspace:
        saved = save_connection(
            workspace,
            name,
            protocol,
            base_url,
            key_variable,
            model,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            max_concurrency=max_concurrency,
            allow_http=allow_http,
        )
    print_record(saved, as_json)
