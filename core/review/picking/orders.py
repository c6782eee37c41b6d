"""By what a queue of samples can be ordered, as SQL expressions. Reads only."""

from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Subquery, case, func, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Judgement, Sample, TemplateVersion
from core.generation.samples import SampleFilter
from core.quality.thresholds.settings import check_settings
from core.templates.definition import CheckSettings

MERSENNE: Final = 2**31 - 1


def uncertainty(session: Session, filter: SampleFilter) -> list[ColumnElement[Any]]:
    """Undecided samples first, then the score nearest to a threshold of its own batch."""
    return [
        case((Sample.verdict == "needs_review", 0), else_=1),
        _distance(session, filter).asc().nulls_last(),
    ]


def judges_say() -> Subquery:
    """What judges said of each judged sample: sample_id, spread and mean of their scores."""
    score = Judgement.score
    return (
        select(
            Judgement.sample_id,
            (func.max(score) - func.min(score)).label("spread"),
            func.avg(score).label("mean"),
        )
        .where(score.is_not(None))
        .group_by(Judgement.sample_id)
        .subquery()
    )


def disagreement(said: Subquery) -> list[ColumnElement[Any]]:
    """The widest spread between judges first, then judges and checks farthest apart."""
    apart = func.abs(said.c.mean - Sample.quality_score)
    return [said.c.spread.desc().nulls_last(), apart.desc().nulls_last()]


def shuffled() -> ColumnElement[int]:
    """A fixed shuffle of plan indexes."""
    # Two rounds of modular mixing; every product stays below 2**63.
    mixed = (Sample.plan_index * 48_271 + 11) % MERSENNE
    return (mixed * mixed + Sample.plan_index * 69_621) % MERSENNE


def _distance(session: Session, filter: SampleFilter) -> ColumnElement[float]:
    """How far a score is from the nearer threshold of its own batch."""
    used = select(Batch, TemplateVersion).join(
        TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id
    )
    used = used.where(Batch.project_id == filter.project_id)
    if filter.batch_ids:
        used = used.where(Batch.batch_id.in_(filter.batch_ids))
    by_thresholds: dict[tuple[float, float], list[str]] = {}
    for batch, version in session.execute(used):
        checks = check_settings(batch, version)
        by_thresholds.setdefault((checks.accept_at, checks.reject_below), []).append(batch.batch_id)
    usual = CheckSettings()
    distance = _nearest(usual.accept_at, usual.reject_below)
    for thresholds, batch_ids in by_thresholds.items():
        if thresholds != (usual.accept_at, usual.reject_below):
            distance = case((Sample.batch_id.in_(batch_ids), _nearest(*thresholds)), else_=distance)
    return distance


def _nearest(accept_at: float, reject_below: float) -> ColumnElement[float]:
    high = func.abs(Sample.quality_score - accept_at)
    low = func.abs(Sample.quality_score - reject_below)
    return cast(ColumnElement[float], case((high < low, high), else_=low))
