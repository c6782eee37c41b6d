"""What a sampler is: its settings, its own checks, and one value drawn from a keyed stream.

A new kind is one file with a subclass of Sampler, and its place in `registry` or, from another
package, an entry point of the group `seedbed.samplers`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from core.templates.part import Part
from core.templates.randomness import Stream
from core.templates.samplers.bounds import Limit
from core.templates.scope import Scope

Value = str | bool  # what a variable of the grid can take


class Absent(Exception):
    """The variable has no value in this sample."""


class Draw(NamedTuple):
    """Everything that one value of one variable in one sample may depend on."""

    name: str  # of the variable
    stream: Stream  # keyed by (seed, variable, sample)
    context: Mapping[str, Any]  # chunk, has_source, and the variables above it
    row: Mapping[str, Any] | None = None  # the sample's row, for a sampler that takes rows
    given: Any = None  # what the launch chose, for a sampler that takes one value
    limits: tuple[Limit, ...] = ()  # what constraints want of the value


@dataclass(frozen=True, slots=True)
class Shares:
    """Exact shares of a variable: whole-number weights per value.

    One list per value of the parent, as text; without a parent, one list under "".
    """

    branches: Mapping[str, tuple[tuple[Value, int], ...]]
    parent: str | None = None


Drawer = Callable[[Draw], Any]


class Sampler(Part):
    """How a variable gets its value. A subclass declares `kind: Literal["…"]`, and `draw`."""

    is_redrawn: ClassVar[bool] = True  # another draw can give another value
    takes_rows: ClassVar[bool] = False  # the launch chooses rows, of which each sample gets one
    keeps_order: ClassVar[bool] = False  # its rows are taken in order, not shuffled
    takes_value: ClassVar[bool] = False  # the launch may choose one value for all samples
    kind: str

    def reads(self) -> frozenset[str]:
        """The variables above that its value depends on."""
        return frozenset()

    def check(self, scope: Scope) -> None:
        """Pass silently when it can draw in this scope; else raise Misfit, its path inside here."""

    def shares(self) -> Shares | None:
        """Its shares as an axis of the grid; None for what is drawn freely."""
        return None

    def fields(self) -> Iterable[str] | None:
        """The fields that may be read from its value; None where they cannot be known."""
        return None

    def draw(self, at: Draw) -> Any:
        """One value, as JSON; a sampler may heed `at.limits`, which are checked in any case.

        Raises Absent where there is none, NothingLeft where the limits leave none, TemplateError
        where it cannot be drawn.
        """
        raise NotImplementedError

    def drawer(self) -> Drawer:
        """What draws the values of one plan: `draw`, or something prepared once."""
        return self.draw

    def compares_with(self, bound: Any) -> bool:
        """Whether a constraint can compare its value with this constant."""
        del bound
        return True

    def missing_input(self) -> str:
        """What a launch without this sampler's rows is told to choose."""
        return "Choose its rows."

    def placeholder(self) -> dict[str, Any]:
        """A row as it could be, for trials; only where `takes_rows`."""
        return {}

    def short(self, data: dict[str, Any]) -> dict[str, Any]:
        """Its JSON in the short form that people write in YAML."""
        return data

    def values_taken(self) -> list[Value] | None:
        """The values that it can take, in order; None where they cannot be listed."""
        shares = self.shares()
        if shares is None:
            return None
        listed = (value for branch in shares.branches.values() for value, _ in branch)
        return list(dict.fromkeys(listed))
