"""The grid of categorical variables: its feasible cells and how many samples each gets.

Shares are whole numbers over one common denominator, so the counts are exact and equal on every
platform. Pure; owns no randomness but the seed that it is given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import lcm, prod
from typing import Any, NamedTuple

import numpy as np

from core.errors import TemplateError
from core.templates.checking import possible_values
from core.templates.definition import (
    CategorySampler,
    SubcategorySampler,
    TemplateDefinition,
    Variable,
    WeightedValue,
)
from core.templates.randomness import Stream
from core.templates.sampling import whole_weights
from core.templates.sandbox import PromptTemplate

MAX_CELLS = 100_000
MAX_SWAPS = 2_000
ABSENT = -1
UNIT = 2**30  # one sample, in the whole-number arithmetic of the exchange


@dataclass(frozen=True)
class Grid:
    """Feasible cells. A cell holds, per variable, the place of its value in `values`, or ABSENT."""

    names: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]  # per variable, the values it can take
    cells: tuple[tuple[int, ...], ...]
    shares: tuple[int, ...]  # per cell, over `whole`; they add up to it
    whole: int

    def cell_values(self, place: int) -> dict[str, str]:
        """The values of a cell by variable; a variable that does not apply is left out."""
        return {
            name: self.values[k][value]
            for k, (name, value) in enumerate(zip(self.names, self.cells[place], strict=True))
            if value != ABSENT
        }


class _Branch(NamedTuple):
    values: Sequence[WeightedValue]
    weights: list[int]


class _Axis:
    """One variable of the grid, with everything needed to extend a cell by it."""

    def __init__(self, variable: Variable) -> None:
        assert isinstance(variable.sampler, CategorySampler | SubcategorySampler)
        self.name = variable.name
        self.values = tuple(possible_values(variable) or ())
        self.parent: str | None = None
        self.condition: PromptTemplate | None = None
        if variable.when is not None:
            where = f"the condition of {variable.name!r}"
            self.condition = PromptTemplate(variable.when, where, is_condition=True)
        if isinstance(variable.sampler, SubcategorySampler):
            self.parent = variable.sampler.parent
            lists = variable.sampler.values
        else:
            lists = {"": variable.sampler.values}
        self.branches = {key: _Branch(v, whole_weights(v)) for key, v in lists.items()}
        self.scale = lcm(*(sum(branch.weights) for branch in self.branches.values()))
        self._places = {value: place for place, value in enumerate(self.values)}
        self._applies: dict[tuple[str | None, ...], bool] = {}

    def choices(self, known: dict[str, str], has_source: bool) -> list[tuple[int, int]]:
        """(place of the value, share over `scale`) for each value; ABSENT where none applies."""
        if not self._is_asked(known, has_source) or (self.parent and self.parent not in known):
            return [(ABSENT, self.scale)]
        branch = self.branches[known[self.parent] if self.parent else ""]
        factor = self.scale // sum(branch.weights)
        return [
            (self._places[item.value], weight * factor)
            for item, weight in zip(branch.values, branch.weights, strict=True)
        ]

    def _is_asked(self, known: dict[str, str], has_source: bool) -> bool:
        if self.condition is None:
            return True
        key = tuple(known.get(name) for name in sorted(self.condition.names))
        if key not in self._applies:
            context = {**known, "has_source": has_source}
            self._applies[key] = self.condition.is_true(context)
        return self._applies[key]


def grid_variables(definition: TemplateDefinition) -> list[Variable]:
    """The variables whose shares are exact.

    A category whose condition or parent depends on anything drawn freely (a number, a chunk) is
    not among them: its share cannot be fixed before that is known, so it is drawn by weight.
    """
    names = {"has_source"}
    found: list[Variable] = []
    for variable in definition.variables:
        sampler = variable.sampler
        if not isinstance(sampler, CategorySampler | SubcategorySampler):
            continue
        reads = set() if variable.when is None else _names_in(variable.when)
        if isinstance(sampler, SubcategorySampler):
            reads.add(sampler.parent)
        if reads <= names:
            names.add(variable.name)
            found.append(variable)
    return found


def _names_in(condition: str) -> set[str]:
    return set(PromptTemplate(condition, "condition", is_condition=True).names)


def build_grid(definition: TemplateDefinition, *, has_source: bool) -> Grid:
    """Every feasible cell with its share, in the order of the definition.

    Raises TemplateError when there are more than MAX_CELLS, or a group's target can never be met.
    """
    axes = [_Axis(variable) for variable in grid_variables(definition)]
    rows: list[tuple[tuple[int, ...], int]] = []
    for row in _walk(axes, 0, {}, (), 1, has_source):
        rows.append(row)
        if len(rows) > MAX_CELLS:
            sizes = " × ".join(f"{axis.name} ({len(axis.values)})" for axis in axes)
            raise TemplateError(
                f"The variables combine to more than {MAX_CELLS:,} cells: {sizes}.",
                remedy="Drop values, or draw one of them with `kind: expression` or `faker`.",
            )
    grid = Grid(
        names=tuple(axis.name for axis in axes),
        values=tuple(axis.values for axis in axes),
        cells=tuple(cell for cell, _ in rows),
        shares=tuple(share for _, share in rows),
        whole=prod(axis.scale for axis in axes),
    )
    _check_targets(definition, grid)
    return grid


def _walk(
    axes: list[_Axis],
    level: int,
    known: dict[str, str],
    cell: tuple[int, ...],
    share: int,
    has_source: bool,
) -> Iterator[tuple[tuple[int, ...], int]]:
    if level == len(axes):
        yield cell, share
        return
    axis = axes[level]
    for place, weight in axis.choices(known, has_source):
        inner = known if place == ABSENT else {**known, axis.name: axis.values[place]}
        yield from _walk(axes, level + 1, inner, (*cell, place), share * weight, has_source)


def _check_targets(definition: TemplateDefinition, grid: Grid) -> None:
    for group in definition.groups:
        if group.variable not in grid.names:
            continue
        axis = grid.names.index(group.variable)
        taken = {cell[axis] for cell in grid.cells}
        if taken == {ABSENT}:
            continue
        for value, share in group.target.items():
            if share > 0 and grid.values[axis].index(value) not in taken:
                raise TemplateError(
                    f"The group {group.variable!r} wants {share:.1%} {value!r}, and its condition "
                    "leaves that value in 0 cells.",
                    remedy="Change the condition or the target.",
                )


def apportion(grid: Grid, n: int, seed: int) -> list[int]:
    """How many of n samples each cell gets: its exact quota rounded down or up; they add up to n.

    Where every quota is whole, these are the quotas. Otherwise the samples left over are dealt one
    per cell, starting from a systematic sample by remainder and exchanging cells while that lowers
    the squared deviation of the cells and of every variable's own shares. For one variable that is
    the largest remainder. Largest remainders of the joint alone would, with fewer samples than
    cells, serve only the heaviest cells and push every variable towards its most frequent value.
    """
    counts, rests = [], []
    for share in grid.shares:
        count, rest = divmod(n * share, grid.whole)
        counts.append(count)
        rests.append(rest)
    left = n - sum(counts)
    if left:
        chosen = _systematic(rests, grid.whole, seed)
        for place in _exchanged(grid, rests, chosen):
            counts[place] += 1
    return counts


def _systematic(rests: list[int], whole: int, seed: int) -> list[int]:
    """Distinct places, each with probability rest / whole; sum(rests) / whole of them."""
    stream = Stream(seed, "leftover")
    mark = stream.below(whole)
    shuffled = sorted((stream.word(), place) for place, rest in enumerate(rests) if rest)
    chosen, end = [], 0
    for _, place in shuffled:
        end += rests[place]
        if mark < end:
            chosen.append(place)
            mark += whole
    return chosen


def _exchanged(grid: Grid, rests: list[int], chosen: list[int]) -> list[int]:
    """The chosen places after every exchange that brings the shares closer to their targets."""
    places = np.array([place for place, rest in enumerate(rests) if rest])
    rest = np.array([rests[place] * UNIT // grid.whole for place in places], dtype=np.int64)
    is_chosen = np.isin(places, chosen)
    columns, width = _value_columns(grid, places)
    drift = np.zeros(width, dtype=np.int64)  # per value of a variable: dealt minus due
    for column in columns:
        np.add.at(drift, column, is_chosen * UNIT - rest)
    for _ in range(MAX_SWAPS):
        score = -rest
        for column in columns:
            score = score + drift[column]
        drop = int(np.argmax(np.where(is_chosen, score, np.iinfo(np.int64).min)))
        add = int(np.argmin(np.where(is_chosen, np.iinfo(np.int64).max, score)))
        differing = sum(int(column[drop] != column[add]) for column in columns)
        if is_chosen[add] or score[add] - score[drop] + differing * UNIT >= 0:
            break
        is_chosen[[drop, add]] = False, True
        for column in columns:
            drift[column[drop]] -= UNIT
            drift[column[add]] += UNIT
    return [int(place) for place in places[is_chosen]]


def _value_columns(grid: Grid, places: Any) -> tuple[list[Any], int]:
    """Per variable, each place's value as an index into one shared array; and that array's size."""
    columns, start = [], 0
    cells = np.array(grid.cells, dtype=np.int64).reshape(len(grid.cells), len(grid.names))[places]
    for k, values in enumerate(grid.values):
        columns.append(cells[:, k] + 1 + start)
        start += len(values) + 1
    return columns, start
