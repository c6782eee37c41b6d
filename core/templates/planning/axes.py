"""The variables of a definition whose shares are exact, as axes of its grid."""

from collections.abc import Mapping
from functools import lru_cache
from math import lcm
from typing import TYPE_CHECKING

from core.templates.constraints import Constraint
from core.templates.samplers.base import Shares, Value
from core.templates.samplers.weights import branch_key
from core.templates.sandbox import PromptTemplate

if TYPE_CHECKING:
    from core.templates.definition import TemplateDefinition, Variable

ABSENT = -1


class GridAxis:
    """One variable of the grid, with everything needed to extend a cell by it."""

    def __init__(self, variable: "Variable", shares: Shares) -> None:
        self.name = variable.name
        self.values = tuple(variable.sampler.values_taken() or ())
        self.parent = shares.parent
        self.condition: PromptTemplate | None = None
        if variable.when is not None:
            where = f"the condition of {variable.name!r}"
            self.condition = PromptTemplate(variable.when, where, is_condition=True)
        self.reads = set() if self.condition is None else set(self.condition.names)
        if self.parent is not None:
            self.reads.add(self.parent)
        self.branches = shares.branches
        self.totals = {key: sum(w for _, w in branch) for key, branch in shares.branches.items()}
        self.scale = lcm(*self.totals.values())
        self._places = {value: place for place, value in enumerate(self.values)}
        self._applies: dict[tuple[Value | None, ...], bool] = {}

    def choices(self, known: Mapping[str, Value], has_source: bool) -> list[tuple[int, int]]:
        """(place of the value, share over `scale`) for each value; ABSENT where none applies."""
        if not self._is_asked(known, has_source) or (self.parent and self.parent not in known):
            return [(ABSENT, self.scale)]
        key = branch_key(known[self.parent]) if self.parent else ""
        factor = self.scale // self.totals[key]
        return [(self._places[value], weight * factor) for value, weight in self.branches[key]]

    def _is_asked(self, known: Mapping[str, Value], has_source: bool) -> bool:
        if self.condition is None:
            return True
        key = tuple(known.get(name) for name in sorted(self.condition.names))
        if key not in self._applies:
            context = {**known, "has_source": has_source}
            self._applies[key] = self.condition.is_true(context)
        return self._applies[key]


def grid_variables(definition: "TemplateDefinition") -> list["Variable"]:
    """The variables whose shares are exact.

    A category whose condition or parent depends on anything drawn freely (a number, a chunk) is
    not among them: its share cannot be fixed before that is known, so it is drawn by weight.
    """
    names = {"has_source"}
    found: list[Variable] = []
    for variable in definition.variables:
        shares = variable.sampler.shares()
        if shares is None:
            continue
        reads = set() if variable.when is None else set(_names_in(variable.when))
        if shares.parent is not None:
            reads.add(shares.parent)
        if reads <= names:
            names.add(variable.name)
            found.append(variable)
    return found


@lru_cache(maxsize=1000)
def _names_in(condition: str) -> frozenset[str]:
    return PromptTemplate(condition, "condition", is_condition=True).names


def grid_axes(definition: "TemplateDefinition") -> list[GridAxis]:
    """The axes in the order of the definition."""
    return [
        GridAxis(variable, shares)
        for variable in grid_variables(definition)
        if (shares := variable.sampler.shares()) is not None
    ]


class GridConstraint:
    """A constraint all of whose variables are axes: it rules combinations out."""

    def __init__(self, constraint: Constraint, names: frozenset[str]) -> None:
        self.names = tuple(sorted(names))
        self.described = constraint.described()
        self._tester = constraint.tester()
        self._known: dict[tuple[Value, ...], bool] = {}

    def allows(self, known: Mapping[str, Value], has_source: bool) -> bool:
        """Whether it holds, or does not apply, for the values of a combination."""
        if any(name not in known for name in self.names):
            return True
        key = tuple(known[name] for name in self.names)
        if key not in self._known:
            self._known[key] = self._tester({**known, "has_source": has_source})
        return self._known[key]


def grid_constraints(definition: "TemplateDefinition") -> list[GridConstraint]:
    """The constraints among axes alone."""
    axes = {variable.name for variable in grid_variables(definition)}
    names = [variable.name for variable in definition.variables]
    read = [(constraint, constraint.reads(names)) for constraint in definition.constraints]
    return [GridConstraint(constraint, reads) for constraint, reads in read if reads <= axes]
