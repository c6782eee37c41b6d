"""Whether a batch is worse than the ones before it: the tests behind the alerts. Pure.

A decline counts when it is beyond chance, with all measures of its kind corrected together, and
large enough to matter: with a hundred thousand samples nearly every difference is beyond chance.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.insight.bias.statistics import holm

ALPHA: Final = 0.01
RISE: Final = 0.01  # a defect rate that is one point higher matters …
FACTOR: Final = 2.0  # … and one that has doubled does, from FEWEST samples on
FEWEST: Final = 10
FALL: Final = 0.1  # a diversity that is a tenth lower matters
GROUPS: Final = 10  # disjoint draws from each batch
GROUP_SIZE: Final = 200  # texts in a draw: the size at which batches are compared
FEWEST_GROUPS: Final = 8  # with fewer, no difference could be beyond chance
FEWEST_TEXTS: Final = 160  # so that a draw has twenty


class Tally(NamedTuple):
    """Samples with a defect, and samples that were asked."""

    found: int
    asked: int


class Decline(NamedTuple):
    """One measure that got worse."""

    measure: str
    value: float  # now
    baseline: float  # before
    p_value: float  # one-sided, after Holm's correction over the measures of its kind


def risen_rates(now: Mapping[str, Tally], before: Mapping[str, Tally]) -> list[Decline]:
    """The defects that are more frequent now, the most certain first.

    Source: Fisher's exact test of two proportions, one-sided; Holm 1979 for many of them.
    """
    names = [name for name in now if now[name].asked and before.get(name, Tally(0, 0)).asked]
    p_values = holm([more_frequent(now[name], before[name]) for name in names])
    found = []
    for name, p_value in zip(names, p_values, strict=True):
        value, baseline = (side.found / side.asked for side in (now[name], before[name]))
        doubled = value >= FACTOR * baseline and now[name].found >= FEWEST
        if p_value < ALPHA and (value - baseline >= RISE or doubled):
            found.append(Decline(name, value, baseline, p_value))
    return sorted(found, key=lambda decline: (decline.p_value, decline.measure))


def more_frequent(now: Tally, before: Tally) -> float:
    """The chance of at least so many of all defects falling on this side, were it all the same.

    Source: Fisher 1935, The Logic of Inductive Inference, by the hypergeometric distribution.
    """
    from scipy.stats import hypergeom

    asked, found = now.asked + before.asked, now.found + before.found
    return float(min(1.0, hypergeom.sf(now.found - 1, asked, found, now.asked)))


def fallen_figures(
    now: Mapping[str, Sequence[float]],
    before: Mapping[str, Sequence[float]],
    is_better: Mapping[str, str],
) -> list[Decline]:
    """The figures that are worse now, the most certain first; each series holds one value a draw.

    `is_better` says "higher" or "lower" of each. Source: Mann & Whitney 1947, On a Test of Whether
    one of Two Random Variables is Stochastically Larger than the Other, one-sided.
    """
    from scipy.stats import mannwhitneyu

    names = [name for name in now if len(now[name]) and len(before.get(name, ()))]
    raw = [
        float(
            mannwhitneyu(
                now[name], before[name],
                alternative="less" if is_better[name] == "higher" else "greater",
            ).pvalue
        )
        for name in names
    ]  # fmt: skip
    found = []
    for name, p_value in zip(names, holm(raw), strict=True):
        value, baseline = float(np.mean(now[name])), float(np.mean(before[name]))
        change = (value - baseline) / abs(baseline) if baseline else 0.0
        worse = -change if is_better[name] == "higher" else change
        if p_value < ALPHA and worse >= FALL:
            found.append(Decline(name, value, baseline, p_value))
    return sorted(found, key=lambda decline: (decline.p_value, decline.measure))


def draw_size(sizes: Sequence[int]) -> int:
    """How many texts a draw has when batches of these sizes are compared; 0: too few to say."""
    smallest = min(sizes, default=0)
    return min(GROUP_SIZE, smallest // FEWEST_GROUPS) if smallest >= FEWEST_TEXTS else 0


def draws(n: int, size: int, seed: int) -> list[NDArray[np.int64]]:
    """Disjoint random draws of `size` places out of n; as many as there are, GROUPS at most."""
    shuffled = np.random.default_rng(seed).permutation(n)
    number = min(GROUPS, n // size)
    return [np.sort(shuffled[i * size : (i + 1) * size]) for i in range(number)]
