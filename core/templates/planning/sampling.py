"""The variables of one sample, drawn from keyed streams. The exact grid is in `grid`."""

import time
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from core.errors import TemplateError
from core.templates.definition import TemplateDefinition, Variable
from core.templates.planning.redrawing import (
    MAX_SECONDS,
    ROUNDS,
    TRIES,
    FreeConstraint,
    free_constraints,
    redrawn_variables,
)
from core.templates.randomness import Stream
from core.templates.samplers.base import Absent, Draw, Value
from core.templates.samplers.bounds import Limit, NothingLeft
from core.templates.sandbox import PromptTemplate

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Given(NamedTuple):
    """What a sample gets from outside: its chunk, its rows and the launch's values by variable."""

    chunk: Mapping[str, Any] | None = None
    rows: Mapping[str, Mapping[str, Any] | None] = NOTHING
    values: Mapping[str, Any] = NOTHING


class _Stuck(Exception):
    """No value of a variable meets its constraints beside the values above it."""

    def __init__(self, constraint: FreeConstraint) -> None:
        super().__init__(constraint.described)


class _Source:
    """One variable, compiled."""

    __slots__ = ("condition", "constraints", "drawer", "is_on_grid", "is_redrawn", "name", "tries")

    def __init__(self, variable: Variable, is_on_grid: bool) -> None:
        self.name = variable.name
        self.is_on_grid = is_on_grid
        self.drawer = variable.sampler.drawer()
        self.condition: PromptTemplate | None = None
        self.constraints: list[FreeConstraint] = []  # decided once this variable has its value
        self.tries = TRIES if variable.sampler.is_redrawn else 1
        self.is_redrawn = False  # a round of its own gives it another value
        if variable.when is not None:
            where = f"the condition of {variable.name!r}"
            self.condition = PromptTemplate(variable.when, where, is_condition=True)


class _Sample(NamedTuple):
    """One sample on its way."""

    i: int
    round: int
    cell: Mapping[str, Value]
    given: Given
    deadline: float  # of the thread's own time


class Drawing:
    """A definition's variables, compiled once; safe to share between threads."""

    def __init__(
        self, definition: TemplateDefinition, axes: Collection[str], seed: int, *, has_source: bool
    ) -> None:
        self._seed = seed
        self._has_source = has_source
        self._sources = [_Source(v, v.name in axes) for v in definition.variables]
        constraints = free_constraints(definition, axes)
        self._rounds = ROUNDS if constraints else 1
        read = frozenset[str]().union(*(constraint.names for constraint in constraints))
        redrawn = redrawn_variables(definition, read, axes)
        free = [source for source in self._sources if not source.is_on_grid]
        for source in free:
            source.is_redrawn = source.name in redrawn
        for constraint in constraints:
            next(s for s in reversed(free) if s.name in constraint.names).constraints.append(
                constraint
            )

    def sample(self, cell: Mapping[str, Value], i: int, given: Given) -> dict[str, Any]:
        """The variables of sample i in a cell of the grid, in the order of the definition.

        Raises TemplateError where a value cannot be drawn or no values meet the constraints.
        """
        stuck = ""
        deadline = time.thread_time() + MAX_SECONDS if self._rounds > 1 else 0.0
        for attempt in range(self._rounds):
            try:
                return self._attempt(_Sample(i, attempt, cell, given, deadline))
            except _Stuck as error:
                stuck = str(error)
        raise TemplateError(
            f"Sample {i}: no values were found in {ROUNDS * TRIES:,} draws for which this holds: "
            f"{stuck}.",
            remedy="Relax the constraint, or widen what its variables can be.",
        )

    def _attempt(self, sample: _Sample) -> dict[str, Any]:
        values: dict[str, Any] = {}
        chunk, cell = sample.given.chunk, sample.cell
        context: dict[str, Any] = {
            "chunk": chunk, "has_source": self._has_source, "variables": values
        }  # fmt: skip
        for source in self._sources:
            name = source.name
            if source.is_on_grid:
                if name in cell:
                    values[name] = context[name] = cell[name]
                continue
            try:
                values[name] = context[name] = self._drawn(source, sample, context)
            except Absent:
                continue
        return values

    def _drawn(self, source: _Source, sample: _Sample, context: Mapping[str, Any]) -> Any:
        if source.condition is not None and not source.condition.is_true(context):
            raise Absent
        first = sample.round * TRIES if source.is_redrawn else 0
        value = self._value(source, sample, context, first)
        if not source.constraints:
            return value
        # Axes that stand further down are known too: a constraint may read them already.
        known = {**context, **sample.cell, source.name: value}
        broken = _broken(source, known)
        for number in range(first + 1, first + source.tries):
            if broken is None:
                break
            if time.thread_time() > sample.deadline:
                raise TemplateError(
                    f"Sample {sample.i}: drawing {source.name!r} so that {broken.described} holds "
                    f"takes longer than {MAX_SECONDS:g} s.",
                    remedy="Simplify the constraint.",
                )
            limits = [limit for c in source.constraints for limit in c.limits(source.name, known)]
            try:
                known[source.name] = self._value(source, sample, context, number, tuple(limits))
            except NothingLeft:
                raise _Stuck(broken) from None
            broken = _broken(source, known)
        if broken is not None:
            raise _Stuck(broken)
        return known[source.name]

    def _value(
        self,
        source: _Source,
        sample: _Sample,
        context: Mapping[str, Any],
        number: int,
        limits: tuple[Limit, ...] = (),
    ) -> Any:
        name, given = source.name, sample.given
        key = (name, sample.i, number) if number else (name, sample.i)
        stream = Stream(self._seed, "variable", *key)
        row, value = given.rows.get(name), given.values.get(name)
        return source.drawer(Draw(name, stream, context, row, value, limits))


def _broken(source: _Source, known: Mapping[str, Any]) -> FreeConstraint | None:
    return next((c for c in source.constraints if not c.holds(known)), None)
