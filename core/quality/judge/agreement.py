"""How far judges agree: on marks, on scores, on which of two is better. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.quality.judge.statistics import Floats, Range, bootstrap, spearman, wilson

Level = Literal["nominal", "ordinal", "interval"]
Weights = Literal["none", "linear", "quadratic"]
Places = NDArray[np.int64]
MOST_LEVELS: Final = 200  # different values above which only the interval level is counted
# Krippendorff 2004, Content Analysis, p. 241: rely on what reaches 0.8; from 0.667 tentatively.
RELIABLE: Final = 0.8
TENTATIVE: Final = 0.667


@dataclass(frozen=True, slots=True)
class JudgePair:
    """Two judges on the samples that both judged."""

    one: str
    other: str
    samples: int
    same: Range | None  # share of equal marks over all criteria; None without samples
    near: Range | None  # share of marks at most one step apart
    kappa: float | None  # Cohen's, quadratic weights, mean of the criteria that have one
    spearman: float | None  # of their scores


def krippendorff_alpha(ratings: Floats, level: Level = "ordinal") -> float | None:
    """Krippendorff's alpha: 1 is agreement, 0 what chance would give, below 0 is contradiction.

    `ratings` is (raters, units), nan where a rater gave none; units with fewer than two count
    nothing. None where no two ratings can be compared, or all are equal.
    Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, sections C to E.
    """
    measure, units = _alpha_of(ratings, level)
    return measure(np.arange(units))


def alpha_with_interval(ratings: Floats, level: Level = "ordinal") -> Range | None:
    """Krippendorff's alpha with a bootstrap interval over units."""
    measure, units = _alpha_of(ratings, level)
    return bootstrap(measure, units)


def _alpha_of(ratings: Floats, level: Level) -> tuple[Callable[[Places], float | None], int]:
    """Alpha as a function of the units that count, and how many units there are."""
    values = ratings[:, (~np.isnan(ratings)).sum(axis=0) >= 2]
    levels = np.unique(values[~np.isnan(values)])
    if level == "interval" or len(levels) > MOST_LEVELS:
        sums = _sums(values)
        return lambda at: _interval_alpha(sums[at]), values.shape[1]
    counts = np.zeros((values.shape[1], len(levels)))
    for place, mark in enumerate(levels):
        counts[:, place] = (values == mark).sum(axis=0)
    return lambda at: _alpha_of_counts(counts[at], levels, level), values.shape[1]


def _sums(values: Floats) -> Floats:
    """(units, 4): ratings, their sum, their sum of squares, squared differences within the unit.

    Over ordered pairs of a unit, the sum of (a - b)^2 is 2 m sum a^2 - 2 (sum a)^2.
    """
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    m, total, squares = known.sum(axis=0), filled.sum(axis=0), (filled**2).sum(axis=0)
    within = 2 * (m * squares - total**2) / np.maximum(m - 1, 1)
    return np.stack([m, total, squares, within], axis=1).astype(np.float64)


def _interval_alpha(sums: Floats) -> float | None:
    """The same for squared differences, from sums: as quick for many different values."""
    n, total, squares, within = (float(part) for part in sums.sum(axis=0))
    if n < 2:
        return None
    expected = 2 * (n * squares - total**2) / (n * (n - 1))
    return None if expected < 1e-12 else 1.0 - within / n / expected


def _alpha_of_counts(counts: Floats, levels: Floats, level: Level) -> float | None:
    """`counts` is (units, levels): how many raters gave each."""
    if not counts.size:
        return None
    shares = counts / (counts.sum(axis=1) - 1)[:, None]
    coincidences = counts.T @ shares - np.diag(shares.sum(axis=0))
    totals = coincidences.sum(axis=1)
    distances = _distances(levels, totals, level)
    expected = float(totals @ distances @ totals)
    if expected < 1e-12:
        return None
    observed = float((coincidences * distances).sum())
    return 1.0 - (float(totals.sum()) - 1) * observed / expected


def _distances(levels: Floats, totals: Floats, level: Level) -> Floats:
    """Squared differences between levels, (levels, levels)."""
    if level == "nominal":
        return 1.0 - np.eye(len(levels))
    if level == "interval":
        return np.asarray((levels[:, None] - levels[None, :]) ** 2)
    # Ordinal: how many ratings lie between two levels, half of their own included.
    middle = np.cumsum(totals) - totals / 2
    return np.asarray((middle[:, None] - middle[None, :]) ** 2)


def cohen_kappa(a: Floats, b: Floats, weights: Weights = "quadratic") -> float | None:
    """Cohen's kappa of two raters on the same units; None where chance alone explains everything.

    Weights count the steps between marks by their order among those given. Source: Cohen 1968,
    Weighted kappa, Psychological Bulletin 70.
    """
    if len(a) == 0:
        return None
    levels, at = np.unique(np.concatenate((a, b)), return_inverse=True)
    k = len(levels)
    table = np.zeros((k, k))
    np.add.at(table, (at[: len(a)], at[len(a) :]), 1)
    steps = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(np.float64)
    cost = (steps > 0).astype(np.float64) if weights == "none" else steps
    cost = cost**2 if weights == "quadratic" else cost
    expected = float((cost * np.outer(table.sum(axis=1), table.sum(axis=0))).sum()) / len(a)
    return None if expected < 1e-12 else 1.0 - float((cost * table).sum()) / expected


def judge_pair(
    one: str, other: str, marks: tuple[Floats, Floats], scores: tuple[Floats, Floats]
) -> JudgePair:
    """Two judges side by side. Marks are (criteria, samples), scores (samples,), nan where none."""
    both = ~np.isnan(scores[0]) & ~np.isnan(scores[1])
    samples = int(both.sum())
    if not samples:
        return JudgePair(one, other, 0, None, None, None, None)
    a, b = marks[0][:, both].ravel(), marks[1][:, both].ravel()
    gap = np.abs(a - b)
    return JudgePair(
        one,
        other,
        samples,
        wilson(int((gap == 0).sum()), len(gap)),
        wilson(int((gap <= 1).sum()), len(gap)),
        _mean_kappa(marks[0][:, both], marks[1][:, both]),
        spearman(scores[0][both], scores[1][both]),
    )


def _mean_kappa(a: Floats, b: Floats) -> float | None:
    """By criterion, then the mean: over pooled marks, easy and hard criteria would agree alone."""
    found = [cohen_kappa(one, other) for one, other in zip(a, b, strict=True)]
    known = [kappa for kappa in found if kappa is not None]
    return sum(known) / len(known) if known else None


def preference_agreement(preferences: NDArray[np.float64]) -> Range | None:
    """How often two judges prefer the same one of a pair, over all pairs of judges.

    `preferences` is (judges, pairs): 1 the sample, -1 the other, 0 a tie, nan where not asked.
    None where no pair was judged twice.
    """
    same = total = 0
    for place in range(len(preferences)):
        for later in range(place + 1, len(preferences)):
            one, other = preferences[place], preferences[later]
            both = ~np.isnan(one) & ~np.isnan(other)
            total += int(both.sum())
            same += int((one[both] == other[both]).sum())
    return wilson(same, total) if total else None
