"""`seedbed insight`: compute, show."""

from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, note, print_json, print_rows, progress_bar
from core.generation.batches import get_batch
from core.insight.metrics import METRICS
from core.insight.report import InsightView, compute_insight, load_insight
from core.quality.duplicates import compute_duplicates
from core.quality.report import QualityReport, quality_report

app = typer.Typer(help="Compute and show quality, diversity and bias.", no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(help="Id of the batch.")]


@app.command()
def compute(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Find duplicates, embed and measure a batch, in this process."""
    with opened() as workspace, progress_bar() as bar:
        get_batch(workspace, batch_id)
        compute_duplicates(workspace, batch_id)
        task = bar.add_task("Embedding", total=None)
        compute_insight(
            workspace, batch_id, lambda done, total: bar.update(task, completed=done, total=total)
        )
        view, quality = load_insight(workspace, batch_id), quality_report(workspace, [batch_id])
    _print(view, quality, as_json)


@app.command()
def show(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Show a batch's quality and insight as they stand."""
    with opened() as workspace:
        get_batch(workspace, batch_id)
        view, quality = load_insight(workspace, batch_id), quality_report(workspace, [batch_id])
    _print(view, quality, as_json)


def _print(view: InsightView, quality: QualityReport, as_json: bool) -> None:
    if as_json:
        print_json({"insight": view, "quality": quality})
        return
    rows = [
        {"metric": METRICS[name].label, "value": found.value, "samples": found.sample_size}
        for name, found in view.metrics.items()
    ]
    print_rows(rows, ["metric", "value", "samples"], as_json)
    print_rows(quality.checks, ["check", "found", "share", "mean_score"], as_json)
    note(f"Insight is {view.state}. {view.message}".strip())
