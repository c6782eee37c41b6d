"""`seedbed twins`: launch, list, show."""

from typing import Annotated

import typer

from app.cli.batches import usd
from app.cli.opening import opened
from app.cli.output import AsJson, note, plain, print_json, print_record, print_rows
from app.cli.waiting import launched
from core.generation.batches import get_batch
from core.jobs.pairs import twins

app = typer.Typer(help="Make and compare counterfactual twins.", no_args_is_help=True)
COLUMNS = ["outcome", "pairs", "before", "after", "difference", "low", "high", "adjusted_p"]


@app.command()
def launch(
    batch_id: Annotated[str, typer.Argument(help="Id of the batch.")],
    variable: Annotated[str, typer.Option(help="The variable that changes.")],
    value_from: Annotated[str, typer.Option("--from", help="Samples drawn with this value …")],
    value_to: Annotated[str, typer.Option("--to", help="… get this one instead.")],
    pairs: Annotated[int | None, typer.Option(min=1, help="At most so many; else all.")] = None,
    budget_usd: Annotated[
        str | None, typer.Option(help="Cap in US dollars.", metavar="USD")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the estimate, launch nothing.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until they are compared.")] = False,
    as_json: AsJson = False,
) -> None:
    """Generate samples again with one value changed, and compare the pairs."""
    request = twins.TwinRequest(
        batch_id, variable, value_from, value_to, pairs, budget_usd=usd(budget_usd)
    )
    with opened() as workspace:
        if dry_run:
            print_record(twins.estimate_twins(workspace, request), as_json)
            return
        found = twins.launch_twins(workspace, request)
        launched(workspace, found.twins_batch_id, found.planned, wait)
        if wait:
            # Imported here: launching alone compares nothing.
            from core.jobs.pairs.twins_measuring import measure_twins

            measure_twins(workspace, found.pair_report_id)
        _print(twins.get_twins(workspace, found.pair_report_id), as_json)


@app.command("list")
def list_(
    batch_id: Annotated[str, typer.Argument(help="Id of the batch.")], as_json: AsJson = False
) -> None:
    """List a batch's twins, newest first."""
    with opened() as workspace:
        get_batch(workspace, batch_id)
        found = twins.list_twins(workspace, batch_id)
    rows = [
        plain(one) | {
            "change": f"{one.report.variable}: {one.report.value_from} to {one.report.value_to}",
            "pairs": one.report.pairs,
        }
        for one in found
    ]  # fmt: skip
    print_rows(rows, ["change", "pairs", "state", "pair_report_id"], as_json)


@app.command()
def show(
    pair_report_id: Annotated[str, typer.Argument(help="Id of the twins' report.")],
    as_json: AsJson = False,
) -> None:
    """Show what a changed value did."""
    with opened() as workspace:
        _print(twins.get_twins(workspace, pair_report_id), as_json)


def _print(found: twins.Twins, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    report = found.report
    note(
        f"{report.variable}: {report.value_from} becomes {report.value_to}, {report.pairs} pairs, "
        f"{found.state}. {found.message}".strip()
    )
    note(f"Report {found.pair_report_id}, batch {found.twins_batch_id}.")
    print_rows(report.outcomes, COLUMNS, as_json)
    if report.terms:
        print_rows(report.terms, ["term", "only_before", "only_after"], as_json)
