"""Whether declared shares can be met at all over the combinations that are left, and if not, what
the most is that can be met. Linear programs, solved by HiGHS; imported on first use.

Nothing of a plan's counts comes from here, only the answer yes or no and the numbers of a refusal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.templates.planning.fitting import Axis, Places

SLACK: Final = 1e-7  # shares closer than this are the same


@dataclass(frozen=True)
class Refusal:
    """A declared share that no allocation meets."""

    axis: int
    slot: int
    wanted: float
    least: float
    most: float


def possible_places(count: int, axes: Sequence[Axis]) -> Places:
    """The combinations that have a share in some allocation that meets every target.

    None of them: the targets cannot be met together.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, hstack

    equal = _equations(count, axes)
    # Shares may be scaled freely, so a combination that can have any share can have one above 1.
    equal = hstack([equal, csr_array((equal.shape[0], count))])
    at_most = hstack([-eye_array(count), eye_array(count)])
    cost = np.concatenate([np.zeros(count), -np.ones(count)])
    bounds = [(0, None)] * count + [(0, 1)] * count
    solved = linprog(
        cost, A_ub=csr_array(at_most), b_ub=np.zeros(count), A_eq=csr_array(equal),
        b_eq=np.zeros(equal.shape[0]), bounds=bounds, method="highs",
    )  # fmt: skip
    if solved.x is None:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(solved.x[count:] > 0.5)


def explain(count: int, axes: Sequence[Axis]) -> Refusal | None:
    """The first variable whose shares do not go with those above it, and its worst value."""
    for place, axis in enumerate(axes):
        if len(possible_places(count, axes[: place + 1])):
            continue
        found = [_reach(count, axes[:place], axis, slot) for slot in range(len(axis.targets) - 1)]
        known = [
            Refusal(place, slot, float(axis.targets[slot]), *reach)
            for slot, reach in enumerate(found)
            if reach is not None
        ]
        return max(known, key=_miss, default=None)
    return None


def _miss(refusal: Refusal) -> tuple[float, bool]:
    above, below = refusal.wanted - refusal.most, refusal.least - refusal.wanted
    return round(max(above, below), 9), above > below


def _reach(count: int, above: Sequence[Axis], axis: Axis, slot: int) -> tuple[float, float] | None:
    """The least and the most share of its branch that a slot can have; None for an empty branch."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    branch = (axis.branches == axis.slot_branches[slot]).astype(float)
    equal = vstack([_equations(count, above), csr_array(branch[None, :])])
    values = np.zeros(equal.shape[0])
    values[-1] = 1.0
    held = (axis.slots == slot).astype(float)
    ends = []
    for sign in (1.0, -1.0):
        solved = linprog(sign * held, A_eq=csr_array(equal), b_eq=values, method="highs")
        if solved.x is None:
            return None
        ends.append(sign * float(solved.fun))
    return ends[0], ends[1]


def _equations(count: int, axes: Sequence[Axis]) -> Any:
    """One row per slot: what it holds, less its share of its branch, is nothing."""
    from scipy.sparse import csr_array, vstack

    rows: list[Any] = [csr_array((0, count))]
    for axis in axes:
        for slot in range(len(axis.targets) - 1):
            held = (axis.slots == slot).astype(float)
            branch = (axis.branches == axis.slot_branches[slot]).astype(float)
            rows.append(csr_array((held - axis.targets[slot] * branch)[None, :]))
    return vstack(rows)
