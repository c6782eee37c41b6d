"""The grid of variables with exact shares: its feasible cells and the share of each.

Shares are whole numbers over one common denominator, so the counts are exact and equal on every
platform. Without constraints a cell's share is the product of its values' shares; with some, the
cells that are left keep every variable's own shares as far as that can be. Pure.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Final, NamedTuple

from core.errors import TemplateError
from core.templates.definition import TemplateDefinition
from core.templates.planning.axes import (
    ABSENT,
    GridAxis,
    GridConstraint,
    grid_axes,
    grid_constraints,
)
from core.templates.planning.shares import fitted_shares
from core.templates.samplers.base import Value
from core.templates.samplers.weights import branch_key

MAX_CELLS: Final = 100_000
MAX_VISITS: Final = 1_000_000  # combinations that are looked at, ruled out or not
MAX_SECONDS: Final = 30.0  # of the thread's own time, for all conditions and constraints
NODES_PER_LOOK_AT_THE_CLOCK: Final = 16


@dataclass(frozen=True)
class Grid:
    """Feasible cells. A cell holds, per variable, the place of its value in `values`, or ABSENT."""

    names: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]  # per variable, the values it can take
    cells: tuple[tuple[int, ...], ...]
    shares: tuple[int, ...]  # per cell, over `whole`; they add up to it
    whole: int

    def cell_values(self, place: int) -> dict[str, Value]:
        """The values of a cell by variable; a variable that does not apply is left out."""
        return {
            name: self.values[k][value]
            for k, (name, value) in enumerate(zip(self.names, self.cells[place], strict=True))
            if value != ABSENT
        }


class _Cell(NamedTuple):
    """A combination with the product of its shares, over the product of the axes' scales."""

    places: tuple[int, ...]
    share: int


def build_grid(definition: TemplateDefinition, *, has_source: bool) -> Grid:
    """Every feasible cell with its share, in the order of the definition.

    Raises TemplateError when there are more than MAX_CELLS or none, when constraints and shares
    cannot be met together, or a group's target can never be met.
    """
    axes, constraints = grid_axes(definition), grid_constraints(definition)
    cells = _Walk(axes, constraints, has_source).cells()
    places = tuple(cell.places for cell in cells)
    shares = [cell.share for cell in cells]
    whole = prod(axis.scale for axis in axes)
    if constraints:
        shares, whole = fitted_shares(axes, constraints, places, shares)
    grid = Grid(
        names=tuple(axis.name for axis in axes),
        values=tuple(axis.values for axis in axes),
        cells=places,
        shares=tuple(shares),
        whole=whole,
    )
    _check_targets(definition, grid)
    return grid


class _Walk:
    """All combinations of the axes' values, less what constraints rule out as soon as they can."""

    def __init__(
        self, axes: list[GridAxis], constraints: list[GridConstraint], has_source: bool
    ) -> None:
        self._axes = axes
        self._has_source = has_source
        self._visits = 0
        self._nodes = 0
        self._deadline = time.thread_time() + MAX_SECONDS
        order = {axis.name: level for level, axis in enumerate(axes)}
        self._decided: list[list[GridConstraint]] = [[] for _ in axes]
        for constraint in constraints:
            self._decided[max(order[name] for name in constraint.names)].append(constraint)

    def cells(self) -> list[_Cell]:
        """The combinations, in order. Raises TemplateError for too many, or for none."""
        found: list[_Cell] = []
        for cell in self._below(0, {}, (), 1):
            found.append(cell)
            if len(found) > MAX_CELLS:
                self._refuse_size("combine to", MAX_CELLS)
        if not found:
            described = "; ".join(c.described for level in self._decided for c in level)
            raise TemplateError(
                f"The constraints leave no combination of values: {described}.",
                remedy="Relax one of them.",
            )
        return found

    def _below(
        self, level: int, known: Mapping[str, Value], places: tuple[int, ...], share: int
    ) -> Iterator[_Cell]:
        if level == len(self._axes):
            yield _Cell(places, share)
            return
        self._watch_time()
        axis = self._axes[level]
        for place, weight in axis.choices(known, self._has_source):
            inner = known if place == ABSENT else {**known, axis.name: axis.values[place]}
            if self._is_allowed(level, inner):
                yield from self._below(level + 1, inner, (*places, place), share * weight)

    def _is_allowed(self, level: int, known: Mapping[str, Value]) -> bool:
        if not self._decided[level]:
            return True
        self._visits += 1
        if self._visits > MAX_VISITS:
            self._refuse_size("with their constraints ask to look at", MAX_VISITS)
        return all(c.allows(known, self._has_source) for c in self._decided[level])

    def _watch_time(self) -> None:
        self._nodes += 1
        if self._nodes % NODES_PER_LOOK_AT_THE_CLOCK == 0 and time.thread_time() > self._deadline:
            raise TemplateError(
                f"The cells of the plan take longer than {MAX_SECONDS:g} s.",
                remedy="Simplify the conditions and constraints, or drop values.",
            )

    def _refuse_size(self, what: str, limit: int) -> None:
        sizes = " × ".join(f"{axis.name} ({len(axis.values)})" for axis in self._axes)
        raise TemplateError(
            f"The variables {what} more than {limit:,} cells: {sizes}.",
            remedy="Drop values, or draw one of them with `kind: expression` or `faker`.",
        )


def _check_targets(definition: TemplateDefinition, grid: Grid) -> None:
    for group in definition.groups:
        if group.variable not in grid.names:
            continue
        axis = grid.names.index(group.variable)
        places = {cell[axis] for cell in grid.cells}
        if places == {ABSENT}:
            continue
        taken = {branch_key(grid.values[axis][place]) for place in places if place != ABSENT}
        for value, share in group.target.items():
            if share > 0 and value not in taken:
                raise TemplateError(
                    f"The group {group.variable!r} wants {share:.1%} {value!r}, and its condition "
                    "leaves that value in 0 cells.",
                    remedy="Change the condition or the target.",
                )
