"""Constraints that read freely drawn values: which of a sample's values are drawn again, and when.

A value that breaks a constraint is drawn again, within what the constraint leaves where a sampler
can heed that. Where no value of its own will do, everything that the constraints depend on is drawn
again. Each try has a key of its own, so any process comes to the same values.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from core.templates.constraints import Constraint
from core.templates.samplers.bounds import Limit

if TYPE_CHECKING:
    from core.templates.definition import TemplateDefinition

TRIES: Final = 50  # of one variable
ROUNDS: Final = 200  # of all variables that constraints depend on
MAX_SECONDS: Final = 5.0  # of the thread's own time, for one sample


class FreeConstraint:
    """A constraint that cannot be decided by the grid alone, compiled."""

    def __init__(self, constraint: Constraint, names: frozenset[str]) -> None:
        self.names = names
        self.described = constraint.described()
        self._constraint = constraint
        self._tester = constraint.tester()

    def holds(self, known: Mapping[str, Any]) -> bool:
        """Whether it holds, or does not apply because a variable has no value."""
        return any(name not in known for name in self.names) or self._tester(known)

    def limits(self, name: str, known: Mapping[str, Any]) -> tuple[Limit, ...]:
        """What it wants of a variable whose value is drawn again."""
        is_applied = all(other in known for other in self.names - {name})
        return self._constraint.limits(name, known) if is_applied else ()


def free_constraints(
    definition: "TemplateDefinition", axes: Collection[str]
) -> list[FreeConstraint]:
    """The constraints that read at least one variable beside the axes of the grid."""
    names = [variable.name for variable in definition.variables]
    read = [(constraint, constraint.reads(names)) for constraint in definition.constraints]
    return [FreeConstraint(c, reads) for c, reads in read if not reads <= set(axes)]


def redrawn_variables(
    definition: "TemplateDefinition", read: Collection[str], axes: Collection[str]
) -> frozenset[str]:
    """Of these variables and all that they are made from, those that can be drawn again."""
    wanted = set(read)
    found: set[str] = set()
    for variable in reversed(definition.variables):
        if variable.name not in wanted or variable.name in axes:
            continue
        wanted |= variable.sampler.reads()
        if variable.sampler.is_redrawn:
            found.add(variable.name)
    return frozenset(found)
