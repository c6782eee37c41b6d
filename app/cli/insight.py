"""`seedbed insight`: scopes, compute, show, compare."""

from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, note, print_json, print_rows, progress_bar
from core.db.workspace import Workspace
from core.insight.bias.group_outcomes import differing
from core.insight.diversity.metrics import METRICS
from core.insight.records import ScopeKind
from core.insight.report import InsightView, load_insight
from core.insight.scopes import list_scopes
from core.quality.report import QualityReport, quality_report

app = typer.Typer(help="Compute and show quality, diversity and bias.", no_args_is_help=True)

ScopeId = Annotated[
    str,
    typer.Argument(help="Id of a batch, a template version, a dataset version or a source."),
]


@app.command()
def scopes(
    kind: Annotated[ScopeKind, typer.Option(help="Kind of scope.")] = "batch",
    as_json: AsJson = False,
) -> None:
    """List what a report can be about."""
    with opened() as workspace:
        rows = [
            {"id": row.scope.id, "name": row.name, "texts": row.texts, "note": row.note}
            for row in list_scopes(workspace, kind)
        ]
    print_rows(rows, ["id", "name", "texts", "note"], as_json)


@app.command()
def compute(scope_id: ScopeId, as_json: AsJson = False) -> None:
    """Check, embed and measure a scope, in this process and to the end."""
    from core.jobs.analysis.analysing import compute_insight
    from core.jobs.analysis.map_drawing import draw_map

    with opened() as workspace, progress_bar() as bar:
        task = bar.add_task("Embedding", total=None)
        compute_insight(
            workspace, scope_id, lambda done, total: bar.update(task, completed=done, total=total)
        )
        bar.update(bar.add_task("Drawing the map", total=None))
        draw_map(workspace, scope_id)
        _print(*_read(workspace, scope_id), as_json)


@app.command()
def show(scope_id: ScopeId, as_json: AsJson = False) -> None:
    """Show a scope's insight, and a batch's quality, as they stand."""
    with opened() as workspace:
        _print(*_read(workspace, scope_id), as_json)


@app.command()
def compare(a_id: ScopeId, b_id: ScopeId, as_json: AsJson = False) -> None:
    """Compare two scopes, in this process: measures, tests, examples."""
    from core.jobs.pairs.comparing_scopes import (
        compare_scopes,
        get_scope_comparison,
        request_scope_comparison,
    )

    with opened() as workspace, progress_bar() as bar:
        wanted = request_scope_comparison(workspace, a_id, b_id)
        task = bar.add_task("Embedding", total=None)
        compare_scopes(
            workspace, wanted.pair_report_id,
            lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
        found = get_scope_comparison(workspace, wanted.pair_report_id)
    if as_json:
        print_json(found)
        return
    columns = ["label", "a", "b", "difference", "low", "high", "adjusted_p", "better"]
    print_rows(found.report.measures, columns, as_json)
    note(f"The comparison is {found.state}. {found.message}".strip())


def _read(workspace: Workspace, scope_id: str) -> tuple[InsightView, QualityReport | None]:
    view = load_insight(workspace, scope_id)
    return view, quality_report(workspace, [view.batch_id]) if view.batch_id else None


def _print(view: InsightView, quality: QualityReport | None, as_json: bool) -> None:
    if as_json:
        print_json({"insight": view, "quality": quality})
        return
    rows = [
        {"metric": METRICS[name].label, "value": found.value, "error": found.error,
         "texts": found.sample_size}
        for name, found in view.metrics.items()
    ]  # fmt: skip
    print_rows(rows, ["metric", "value", "error", "texts"], as_json)
    differences = [
        {"groups_of": one.variable, "outcome": one.outcome, "found": one.note}
        for one in view.bias.disparities
        if differing(one)
    ]
    if differences:
        print_rows(differences, ["groups_of", "outcome", "found"], as_json)
    if quality is not None:
        print_rows(quality.checks, ["check", "found", "share", "mean_score"], as_json)
    stage = f", {view.stage}" if view.stage not in ("", "complete") else ""
    note(f"Insight is {view.state}{stage}. {view.message}".strip())
