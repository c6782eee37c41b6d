"""Shares of combinations that keep every variable's own shares, where some combinations are ruled
out: iterative proportional fitting.

Pure. Sums run in the order of the combinations and everything else is one rounded operation per
number, so that the result is the same on every platform. What cannot be fitted is explained in
`targets`. Source: Deming and Stephan, "On a Least Squares Adjustment of a Sampled Frequency Table
When the Expected Marginal Totals are Known", 1940; convergence where the targets can be met:
Csiszár, "I-Divergence Geometry of Probability Distributions and Minimization Problems", 1975.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
TOLERANCE: Final = 1e-13  # of a share, between what is declared and what is fitted
FIRST_PASSES: Final = 300
MOST_PASSES: Final = 20_000
LAST_TOLERANCE: Final = 1e-9  # accepted after MOST_PASSES: no batch is long enough to show it
# Many divisors, so that shares that are simple fractions stay exact; far below 2**53.
UNITS: Final = 720_720 * 10**6


@dataclass(frozen=True)
class Axis:
    """The declared shares of one variable over the combinations.

    A slot is one value in one branch (the value of the parent); the last slot and the last branch
    stand for combinations in which the variable has no value.
    """

    slots: Places  # per combination
    branches: Places  # per combination
    slot_branches: Places  # per slot
    targets: Numbers  # per slot: its share of its branch


class Fit(NamedTuple):
    """What fitting came to."""

    shares: Numbers
    error: float  # the largest difference from a declared share


def fit(prior: Numbers, axes: Sequence[Axis], *, passes: int) -> Fit:
    """The shares closest to the prior, as far as that many passes over the axes bring them."""
    shares, error = prior, 1.0
    for _ in range(passes):
        error = 0.0
        shares = shares / _total(shares)  # a value without any combination drains the others
        for axis in axes:
            factors, miss = _factors(shares, axis)
            error = max(error, miss)
            shares = shares * factors[axis.slots]
        if error <= TOLERANCE:
            break
    return Fit(shares / _total(shares), error)


def _factors(shares: Numbers, axis: Axis) -> tuple[Numbers, float]:
    """What to multiply each slot by, and how far its share was off."""
    count = len(axis.targets)
    held = np.bincount(axis.slots, shares, count)
    of_branch = np.bincount(axis.branches, shares, int(axis.slot_branches.max()) + 1)
    wanted = axis.targets * of_branch[axis.slot_branches]
    wanted[-1] = held[-1]
    factors = np.divide(wanted, held, out=np.ones(count), where=held > 0)
    return factors, float(np.max(np.abs(wanted - held)))


def _total(shares: Numbers) -> float:
    return float(np.bincount(np.zeros(len(shares), dtype=np.int64), shares)[0])


def whole_shares(shares: Numbers, divisor: int) -> tuple[list[int], int]:
    """The shares as whole numbers, and what they add up to: a multiple of `divisor` if it can be.

    Rounded to the nearest; what is then missing or too much goes to the largest.
    """
    whole = lcm(UNITS, divisor)
    if whole > 2**52:
        whole = UNITS
    counts = [round(share * whole) for share in shares.tolist()]
    missing = whole - sum(counts)
    order = sorted(range(len(counts)), key=lambda place: (-counts[place], place))
    step = 1 if missing > 0 else -1
    for k in range(abs(missing)):
        counts[order[k % len(order)]] += step
    return counts, whole
