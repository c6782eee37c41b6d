"""The quality of one or more batches in figures, aggregated in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Float, case, cast, distinct, func, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Finding, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.quality.registry import CHECKS
from core.quality.scoring import ACCEPTED, NEEDS_REVIEW, REJECTED

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


def quality_report(workspace: Workspace, batch_ids: Sequence[str]) -> QualityReport:
    """The figures of all samples in these batches; zeros and None where there are none."""
    chosen = list(batch_ids)
    with workspace.read() as session:
        totals = _totals(session, chosen)
        samples, generated, mean_score, reviewed = totals
        broken = _schema_failures(session, chosen)
        return QualityReport(
            samples=samples,
            generated=generated,
            failed=samples - generated,
            schema_compliance=(generated - broken) / samples if samples else None,
            mean_score=mean_score,
            verdicts=_verdicts(session, chosen),
            reviewed=reviewed,
            checks=_checks(session, chosen, samples),
            score_histogram=_histogram(session, chosen),
            by_variable=_by_variable(session, chosen),
        )


def _totals(session: Session, batch_ids: list[str]) -> tuple[int, int, float | None, int]:
    generated = case((Sample.state == "generated", 1), else_=0)
    row = session.execute(
        select(
            func.count(),
            func.sum(generated),
            func.avg(Sample.quality_score),
            func.sum(case((Sample.is_reviewed.is_(True), 1), else_=0)),
        ).where(Sample.batch_id.in_(batch_ids))
    ).one()
    mean = None if row[2] is None else float(row[2])
    return int(row[0]), int(row[1] or 0), mean, int(row[3] or 0)


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


def _verdicts(session: Session, batch_ids: list[str]) -> dict[str, int]:
    statement = (
        select(Sample.verdict, func.count())
        .where(Sample.batch_id.in_(batch_ids))
        .group_by(Sample.verdict)
    )
    counts = dict(session.execute(statement).all())
    return {name: counts.get(name, 0) for name in (ACCEPTED, NEEDS_REVIEW, REJECTED)}


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
        rows.append(CheckRow(name, count, share, 1.0 - loss))
    return rows


def _histogram(session: Session, batch_ids: list[str]) -> list[tuple[float, float, int]]:
    score = cast(Sample.quality_score, Float)
    bins = case(*((score < (i + 1) / BINS, i) for i in range(BINS - 1)), else_=BINS - 1)
    numbered = (
        select(bins.label("bin"))
        .where(Sample.batch_id.in_(batch_ids), Sample.quality_score.is_not(None))
        .subquery()
    )
    statement = select(numbered.c.bin, func.count()).group_by(numbered.c.bin)
    counts: dict[int, int] = dict(session.execute(statement).all())
    return [(i / BINS, (i + 1) / BINS, counts.get(i, 0)) for i in range(BINS)]


def _by_variable(session: Session, batch_ids: list[str]) -> list[VariableRow]:
    return [
        row
        for name in _category_names(session, batch_ids)
        for row in _variable_rows(session, batch_ids, name)
    ]


def _category_names(session: Session, batch_ids: list[str]) -> list[str]:
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
