"""What each version of a template yielded, in figures with their intervals.

Summed in the database; one pass over the template's samples, findings and calls. Batches of kinds
that become training data count. Versions ran over different plans at different times, so a mark
here is a hint; an A/B launch over one plan is the test.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, Double, case, cast, distinct, func, select, type_coerce
from sqlalchemy.orm import Session

from core.db.tables import Attempt, Batch, Finding, InsightReport, Sample, TemplateVersion
from core.db.types import to_usd
from core.db.workspace import Workspace
from core.generation.batches import KEPT_KINDS
from core.insight.bias.statistics import holm, wilson_interval
from core.insight.comparing.paired import ACCEPTED
from core.insight.comparing.significance import is_significant, two_means, two_shares
from core.insight.diversity.measures import Z_95

NANO_PER_USD: Final = 1e9
TWINS: Final = ("exact_duplicate", "near_duplicate")
MEASURES: Final = ("compliance", "acceptance", "quality", "cost", "duplicates")


@dataclass(frozen=True)
class Share:
    """A share with its Wilson interval; None of nothing."""

    value: float | None
    low: float
    high: float
    count: int
    total: int


@dataclass(frozen=True)
class Mean:
    """A mean or ratio with its normal 95 % interval; None where nothing was measured."""

    value: float | None
    low: float | None
    high: float | None
    error: float  # standard error
    total: int  # samples it rests on


@dataclass(frozen=True)
class Mark:
    """A difference to the version before that chance alone would rarely make."""

    measure: str  # see MEASURES
    is_better: bool
    adjusted_p: float  # after Holm's correction over MEASURES


@dataclass(frozen=True)
class VersionStatistics:
    """One saved version and what its batches yielded."""

    template_version_id: str
    number: int
    name: str
    batches: int
    samples: int
    generated: int
    compliance: Share  # samples that fit the schema, of all
    acceptance: Share  # accepted samples, of all
    quality: Mean  # score of the generated samples, 0 to 1
    cost_usd: Decimal  # of every call in its batches
    cost_per_accepted: Mean  # USD
    duplicates: Share  # generated samples with a twin, of those in batches that were looked at
    vendi_score: float | None  # of its newest measured batch: samples that differ in effect
    vendi_samples: int
    marks: tuple[Mark, ...] = field(default=())  # against the last version before with samples


def version_statistics(workspace: Workspace, template_id: str) -> list[VersionStatistics]:
    """The saved versions of a template, newest first; zeros for one without samples."""
    with workspace.read() as session:
        versions = session.execute(
            select(TemplateVersion.template_version_id, TemplateVersion.number,
                   TemplateVersion.name)
            .where(TemplateVersion.template_id == template_id, TemplateVersion.number > 0)
            .order_by(TemplateVersion.number)
        ).all()  # fmt: skip
        ids = [row.template_version_id for row in versions]
        sums = _samples(session, ids)
        broken, twins, costs = _broken(session, ids), _twins(session, ids), _costs(session, ids)
        vendi = _vendi(session, ids)
    found: list[VersionStatistics] = []
    before: VersionStatistics | None = None
    for row in versions:
        key = row.template_version_id
        now = _statistics(
            row, sums.get(key), broken.get(key, 0), twins.get(key, (0, 0)),
            costs.get(key), vendi.get(key, (None, 0)),
        )  # fmt: skip
        if before is not None and now.samples:
            now = replace(now, marks=marks_against(before, now))
        if now.samples:
            before = now
        found.append(now)
    return found[::-1]


def marks_against(before: VersionStatistics, now: VersionStatistics) -> tuple[Mark, ...]:
    """The measures in which the two differ beyond chance, corrected for looking at all of them."""
    tests = {
        "compliance": _shares_p(before.compliance, now.compliance),
        "acceptance": _shares_p(before.acceptance, now.acceptance),
        "quality": _means_p(before.quality, now.quality),
        "cost": _means_p(before.cost_per_accepted, now.cost_per_accepted),
        "duplicates": _shares_p(before.duplicates, now.duplicates),
    }
    known = {name: p for name, p in tests.items() if p is not None}
    found = []
    for name, p in zip(known, holm(list(known.values())), strict=True):
        if is_significant(p):
            rose = _value(now, name) > _value(before, name)
            found.append(Mark(name, rose != (name in ("cost", "duplicates")), p))
    return tuple(found)


def _value(row: VersionStatistics, measure: str) -> float:
    name = "cost_per_accepted" if measure == "cost" else measure
    value: float | None = getattr(row, name).value
    return math.nan if value is None else value


def _shares_p(a: Share, b: Share) -> float | None:
    return two_shares(a.count, a.total, b.count, b.total) if a.total and b.total else None


def _means_p(a: Mean, b: Mean) -> float | None:
    if a.value is None or b.value is None or min(a.total, b.total) < 2:
        return None
    return two_means(a.value, a.error, b.value, b.error)


def _statistics(
    version: Any,
    sums: Any,
    broken: int,
    twins: tuple[int, int],
    costs: Any,
    vendi: tuple[float | None, int],
) -> VersionStatistics:
    samples, generated = (int(sums.samples), int(sums.generated)) if sums else (0, 0)
    accepted = int(sums.accepted) if sums else 0
    return VersionStatistics(
        template_version_id=version.template_version_id,
        number=version.number,
        name=version.name,
        batches=int(sums.batches) if sums else 0,
        samples=samples,
        generated=generated,
        compliance=share(generated - broken, samples),
        acceptance=share(accepted, samples),
        quality=_mean(sums) if sums else NOTHING,
        cost_usd=to_usd(round(costs.cost)) if costs else Decimal(0),
        cost_per_accepted=ratio(
            float(costs.cost), float(costs.squares), float(costs.of_accepted), accepted, samples
        )
        if costs
        else NOTHING,
        duplicates=share(*twins),
        vendi_score=vendi[0],
        vendi_samples=vendi[1],
    )


NOTHING = Mean(None, None, None, 0.0, 0)


def share(count: int, total: int) -> Share:
    """A share with its Wilson interval."""
    low, high = wilson_interval(count, total)
    return Share(count / total if total else None, low, high, count, total)


def _mean(sums: Any) -> Mean:
    n = int(sums.scored)
    if not n:
        return NOTHING
    mean = float(sums.score) / n
    variance = max(float(sums.squares) / n - mean * mean, 0.0) * n / max(n - 1, 1)
    error = math.sqrt(variance / n)
    return Mean(mean, max(0.0, mean - Z_95 * error), min(1.0, mean + Z_95 * error), error, n)


def ratio(cost: float, squares: float, of_accepted: float, accepted: int, samples: int) -> Mean:
    """Cost per accepted sample in USD, from sums in nano-dollars over all samples: of the cost, of
    its square, of the cost of the accepted ones. None without an accepted sample.

    The interval is that of a ratio of two totals by linearisation. Source: Cochran 1977, Sampling
    Techniques, section 6.3.
    """
    if not accepted:
        return NOTHING
    value = cost / accepted
    residual = max(squares - 2 * value * of_accepted + value * value * accepted, 0.0)
    error = math.sqrt(residual * samples / max(samples - 1, 1)) / accepted
    low, high = max(0.0, value - Z_95 * error), value + Z_95 * error
    usd = [figure / NANO_PER_USD for figure in (value, low, high, error)]
    return Mean(usd[0], usd[1], usd[2], usd[3], samples)


def _of_kept(query: Any, ids: list[str]) -> Any:
    """The query over these versions' batches, one row a version."""
    return query.where(Batch.template_version_id.in_(ids), Batch.kind.in_(KEPT_KINDS)).group_by(
        Batch.template_version_id
    )


def _samples(session: Session, ids: list[str]) -> Mapping[str, Any]:
    score = cast(Sample.quality_score, Double)
    # Averages are summed within a batch first: the rows of one batch lie together.
    query = select(
        Batch.template_version_id.label("version"),
        func.count(distinct(Batch.batch_id)).label("batches"),
        func.count().label("samples"),
        func.sum(case((Sample.state == "generated", 1), else_=0)).label("generated"),
        func.sum(case((Sample.verdict == ACCEPTED, 1), else_=0)).label("accepted"),
        func.count(score).label("scored"),
        func.sum(score).label("score"),
        func.sum(score * score).label("squares"),
    ).join(Sample, Sample.batch_id == Batch.batch_id)
    return {row.version: row for row in session.execute(_of_kept(query, ids))}


def _broken(session: Session, ids: list[str]) -> dict[str, int]:
    """Generated samples that break their schema all the same."""
    query = (
        select(Batch.template_version_id, func.count())
        .join(Sample, Sample.batch_id == Batch.batch_id)
        .join(Finding, Finding.sample_id == Sample.sample_id)
        .where(Sample.state == "generated", Finding.check == "schema", Finding.score < 1)
    )
    return dict(session.execute(_of_kept(query, ids)).all())


def _twins(session: Session, ids: list[str]) -> dict[str, tuple[int, int]]:
    """Samples with a twin, and generated samples, of the batches whose report is ready."""
    ready = InsightReport.state == "ready"
    looked_at = (
        select(Batch.template_version_id, func.sum(Batch.generated))
        .join(InsightReport, InsightReport.scope_id == Batch.batch_id)
        .where(ready)
    )
    twins = (
        select(Batch.template_version_id, func.count(distinct(Sample.sample_id)))
        .join(InsightReport, InsightReport.scope_id == Batch.batch_id)
        .join(Sample, Sample.batch_id == Batch.batch_id)
        .join(Finding, Finding.sample_id == Sample.sample_id)
        .where(ready, Finding.check.in_(TWINS))
    )
    counts: dict[str, int] = dict(session.execute(_of_kept(twins, ids)).all())
    totals = session.execute(_of_kept(looked_at, ids))
    return {
        version: (min(int(counts.get(version, 0)), int(total)), int(total))
        for version, total in totals
    }


def _costs(session: Session, ids: list[str]) -> Mapping[str, Any]:
    """Nano-dollars: the cost of all samples, of the accepted ones, and the sum of squares."""
    nano = cast(func.sum(type_coerce(Attempt.cost_usd, BigInteger)), Double)
    per_sample = (
        select(
            Batch.template_version_id.label("version"),
            Attempt.batch_id,
            Attempt.plan_index,
            nano.label("cost"),
        )
        .join(Batch, Batch.batch_id == Attempt.batch_id)
        .where(
            Batch.template_version_id.in_(ids),
            Batch.kind.in_(KEPT_KINDS),
            Attempt.cost_usd > 0,
        )
        .group_by(Batch.template_version_id, Attempt.batch_id, Attempt.plan_index)
        .subquery()
    )
    accepted = case((Sample.verdict == ACCEPTED, per_sample.c.cost), else_=0.0)
    query = (
        select(
            per_sample.c.version,
            func.sum(per_sample.c.cost).label("cost"),
            func.sum(per_sample.c.cost * per_sample.c.cost).label("squares"),
            func.sum(accepted).label("of_accepted"),
        )
        .outerjoin(
            Sample,
            (Sample.batch_id == per_sample.c.batch_id)
            & (Sample.plan_index == per_sample.c.plan_index),
        )
        .group_by(per_sample.c.version)
    )
    return {row.version: row for row in session.execute(query)}


def _vendi(session: Session, ids: list[str]) -> dict[str, tuple[float | None, int]]:
    """The diversity of each version's newest measured batch."""
    query = (
        select(Batch.template_version_id, InsightReport.report["metrics"]["vendi_score"])
        .join(InsightReport, InsightReport.scope_id == Batch.batch_id)
        .where(
            Batch.template_version_id.in_(ids),
            Batch.kind.in_(KEPT_KINDS),
            InsightReport.state == "ready",
        )
        .order_by(InsightReport.computed_at)
    )
    return {
        version: (metric.get("value"), int(metric.get("sample_size", 0)))
        for version, metric in session.execute(query)
        if isinstance(metric, dict)
    }
