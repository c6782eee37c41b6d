"""`seedbed gaps`: list, measure, fill."""

from typing import Annotated

import typer

from app.cli.batches import Usd, usd
from app.cli.insight import ScopeId
from app.cli.opening import opened
from app.cli.output import AsJson, note, print_json, print_record, print_rows, progress_bar
from app.cli.waiting import launched, print_launched
from core.insight.coverage.gaps import Gap
from core.insight.coverage.grid_view import grid_view
from core.insight.coverage.reference_meanings import MEANINGS
from core.insight.coverage.reference_report import Part
from core.jobs.aimed.filling_gaps import FillRequest, estimate_fill, fill_gaps
from core.jobs.pairs.reference_coverage import ReferenceView, load_coverage, request_coverage

app = typer.Typer(help="Find what is missing, and generate for it.", no_args_is_help=True)

Reference = Annotated[
    str, typer.Option(help="Its parts, as measured with `measure`; the template's grid without.")
]
AtLeast = Annotated[
    int, typer.Option(min=0, help="Samples that every cell wants, whatever its share.")
]


@app.command("list")
def list_(
    scope_id: ScopeId, reference: Reference = "", at_least: AtLeast = 1, as_json: AsJson = False
) -> None:
    """List the gaps of a scope, those that miss the most first."""
    with opened() as workspace:
        if reference:
            _print_reference(load_coverage(workspace, scope_id, reference), as_json)
            return
        view = grid_view(workspace, scope_id, at_least=at_least)
    if as_json:
        print_json({"coverage": view.share, "coverage_before": view.share_before,
                    "cells": view.total, "filled": view.filled,
                    "gaps": view.gaps, "fills": view.fills})  # fmt: skip
        return
    _print_gaps(view.gaps)
    share = "no grid" if view.share is None else f"{view.share:.1%}"
    note(f"{view.filled:,} of {view.total:,} cells filled: {share}.")


@app.command()
def measure(
    scope_id: ScopeId,
    reference_id: Annotated[str, typer.Argument(help="What the texts should be like: a scope.")],
    part: Annotated[Part, typer.Option(help="Which texts are compared.")] = "texts",
    as_json: AsJson = False,
) -> None:
    """Measure what a scope covers of a reference, in this process and to the end."""
    from core.jobs.pairs.measuring_coverage import measure_now

    with opened() as workspace, progress_bar() as bar:
        task = bar.add_task("Embedding", total=None)
        request_coverage(workspace, scope_id, reference_id, part)
        measure_now(
            workspace, scope_id, reference_id,
            lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
        view = load_coverage(workspace, scope_id, reference_id)
    _print_reference(view, as_json)


def _print_reference(view: ReferenceView, as_json: bool) -> None:
    if as_json:
        print_json(view)
        return
    rows = [
        {"figure": MEANINGS[name].label, "value": found.value, "error": found.error,
         "texts": found.sample_size}
        for name, found in view.report.now.items()
    ]  # fmt: skip
    print_rows(rows, ["figure", "value", "error", "texts"], as_json)
    _print_gaps([gap for gap in view.report.gaps if gap.is_certain])
    note(f"Coverage is {view.state}. {view.message}".strip())


def _print_gaps(gaps: list[Gap]) -> None:
    rows = [
        {"gap_id": gap.gap_id, "wanted": gap.wanted, "present": gap.present,
         "missing": gap.missing, "label": gap.label}
        for gap in gaps
    ]  # fmt: skip
    print_rows(rows, ["gap_id", "wanted", "present", "missing", "label"], False)


@app.command()
def fill(
    scope_id: ScopeId,
    gap_id: Annotated[list[str], typer.Argument(help="Ids of gaps, as `list` shows them.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Samples to generate.")] = 200,
    reference: Reference = "",
    template_version: Annotated[str, typer.Option(help="The scope's own without.")] = "",
    at_least: AtLeast = 1,
    provider: Annotated[str, typer.Option(help="Connection; that of the scope's batch.")] = "",
    model: Annotated[str, typer.Option(help="That of the scope's batch without.")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Drawn without.")] = None,
    budget_usd: Usd = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it ends.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the estimate and launch nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Launch a batch aimed at gaps: several cells of a grid, or one part of a reference."""
    request = FillRequest(
        scope_id, tuple(gap_id), n, reference_id=reference, template_version_id=template_version,
        at_least=at_least, connection=provider, model=model, seed=seed, budget_usd=usd(budget_usd),
    )  # fmt: skip
    with opened() as workspace:
        if dry_run:
            print_record(estimate_fill(workspace, request), as_json)
            return
        batch_id = fill_gaps(workspace, request).batch_id
        found = launched(workspace, batch_id, n, wait)
    print_launched(found, wait, as_json)
