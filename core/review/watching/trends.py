"""How a template's batches did one after the other: score, acceptance, defects, diversity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import DEFAULT_PROJECT_ID, Batch, InsightReport, TemplateVersion
from core.db.workspace import Workspace
from core.generation.batches import KEPT_KINDS
from core.insight.contents import CONTENTS, MetricValue
from core.insight.diversity.metrics import METRICS
from core.quality.breakdown import GroupQuality, quality_by
from core.quality.intervals import Average, Rate, average_of, rate_of

LONGEST: Final = 100  # batches


@dataclass(frozen=True)
class TrendPoint:
    """One batch on the way."""

    batch_id: str
    name: str
    created_at: datetime
    version: int  # number of its template version
    model: str
    samples: int
    acceptance: Rate  # accepted samples, of all
    score: Average  # of the generated samples
    defects: dict[str, Rate]  # by check: samples with a score below 1, of all; 0 is left out
    diversity: dict[str, MetricValue]  # by metric, of its insight report; {} before there is one


def quality_trend(
    workspace: Workspace,
    template_id: str | None = None,
    *,
    limit: int = 30,
    project_id: str = DEFAULT_PROJECT_ID,
) -> list[TrendPoint]:
    """The newest `limit` batches with samples, oldest first: of one template, or of the project.

    Rates are as decided by the thresholds of the time: a moved threshold shows as a step.
    """
    with workspace.read() as session:
        rows = _batches(session, template_id, project_id, min(limit, LONGEST))
        diversity = _diversity(session, [batch.batch_id for batch, _ in rows])
    found: dict[str, GroupQuality] = {}
    if rows:
        ids = [batch.batch_id for batch, _ in rows]
        found = {group.key: group for group in quality_by(workspace, "batch", batch_ids=ids)}
    return [
        _point(batch, version, found.get(batch.batch_id), diversity.get(batch.batch_id, {}))
        for batch, version in reversed(rows)
    ]


def _batches(
    session: Session, template_id: str | None, project_id: str, limit: int
) -> Sequence[tuple[Batch, int]]:
    query = (
        select(Batch, TemplateVersion.number)
        .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
        .where(
            Batch.project_id == project_id, Batch.kind.in_(KEPT_KINDS),
            Batch.generated + Batch.failed > 0,
        )
        .order_by(Batch.created_at.desc(), Batch.batch_id.desc())
        .limit(limit)
    )  # fmt: skip
    if template_id is not None:
        query = query.where(TemplateVersion.template_id == template_id)
    return session.execute(query).all()


def _diversity(session: Session, batch_ids: Sequence[str]) -> dict[str, dict[str, MetricValue]]:
    rows = session.execute(
        select(InsightReport.scope_id, InsightReport.report).where(
            InsightReport.scope_id.in_(batch_ids), InsightReport.computed_at.is_not(None)
        )
    )
    return {batch_id: _metrics(report) for batch_id, report in rows}


def _metrics(report: Mapping[str, Any]) -> dict[str, MetricValue]:
    measured = CONTENTS.validate_python(dict(report)).metrics
    return {name: measured[name] for name in METRICS if name in measured}


def _point(
    batch: Batch, version: int, group: GroupQuality | None, diversity: dict[str, MetricValue]
) -> TrendPoint:
    return TrendPoint(
        batch_id=batch.batch_id,
        name=batch.name,
        created_at=batch.created_at,
        version=version,
        model=batch.model,
        samples=0 if group is None else group.samples,
        acceptance=rate_of(0, 0) if group is None else group.acceptance,
        score=average_of(0, 0.0, 0.0) if group is None else group.score,
        defects={} if group is None else group.defects,
        diversity=diversity,
    )
