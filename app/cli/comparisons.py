"""`seedbed comparisons`: launch, list, show."""

import secrets
from typing import Annotated, Any

import typer

from app.cli.batches import usd
from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_json, print_rows
from app.cli.sources import find_source
from app.cli.template_arguments import version_id_of
from app.cli.waiting import launched
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest
from core.insight.comparing.report import ComparisonReport, comparison_report
from core.jobs import comparing
from core.templates.versions import get_template

app = typer.Typer(help="Run two versions or models over one plan.", no_args_is_help=True)


@app.command()
def launch(
    template: Annotated[str, typer.Argument(help="Name or id of the template.")],
    a: Annotated[str, typer.Option("--a", help="Version of side A; the newest without.")] = "",
    b: Annotated[str, typer.Option("--b", help="Version of side B; the newest without.")] = "",
    a_model: Annotated[str, typer.Option(help="Model of side A.")] = "",
    b_model: Annotated[str, typer.Option(help="Model of side B.")] = "",
    provider: Annotated[str, typer.Option(help="Connection of both; the template's without.")] = "",
    b_provider: Annotated[str, typer.Option(help="Connection of side B, where another.")] = "",
    n: Annotated[int, typer.Option("--n", min=1, help="Samples a side.")] = 100,
    seed: Annotated[int | None, typer.Option(min=0, help="Of both; drawn without.")] = None,
    source: Annotated[list[str], typer.Option(help="A file or a source id; may be repeated.")] = [],  # noqa: B006 Typer copies the default of an option
    budget_usd: Annotated[
        str | None, typer.Option(help="Cap of each side in US dollars.", metavar="USD")
    ] = None,
    name: Annotated[str, typer.Option(help="Says what differs without.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Stay until both end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Launch two batches over the same plan, both or neither."""
    with opened() as workspace:
        ids = tuple(find_source(workspace, item).source_id for item in source)
        drawn = secrets.randbelow(2**31) if seed is None else seed
        sides = [
            LaunchRequest(
                version_id_of(workspace, template, version), n, connection=connection, model=model,
                seed=drawn, source_ids=ids, budget_usd=usd(budget_usd),
            )
            for version, connection, model in (
                (a, provider, a_model), (b, b_provider or provider, b_model)
            )
        ]  # fmt: skip
        found = comparing.launch_comparison(workspace, sides[0], sides[1], name)
        for batch_id in (found.a_batch_id, found.b_batch_id):
            launched(workspace, batch_id, n, wait)
        _print(workspace, found.comparison_id, as_json)


@app.command("list")
def list_(
    template: Annotated[str, typer.Option(help="Only those of this template.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List comparisons, newest first."""
    with opened() as workspace:
        template_id = get_template(workspace, template).template_id if template else None
        rows: list[Any] = [
            plain(pair.comparison)
            | {"a": pair.a.batch.state, "b": pair.b.batch.state, "n": pair.a.batch.n}
            for pair in comparing.list_comparisons(workspace, template_id=template_id, limit=limit)
        ]
    print_rows(rows, ["name", "n", "a", "b", "comparison_id"], as_json)


@app.command()
def show(
    comparison_id: Annotated[str, typer.Argument(help="Id of the comparison.")],
    as_json: AsJson = False,
) -> None:
    """Show both sides, and the tests once both have ended."""
    with opened() as workspace:
        _print(workspace, comparison_id, as_json)


def _print(workspace: Workspace, comparison_id: str, as_json: bool) -> None:
    pair = comparing.get_comparison(workspace, comparison_id)
    report = comparison_report(workspace, comparison_id)
    if as_json:
        found = plain(pair.comparison) | {"a": plain(pair.a.batch), "b": plain(pair.b.batch)}
        print_json(found | {"outcome": plain(report)})
        return
    typer.echo(f"{pair.comparison.name} ({comparison_id})")
    for letter, side in (("A", pair.a), ("B", pair.b)):
        batch = side.batch
        typer.echo(
            f"{letter}: version {side.version.number}, {batch.model}, {batch.state}, "
            f"{batch.generated + batch.failed} of {batch.n} samples ({batch.batch_id})"
        )
    _print_outcome(report)


def _print_outcome(report: ComparisonReport) -> None:
    if not report.is_final:
        note("The tests come when both have ended.")
        return
    for measure in report.measures:
        typer.echo(measure.sentence)
    for text in report.notes:
        note(text)
