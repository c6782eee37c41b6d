"""`seedbed generate` and `seedbed demo`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.batches import usd
from app.cli.launch_inputs import focus_of, input_of
from app.cli.opening import opened
from app.cli.output import AsJson, note, print_record
from app.cli.sources import find_source
from app.cli.template_arguments import version_id_of
from app.cli.waiting import launched, print_launched
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.batches import LaunchRequest
from core.generation.estimate import estimate
from core.jobs.launching import launch_batch
from core.providers.connections import (
    REMOTE_PROTOCOLS,
    connection_for_url,
    get_connection,
)

app = typer.Typer()


@app.command()
def generate(
    template: Annotated[str, typer.Argument(help="Name or id of a template, or a YAML file.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Samples to plan.")] = 10,
    provider: Annotated[
        str,
        typer.Option(
            help="Name of a connection, else the template's, else offline; with --base-url, openai "
            "or anthropic."
        ),
    ] = "",
    model: Annotated[
        str, typer.Option(help="Without, the template's, else the connection's default model.")
    ] = "",
    base_url: Annotated[
        str | None, typer.Option(help="A server that speaks the provider's protocol.")
    ] = None,
    key_variable: Annotated[
        str | None, typer.Option(help="Environment variable with the key for --base-url.")
    ] = None,
    mode: Annotated[
        str, typer.Option(help="live, or batch_api: the provider's batch API at half price.")
    ] = "live",
    failover_connection: Annotated[
        str, typer.Option(help="Connection to ask where the first model keeps failing.")
    ] = "",
    failover_model: Annotated[str, typer.Option(help="Its default model without.")] = "",
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Calls in flight; adapts without.")
    ] = None,
    budget_usd: Annotated[
        str | None, typer.Option(help="Cap of this batch in US dollars.", metavar="USD")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Drawn without.")] = None,
    source: Annotated[list[str], typer.Option(help="A file or a source id; may be repeated.")] = [],  # noqa: B006 Typer copies the default of an option
    inputs: Annotated[
        list[str],
        typer.Option(
            "--input",
            metavar="VARIABLE=JSON",
            help="What a variable draws from: a value, or an object such as "
            '{"sample_ids": […]}; may be repeated.',
        ),
    ] = [],  # noqa: B006 as above
    cell: Annotated[
        list[str],
        typer.Option(
            metavar="VARIABLE=VALUE,…",
            help="Generate this cell of the grid alone; may be repeated.",
        ),
    ] = [],  # noqa: B006 as above
    replace: Annotated[
        list[str],
        typer.Option(
            metavar="VARIABLE=VALUE",
            help="Set a value after the draw and leave everything else of the plan as it is; may "
            "be repeated.",
        ),
    ] = [],  # noqa: B006 as above
    temperature: Annotated[float | None, typer.Option(min=0, max=2)] = None,
    max_output_tokens: Annotated[int | None, typer.Option(min=1)] = None,
    priority: Annotated[int, typer.Option(min=1, max=100, help="1 runs first.")] = 10,
    name: Annotated[str, typer.Option(help="Name of the batch.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it ends.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the estimate and launch nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Launch a batch.

    --wait stays until it ends, and starts workers for as long as it takes where none runs. Exit
    code 3 says that the batch ended in another state than completed.
    """
    parameters = {"temperature": temperature, "max_output_tokens": max_output_tokens}
    with opened() as workspace:
        connection = _connection(workspace, provider, base_url, key_variable, model)
        request = LaunchRequest(
            template_version_id=version_id_of(workspace, template),
            n=n,
            connection=connection,
            model=model,
            seed=seed,
            parameters={key: value for key, value in parameters.items() if value is not None},
            mode=mode,
            failover_connection=failover_connection,
            failover_model=failover_model,
            concurrency=concurrency,
            budget_usd=usd(budget_usd),
            priority=priority,
            source_ids=tuple(find_source(workspace, item).source_id for item in source),
            inputs=dict(input_of(item) for item in inputs),
            focus=focus_of(cell, replace),
            name=name,
        )
        if dry_run:
            print_record(estimate(workspace, request), as_json)
            return
        batch_id = launch_batch(workspace, request).batch_id
        found = launched(workspace, batch_id, n, wait)
    print_launched(found, wait, as_json)


def _connection(
    workspace: Workspace, provider: str, base_url: str | None, key_variable: str | None, model: str
) -> str:
    if base_url is None:
        return get_connection(workspace, provider).name if provider else ""
    protocol = provider if provider not in ("", "offline") else "openai"
    if protocol not in REMOTE_PROTOCOLS:
        raise InvalidInput(
            f"--base-url needs a protocol, not {provider!r}.",
            remedy="Use --provider openai or --provider anthropic.",
        )
    if not model:
        raise InvalidInput("--base-url needs a model.", remedy="Name it with --model.")
    found = connection_for_url(workspace, base_url, protocol, model, key_variable=key_variable)
    return found.name


@app.command()
def demo(
    source: Annotated[Path, typer.Option(help="A file to work from.", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder for the release.", file_okay=False)],
    n: Annotated[int, typer.Option("--n", min=10, help="Samples to plan.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """Go the whole way from a source to a release.

    Imports, generates on the offline provider, measures, corrects, releases and exports.
    """
    # Imported here: launching alone starts no process.
    from app.up import ensure_workers
    from core.jobs.demo import run_demo

    with opened() as workspace, ensure_workers(workspace):
        found = run_demo(workspace, source, n, out, note)
    print_record(found, as_json, leave_out=("bias",))
    if not as_json:
        _print_bias(found.bias)


def _print_bias(bias: dict[str, Any]) -> None:
    """Groups with a declared target, and the strongest association; --json has all of it."""
    for variable, found in bias["representation"].items():
        if found["is_declared"]:
            shares = (
                f"{group} {row['share']:.1%} of {row['target']:.0%}"
                for group, row in found["groups"].items()
            )
            typer.echo(f"bias, {variable.replace('_', ' ')} (share of target): {', '.join(shares)}")
    tests = [test for test in bias["weat"] if test["effect_size"] is not None]
    if tests:
        top = min(tests, key=lambda test: test["p"])
        typer.echo(
            f"bias, WEAT: of {len(tests)} tests the strongest is {top['list']}, {top['x']} against "
            f"{top['y']}: d {top['effect_size']:.2f}, p {top['p']:.4f}, "
            f"{top['adjusted_p']:.3f} after Holm's correction"
        )
