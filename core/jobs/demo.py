"""The whole way from a source to a release on the offline provider: free, and without a key."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.datasets.export.exporting import FORMATS, export_version
from core.datasets.query import DatasetQuery
from core.db.tables import Batch, Sample
from core.db.workspace import Workspace
from core.errors import Conflict
from core.generation.progress import batch_progress
from core.generation.samples import SampleFilter
from core.insight.report import InsightView
from core.jobs.demo_batch import launch_demo_batch
from core.jobs.releasing import request_dataset
from core.jobs.running.waiting import wait_for_batch, wait_for_dataset, wait_for_insight
from core.quality.report import quality_report
from core.review.decisions import submit_review
from core.review.picking.queue import next_samples

CORRECTIONS = 3
CLOSING = " If anything is unclear, reply here and a colleague will call you back."


@dataclass(frozen=True)
class DemoResult:
    """What the demonstration made and measured."""

    batch_id: str
    planned: int
    generated: int
    failed: int
    accepted: int
    needs_review: int
    rejected: int
    schema_compliance: float  # share of finished samples that satisfy the schema
    corrections: int
    diversity: dict[str, float | None]
    bias: dict[str, Any]
    cost_usd: Decimal
    elapsed_s: float  # of the generation alone
    dataset_version_id: str
    version: str
    split_counts: dict[str, int]
    content_id: str
    release: Path  # the immutable version in the workspace
    out: Path  # what a trainer needs


def run_demo(
    workspace: Workspace,
    source: Path,
    n: int,
    out: Path,
    on_step: Callable[[str], None] = lambda _step: None,
) -> DemoResult:
    """Import, generate, measure, correct, release and export. Workers must be running.

    Raises what the steps raise, and Conflict when the batch does not complete.
    """
    on_step(f"Importing {source.name} and generating {n} samples")
    batch = launch_demo_batch(workspace, source, n, f"Demo: {source.stem}")
    batch = wait_for_batch(workspace, batch.batch_id)
    if batch.state != "completed":
        raise Conflict(f"The batch is {batch.state}. {batch.message}", remedy="See its log.")
    on_step("Measuring duplicates, diversity and bias")
    insight = wait_for_insight(workspace, batch.batch_id)
    if insight.state == "failed":
        raise Conflict(f"The insight failed: {insight.message}", remedy="See the worker's log.")
    on_step(f"Correcting {CORRECTIONS} samples")
    corrections = [_correct(workspace, sample) for sample in _first_in_queue(workspace, batch)]
    on_step("Releasing a dataset version")
    query = DatasetQuery(batch_ids=(batch.batch_id,))
    version = request_dataset(workspace, f"demo-{source.stem}".replace("_", "-"), query)
    version = wait_for_dataset(workspace, version.dataset_version_id)
    if version.state != "released":
        raise Conflict(f"The release failed: {version.message}", remedy="See the worker's log.")
    on_step(f"Exporting to {out}")
    for name in FORMATS:
        export_version(workspace, version.dataset_version_id, name, out)
    progress = batch_progress(workspace, batch.batch_id)
    report = quality_report(workspace, [batch.batch_id])
    return DemoResult(
        batch_id=batch.batch_id,
        planned=progress.planned,
        generated=progress.generated,
        failed=progress.failed,
        accepted=progress.accepted,
        needs_review=progress.needs_review,
        rejected=progress.rejected,
        schema_compliance=report.schema_compliance or 0.0,
        corrections=len(corrections),
        diversity={name: metric.value for name, metric in insight.metrics.items()},
        bias=_bias(insight),
        cost_usd=progress.cost_usd,
        elapsed_s=progress.elapsed_s,
        dataset_version_id=version.dataset_version_id,
        version=version.version,
        split_counts=dict(version.split_counts),
        content_id=version.content_id or "",
        release=workspace.folder("datasets") / (version.folder or ""),
        out=out,
    )


def _first_in_queue(workspace: Workspace, batch: Batch) -> list[Sample]:
    wanted = SampleFilter(batch_ids=(batch.batch_id,), state="generated", is_reviewed=False)
    return next_samples(workspace, wanted, limit=CORRECTIONS)


def _correct(workspace: Workspace, sample: Sample) -> str:
    review = submit_review(
        workspace,
        sample.sample_id,
        "edit",
        expected_revision=sample.revision,
        corrected={"response": sample.response.rstrip() + CLOSING},
        correction_type="style",
        reason="Demonstration: a closing line was added.",
    )
    return review.review_id


def _bias(insight: InsightView) -> dict[str, Any]:
    representation = {
        item.variable: {
            "is_declared": not item.is_assumed,
            "groups": {
                row.group: {"share": row.share, "target": row.target, "p_value": row.adjusted_p}
                for row in item.rows
            },
        }
        for item in insight.bias.representation
    }
    associations = [
        {
            "list": a.word_list,
            "x": a.x,
            "y": a.y,
            "effect_size": a.effect_size,
            "p": a.p_value,
            "adjusted_p": a.adjusted_p,
        }
        for a in (*insight.bias.groups, *insight.bias.words)
    ]
    return {"representation": representation, "weat": associations}
