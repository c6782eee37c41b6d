"""The quality of one or more batches in figures, aggregated in the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Float, case, cast, distinct, func, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Finding, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.quality.intervals import rate_of
from core.quality.registry import CHECKS
from core.quality.scoring import ACCEPTED, NEEDS_REVIEW, OTHER_WEIGHT, REJECTED

BINS: Final = 10  # of the histogram, each 1 / BINS wide; the last includes 1
VALUES_PER_VARIABLE: Final = 50
BROKEN_DOWN_BY: Final = ("category", "subcategory")  # kinds of sampler


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What one check found among the samples."""

    check: str
    found: int  # samples with a score below 1
    share: float  # of all samples
    mean_score: float  # over all samples; one without a finding counts 1
    low: float = 0.0  # 95 % interval of the share, Wilson's
    high: float = 0.0
    lost: float = 0.0  # mean quality that it took away: weight x (1 - score), over all samples


@dataclass(frozen=True, slots=True)
class VariableRow:
    """The samples with one value of one variable."""

    variable: str
    value: str
    samples: int
    accepted: int
    mean_score: float | None  # of the generated ones


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Quality of the chosen batches. Shares are of all samples, failed ones included."""

    samples: int
    generated: int
    failed: int
    schema_compliance: float | None  # share that satisfied the schema; None without samples
    mean_score: float | None  # of the generated samples; None where there are none
    verdicts: dict[str, int]  # accepted, needs_review, rejected
    reviewed: int  # samples whose verdict a person gave
    checks: list[CheckRow]  # every registered check, in its order, then others found
    score_histogram: list[tuple[float, float, int]]  # low, high, generated samples
    by_variable: list[VariableRow]


def quality_report(
    workspace: Workspace, batch_ids: Sequence[str], *, with_variables: bool = True
) -> QualityReport:
    """The figures of all samples in these batches; zeros and None where there are none."""
    chosen = list(batch_ids)
    with workspace.read() as session:
        totals = _totals(session, chosen)
        broken = _schema_failures(session, chosen)
        return QualityReport(
            samples=totals.samples,
            generated=totals.generated,
            failed=totals.samples - totals.generated,
            schema_compliance=(
                (totals.generated - broken) / totals.samples if totals.samples else None
            ),
            mean_score=totals.score / totals.scored if totals.scored else None,
            verdicts=totals.verdicts,
            reviewed=totals.reviewed,
            checks=_checks(session, chosen, totals.samples),
            score_histogram=[(i / BINS, (i + 1) / BINS, n) for i, n in enumerate(totals.bins)],
            by_variable=_by_variable(session, chosen) if with_variables else [],
        )


@dataclass
class _Totals:
    samples: int = 0
    generated: int = 0
    scored: int = 0
    score: float = 0.0
    reviewed: int = 0
    verdicts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys((ACCEPTED, NEEDS_REVIEW, REJECTED), 0)
    )
    bins: list[int] = field(default_factory=lambda: [0] * BINS)


def _totals(session: Session, batch_ids: list[str]) -> _Totals:
    """Everything that one look at each sample can say: a batch's rows are read once."""
    score = cast(Sample.quality_score, Float)
    place = case(*((score < (i + 1) / BINS, i) for i in range(BINS - 1)), else_=BINS - 1)
    seen = (
        select(Sample.verdict, Sample.state, Sample.is_reviewed, score.label("score"),
               place.label("place"))
        .where(Sample.batch_id.in_(batch_ids))
        .subquery()
    )  # fmt: skip
    groups = (seen.c.verdict, seen.c.state, seen.c.is_reviewed, seen.c.place)
    rows = session.execute(
        select(*groups, func.count(), func.count(seen.c.score), func.sum(seen.c.score)).group_by(
            *groups
        )
    )
    totals = _Totals()
    for verdict, state, is_reviewed, position, number, scored, total in rows:
        totals.samples += number
        totals.generated += number if state == "generated" else 0
        totals.reviewed += number if is_reviewed else 0
        totals.scored += scored
        totals.score += float(total or 0.0)
        totals.bins[position] += scored
        if verdict in totals.verdicts:
            totals.verdicts[verdict] += number
    return totals


def _schema_failures(session: Session, batch_ids: list[str]) -> int:
    """Generated samples that break their schema all the same."""
    statement = (
        select(func.count(distinct(Sample.sample_id)))
        .join(Finding, Finding.sample_id == Sample.sample_id)
        .where(
            Sample.batch_id.in_(batch_ids),
            Sample.state == "generated",
            Finding.check == "schema",
            Finding.score < 1,
        )
    )
    return session.scalar(statement) or 0


def _checks(session: Session, batch_ids: list[str], samples: int) -> list[CheckRow]:
    statement = (
        select(
            Finding.check,
            func.sum(case((Finding.score < 1, 1), else_=0)),
            func.sum(1 - Finding.score),
        )
        .join(Sample, Sample.sample_id == Finding.sample_id)
        .where(Sample.batch_id.in_(batch_ids))
        .group_by(Finding.check)
        .order_by(Finding.check)
    )
    found = {name: (int(count), float(lost)) for name, count, lost in session.execute(statement)}
    rows = []
    for name in [*CHECKS, *(name for name in found if name not in CHECKS)]:
        count, lost = found.get(name, (0, 0.0))
        share, loss = (count / samples, lost / samples) if samples else (0.0, 0.0)
        rate = rate_of(count, samples)
        weight = CHECKS[name].weight if name in CHECKS else OTHER_WEIGHT
        rows.append(
            CheckRow(
                name, count, share, 1.0 - loss, rate.low or 0.0, rate.high or 0.0, weight * loss
            )
        )
    return rows


def _by_variable(session: Session, batch_ids: list[str]) -> list[VariableRow]:
    return [
        row
        for name in category_names(session, batch_ids)
        for row in _variable_rows(session, batch_ids, name)
    ]


def category_names(session: Session, batch_ids: list[str]) -> list[str]:
    """Variables with listed values in any of the batches' templates, in order of definition."""
    versions = select(Batch.template_version_id).where(Batch.batch_id.in_(batch_ids))
    definitions = session.scalars(
        select(TemplateVersion.definition).where(TemplateVersion.template_version_id.in_(versions))
    )
    return list(
        dict.fromkeys(
            variable["name"]
            for definition in definitions
            for variable in definition.get("variables", [])
            if variable.get("sampler", {}).get("kind") in BROKEN_DOWN_BY
        )
    )


def _variable_rows(session: Session, batch_ids: list[str], name: str) -> list[VariableRow]:
    """The most frequent VALUES_PER_VARIABLE values."""
    valued = (
        select(
            Sample.variables[name].as_string().label("value"),
            Sample.verdict,
            Sample.quality_score,
        )
        .where(Sample.batch_id.in_(batch_ids))
        .subquery()
    )
    count = func.count()
    statement = (
        select(
            valued.c.value,
            count,
            func.sum(case((valued.c.verdict == ACCEPTED, 1), else_=0)),
            func.avg(valued.c.quality_score),
        )
        .where(valued.c.value.is_not(None))
        .group_by(valued.c.value)
        .order_by(count.desc(), valued.c.value)
        .limit(VALUES_PER_VARIABLE)
    )
    return [
        VariableRow(name, str(value), number, int(accepted), None if mean is None else float(mean))
        for value, number, accepted, mean in session.execute(statement)
    ]
