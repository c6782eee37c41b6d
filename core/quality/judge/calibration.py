"""How far a judge's scores follow what people decided. Pure.

A person who accepts a sample as it is says 1, one who rejects it 0, and one who had to correct it
0.5. Where yes or no is asked, a corrected sample is a no: it was not good as it was.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.quality.judge.agreement import cohen_kappa
from core.quality.judge.statistics import (
    Floats,
    Range,
    bootstrap,
    kendall,
    pearson,
    ranked_higher,
    spearman,
    wilson,
)

Flags = NDArray[np.bool_]
BINS: Final = 10
FEW: Final = 30  # reviews below which figures are only a hint


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Samples whose score lies in one tenth of the scale, and what people made of them."""

    low: float
    high: float  # exclusive, but for the last
    samples: int
    mean_score: float
    accepted: Range  # share that people accepted as they were


@dataclass(frozen=True, slots=True)
class Confusion:
    """A threshold on the judge's score against people's yes or no."""

    threshold: float
    both_yes: int
    only_judge: int  # the judge passes it, people do not
    only_people: int
    both_no: int

    @property
    def samples(self) -> int:
        return self.both_yes + self.only_judge + self.only_people + self.both_no

    @property
    def right(self) -> Range:
        """Share of samples on which judge and people agree."""
        return wilson(self.both_yes + self.both_no, self.samples)

    @property
    def precision(self) -> Range:
        """Share of what the judge passes that people accept."""
        return wilson(self.both_yes, self.both_yes + self.only_judge)

    @property
    def recall(self) -> Range:
        """Share of what people accept that the judge passes."""
        return wilson(self.both_yes, self.both_yes + self.only_people)


@dataclass(frozen=True)
class Calibration:
    """A judge beside people, on the samples that both looked at."""

    samples: int
    accepted: int  # by people, as they were
    spearman: Range | None  # None where scores or decisions do not vary, or with fewer than three
    pearson: Range | None
    kendall: float | None
    ranked_higher: float | None  # how likely an accepted sample scores above another one
    kappa: float | None  # Cohen's, of yes and no at the threshold
    confusion: Confusion
    best: Confusion  # at the threshold that agrees with people most
    bins: list[ReliabilityBin]
    gap: float | None  # mean distance between score and share accepted, by bin (ECE)


def calibrate(scores: Floats, grades: Floats, threshold: float) -> Calibration:
    """Judge's scores, (n,) from 0 to 1, against people's grades, (n,) of 0, 0.5 and 1.

    Source of the gap: Naeini et al. 2015, expected calibration error over equal bins.
    """
    good = grades >= 1.0
    bins = reliability(scores, good)
    n = len(scores)
    passed = (scores >= threshold).astype(np.float64)
    return Calibration(
        samples=n,
        accepted=int(good.sum()),
        spearman=bootstrap(lambda at: spearman(scores[at], grades[at]), n) if n else None,
        pearson=bootstrap(lambda at: pearson(scores[at], grades[at]), n) if n else None,
        kendall=kendall(scores, grades),
        ranked_higher=ranked_higher(scores, good),
        kappa=cohen_kappa(passed, good.astype(np.float64), "none"),
        confusion=confusion(scores, good, threshold),
        best=best_threshold(scores, good),
        bins=bins,
        gap=sum(b.samples * abs(b.mean_score - b.accepted.value) for b in bins) / n if n else None,
    )


def confusion(scores: Floats, good: Flags, threshold: float) -> Confusion:
    """The four counts at one threshold; a score on it passes."""
    passed, yes = scores >= threshold, good
    return Confusion(
        threshold,
        int((passed & yes).sum()),
        int((passed & ~yes).sum()),
        int((~passed & yes).sum()),
        int((~passed & ~yes).sum()),
    )


def best_threshold(scores: Floats, good: Flags) -> Confusion:
    """The threshold, among the scores given and 1, that is right most often; the lowest of equals.

    It was chosen on these samples, so on others it does a little worse.
    """
    order = np.argsort(scores, kind="stable")
    ranked, sorted_yes = scores[order], good[order]
    values, starts = np.unique(ranked, return_index=True)
    # At the i-th value all before it fail: right are the bad ones before and the good ones after.
    bad_before = np.concatenate(([0], np.cumsum(~sorted_yes)))[starts]
    good_after = int(good.sum()) - np.concatenate(([0], np.cumsum(sorted_yes)))[starts]
    if not len(values):
        return confusion(scores, good, 1.0)
    best = int(np.argmax(bad_before + good_after))
    return confusion(scores, good, float(values[best]))


def reliability(scores: Floats, good: Flags) -> list[ReliabilityBin]:
    """The tenths of the scale that have samples, from low to high."""
    places = np.minimum((scores * BINS + 1e-9).astype(np.int64), BINS - 1)
    found = []
    for place in range(BINS):
        inside = places == place
        if inside.any():
            found.append(
                ReliabilityBin(
                    place / BINS,
                    (place + 1) / BINS,
                    int(inside.sum()),
                    float(scores[inside].mean()),
                    wilson(int(good[inside].sum()), int(inside.sum())),
                )
            )
    return found
