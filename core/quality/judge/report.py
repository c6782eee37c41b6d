"""What judges gave by one version of a rubric, and how far to trust it. Reads only.

The statistics are `agreement`, `position` and `calibration`; this module joins them and says in
plain words what each figure means.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from typing import Final

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.tables import Attempt, Judgement, RubricVersion
from core.db.workspace import Workspace
from core.errors import NotFound
from core.quality.judge.agreement import (
    JudgePair,
    alpha_with_interval,
    judge_pair,
    preference_agreement,
)
from core.quality.judge.calibration import Calibration, calibrate
from core.quality.judge.loading import (
    Marks,
    Pairing,
    Preferences,
    conditions,
    load_marks,
    load_preferences,
    pairings,
)
from core.quality.judge.position import PositionBias, position_bias
from core.quality.judge.rubric import RubricDefinition
from core.quality.judge.rubrics import load_rubric
from core.quality.judge.statistics import Floats, Range
from core.templates.definition import CheckSettings

EVERYONE: Final = "all judges together"


@dataclass(frozen=True)
class JudgeRow:
    """One judge's scores."""

    judge: str
    samples: int
    mean_score: float | None  # None for a judge of pairs alone
    sd: float | None
    marks: dict[str, float]  # mean mark by criterion, on its own scale
    cost_usd: Decimal


@dataclass(frozen=True)
class CriterionRow:
    """One criterion over all judges."""

    criterion: str
    mean: float  # on its own scale
    counts: dict[int, int]  # judgements by mark
    alpha: Range | None  # Krippendorff's, ordinal; None with one judge, or where all is equal


@dataclass(frozen=True)
class JudgingReport:
    """The judgements by one version of a rubric."""

    rubric_version_id: str
    rubric: str
    number: int  # of the version
    samples: int
    judgements: int
    pairs: int
    is_cut: bool  # older judgements were left out
    judges: list[JudgeRow] = field(default_factory=list)
    criteria: list[CriterionRow] = field(default_factory=list)
    score_bins: list[tuple[float, float, int]] = field(default_factory=list)
    alpha: Range | None = None  # of the scores, interval level
    judge_pairs: list[JudgePair] = field(default_factory=list)
    position: dict[str, PositionBias] = field(default_factory=dict)  # by judge
    preference_agreement: Range | None = None
    pairings: list[Pairing] = field(default_factory=list)
    calibration: dict[str, Calibration] = field(default_factory=dict)  # by judge, and EVERYONE


def judging_report(
    workspace: Workspace,
    rubric_version_id: str,
    *,
    batch_ids: Sequence[str] = (),
    judging_ids: Sequence[str] = (),
    threshold: float | None = None,
) -> JudgingReport:
    """The report on one version, where given on samples of these batches or on these runs alone.

    `threshold` is the score that passes, else the default of `CheckSettings.judge`. Raises
    NotFound.
    """
    wanted = conditions(rubric_version_id, batch_ids, judging_ids)
    passes = CheckSettings().judge if threshold is None else threshold
    with workspace.read() as session:
        version = session.get(RubricVersion, rubric_version_id)
        if version is None:
            raise NotFound("rubric version", rubric_version_id)
        rubric = load_rubric(version)
        marks = load_marks(session, rubric, wanted)
        preferences = load_preferences(session, wanted)
        costs = _costs(session, rubric_version_id, judging_ids)
        compared = pairings(session, wanted) if preferences.pairs else []
    return JudgingReport(
        rubric_version_id=rubric_version_id,
        rubric=rubric.title,
        number=version.number,
        samples=len(marks.sample_ids),
        judgements=int((~np.isnan(marks.scores)).sum()),
        pairs=len(preferences.pairs),
        is_cut=marks.is_cut,
        judges=_judges(marks, preferences, costs),
        criteria=_criteria(rubric, marks),
        score_bins=_bins(_means(marks.scores)),
        alpha=alpha_with_interval(marks.scores, "interval") if len(marks.judges) > 1 else None,
        judge_pairs=_judge_pairs(marks),
        position={judge: position_bias(preferences.orders[judge]) for judge in preferences.judges},
        preference_agreement=preference_agreement(preferences.balance),
        pairings=compared,
        calibration=_calibration(marks, passes),
    )


def _means(values: Floats) -> Floats:
    """Means over the first axis of what is there, without those that have nothing."""
    known = ~np.isnan(values)
    has = known.any(axis=0)
    sums: Floats = np.where(known, values, 0.0).sum(axis=0)[has] / known.sum(axis=0)[has]
    return sums


def _judges(marks: Marks, preferences: Preferences, costs: dict[str, Decimal]) -> list[JudgeRow]:
    rows = []
    for judge in sorted({*marks.judges, *preferences.judges}):
        if judge not in marks.judges:
            rows.append(JudgeRow(judge, 0, None, None, {}, costs.get(judge, Decimal(0))))
            continue
        place = marks.judges.index(judge)
        known = ~np.isnan(marks.scores[place])
        scores = marks.scores[place][known]
        means = marks.marks[place][:, known].mean(axis=1)
        rows.append(
            JudgeRow(
                judge, int(known.sum()), float(scores.mean()), float(scores.std()),
                dict(zip(marks.criteria, means.tolist(), strict=True)),
                costs.get(judge, Decimal(0)),
            )
        )  # fmt: skip
    return rows


def _criteria(rubric: RubricDefinition, marks: Marks) -> list[CriterionRow]:
    rows = []
    for place, criterion in enumerate(rubric.criteria):
        given = marks.marks[:, place, :]
        known = given[~np.isnan(given)]
        if not known.size:
            continue
        counts = {mark: int((known == mark).sum()) for mark in criterion.marks}
        alpha = alpha_with_interval(given, "ordinal") if len(marks.judges) > 1 else None
        rows.append(CriterionRow(criterion.name, float(known.mean()), counts, alpha))
    return rows


def _bins(scores: Floats) -> list[tuple[float, float, int]]:
    if not scores.size:
        return []
    places = np.minimum((scores * 10 + 1e-9).astype(np.int64), 9)
    counts = np.bincount(places, minlength=10)
    return [(i / 10, (i + 1) / 10, int(counts[i])) for i in range(10)]


def _judge_pairs(marks: Marks) -> list[JudgePair]:
    return [
        judge_pair(
            marks.judges[a], marks.judges[b], (marks.marks[a], marks.marks[b]),
            (marks.scores[a], marks.scores[b]),
        )
        for a, b in combinations(range(len(marks.judges)), 2)
    ]  # fmt: skip


def _calibration(marks: Marks, threshold: float) -> dict[str, Calibration]:
    found = {}
    for place, judge in enumerate(marks.judges):
        both = ~np.isnan(marks.scores[place]) & ~np.isnan(marks.grades[place])
        found[judge] = calibrate(marks.scores[place][both], marks.grades[place][both], threshold)
    if len(marks.judges) > 1:
        graded = ~np.isnan(marks.grades)
        scores = np.where(graded, marks.scores, np.nan)
        found[EVERYONE] = calibrate(_means(scores), _means(marks.grades), threshold)
    return {judge: one for judge, one in found.items() if one.samples}


def _costs(
    session: Session, rubric_version_id: str, judging_ids: Sequence[str]
) -> dict[str, Decimal]:
    """What each judge's calls cost, failed ones included, by judge."""
    of_version = select(Judgement.batch_id).where(Judgement.rubric_version_id == rubric_version_id)
    query = (
        select(Attempt.connection, Attempt.model, func.sum(Attempt.cost_usd))
        .where(Attempt.batch_id.in_(of_version))
        .group_by(Attempt.connection, Attempt.model)
    )
    if judging_ids:
        query = query.where(Attempt.batch_id.in_(judging_ids))
    return {
        f"{connection} / {model}": Decimal(cost or 0)
        for connection, model, cost in session.execute(query)
    }
