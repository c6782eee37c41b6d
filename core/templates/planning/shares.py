"""The shares of a grid's cells where constraints rule some out.

Only the variables that constraints read, and those that these depend on, have to be fitted; every
other one keeps its exact share within each of their combinations.
"""

from collections.abc import Sequence
from math import prod
from typing import NoReturn

import numpy as np

from core.errors import TemplateError
from core.templates.planning import fitting
from core.templates.planning.axes import ABSENT, GridAxis, GridConstraint
from core.templates.planning.fitting import Axis, Numbers, fit, whole_shares
from core.templates.planning.targets import Refusal, explain, possible_places
from core.templates.samplers.base import Value
from core.templates.samplers.weights import branch_key

Combination = tuple[int, ...]


def fitted_shares(
    axes: Sequence[GridAxis],
    constraints: Sequence[GridConstraint],
    cells: Sequence[Combination],
    products: Sequence[int],
) -> tuple[list[int], int]:
    """Per cell a whole number, and what they add up to, so that every variable keeps its shares.

    `products` are the cells' products of shares. Raises TemplateError with the numbers where the
    shares cannot be kept.
    """
    bound = _bound_axes(axes, constraints)
    others = prod(axis.scale for k, axis in enumerate(axes) if k not in bound)
    own = prod(axes[k].scale for k in bound)
    keys = [tuple(cell[k] for k in bound) for cell in cells]
    sums: dict[Combination, int] = {}
    for key, product in zip(keys, products, strict=True):
        sums[key] = sums.get(key, 0) + product
    # The other variables of a combination are all there, so their products add up to `others`.
    prior = np.array([total / (others * own) for total in sums.values()])
    counts, whole = whole_shares(_fitted([axes[k] for k in bound], list(sums), prior), own)
    count_of = dict(zip(sums, counts, strict=True))
    shares = [
        count_of[key] * product * others // sums[key]
        for key, product in zip(keys, products, strict=True)
    ]
    return shares, whole * others


def _bound_axes(axes: Sequence[GridAxis], constraints: Sequence[GridConstraint]) -> list[int]:
    """Places of the axes that constraints read, and of all that decide whether these apply."""
    bound = {name for constraint in constraints for name in constraint.names}
    for axis in reversed(axes):
        if axis.name in bound:
            bound |= axis.reads
    return [k for k, axis in enumerate(axes) if axis.name in bound]


def _fitted(axes: Sequence[GridAxis], combinations: list[Combination], prior: Numbers) -> Numbers:
    columns = [_column(axes, k, combinations) for k in range(len(axes))]
    shares, error = fit(prior, columns, passes=fitting.FIRST_PASSES)
    if error <= fitting.TOLERANCE:
        return shares
    kept = possible_places(len(combinations), columns)
    if not len(kept):
        _refuse(axes, explain(len(combinations), columns))
    inner = [_column(axes, k, [combinations[place] for place in kept]) for k in range(len(axes))]
    shares, error = fit(prior[kept], inner, passes=fitting.MOST_PASSES)
    if error > fitting.LAST_TOLERANCE:
        _refuse(axes, None)
    whole = np.zeros(len(combinations))
    whole[kept] = shares
    return whole


def _column(axes: Sequence[GridAxis], k: int, combinations: Sequence[Combination]) -> Axis:
    """One axis over the combinations of all of them, as what is fitted."""
    axis = axes[k]
    slots: dict[tuple[str, Value], int] = {}
    slot_branches: list[int] = []
    targets: list[float] = []
    branches = {key: place for place, key in enumerate(axis.branches)}
    for key, branch in axis.branches.items():
        for value, weight in branch:
            slots[key, value] = len(targets)
            slot_branches.append(branches[key])
            targets.append(weight / axis.totals[key])
    parent = next((j for j, other in enumerate(axes) if other.name == axis.parent), None)
    keys = [
        None if places[k] == ABSENT
        else ("" if parent is None else branch_key(axes[parent].values[places[parent]]))
        for places in combinations
    ]  # fmt: skip
    held = [
        len(targets) if key is None else slots[key, axis.values[places[k]]]
        for key, places in zip(keys, combinations, strict=True)
    ]
    return Axis(
        slots=np.array(held, dtype=np.int64),
        branches=np.array(
            [len(branches) if key is None else branches[key] for key in keys], dtype=np.int64
        ),
        slot_branches=np.array([*slot_branches, len(branches)], dtype=np.int64),
        targets=np.array([*targets, 0.0]),
    )


def _refuse(axes: Sequence[GridAxis], refusal: Refusal | None) -> NoReturn:
    if refusal is None:
        names = ", ".join(repr(axis.name) for axis in axes)
        raise TemplateError(
            f"The shares of {names} cannot all be kept under the constraints.",
            remedy="Relax a constraint, or change the shares.",
        )
    axis = axes[refusal.axis]
    slots = [(key, value) for key, branch in axis.branches.items() for value, _ in branch]
    key, value = slots[refusal.slot]
    where = f" where {axis.parent} is {key!r}" if axis.parent else ""
    if refusal.wanted > refusal.most:
        bound = f"at most {_percent(refusal.most)}"
    else:
        bound = f"at least {_percent(refusal.least)}"
    beside = [other.name for other in axes[: refusal.axis]]
    kept = f" beside the shares of {', '.join(beside)}" if beside else ""
    raise TemplateError(
        f"{axis.name!r} wants {_percent(refusal.wanted)} {branch_key(value)!r}{where}, and the "
        f"constraints allow {bound}{kept}.",
        remedy="Change that share or those it stands beside, or relax a constraint.",
    )


def _percent(share: float) -> str:
    return f"{round(100 * share, 4) + 0.0:.8g} %"  # never "-0 %"
