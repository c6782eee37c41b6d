"""What must hold between the variables of one sample.

Owns the three kinds of constraint and whether one holds. Which values are taken so that all hold
is decided in `grid` (exact shares) and `redrawing` (freely drawn values).
"""

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from core.templates.part import Condition, Part, VariableName
from core.templates.samplers.base import Value
from core.templates.samplers.bounds import Limit, exact_number
from core.templates.samplers.weights import branch_key
from core.templates.sandbox import PromptTemplate
from core.templates.scope import CONTEXT_NAMES, Misfit, Path, Scope, unknown

Operator = Literal["<", "<=", ">", ">=", "==", "!="]
Scalar = bool | int | float | str
Known = Mapping[str, Any]
COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def compare(left: Any, operator: str, right: Any) -> bool:
    """Whether the two stand so: as numbers where both read as numbers, else as texts."""
    sides = exact_number(left), exact_number(right)
    if None in sides:
        return COMPARISONS[operator](branch_key(left), branch_key(right))
    return COMPARISONS[operator](*sides)


class Constraint(Part):
    """Something that holds in every sample that has all the variables it reads."""

    kind: str

    def reads(self, names: Collection[str]) -> frozenset[str]:
        """The variables it compares, of a template whose variables have these names."""
        raise NotImplementedError

    def check(self, scope: Scope) -> None:
        """Pass silently when it names variables and values that there are; else raise Misfit."""
        raise NotImplementedError

    def tester(self) -> Callable[[Known], bool]:
        """Whether it holds for given variables, compiled once. All that it reads must be there."""
        raise NotImplementedError

    def limits(self, name: str, known: Known) -> tuple[Limit, ...]:
        """What it wants of one variable when all the others are known, where limits can say it."""
        del name, known
        return ()

    def described(self) -> str:
        """It in one line, for messages."""
        raise NotImplementedError


class InequalityConstraint(Constraint):
    """Two variables, or a variable and a constant, stand in an order."""

    kind: Literal["inequality"]
    left: VariableName
    operator: Operator
    right: Scalar = Field(description="A variable's name, a number or a text.")

    def reads(self, names: Collection[str]) -> frozenset[str]:
        right = self.right if isinstance(self.right, str) and self.right in names else None
        return frozenset(name for name in (self.left, right) if name is not None)

    def check(self, scope: Scope) -> None:
        _check_plain(scope, self.left, ("left",))
        if self.right == self.left:
            raise Misfit("a variable is compared with itself", ("right",))
        if self.right in scope.variables:
            _check_plain(scope, str(self.right), ("right",))
            return
        if not scope.variables[self.left].sampler.compares_with(self.right):
            message = f"{self.right!r} is no value of {self.left}, and "
            raise Misfit(message + unknown(str(self.right), scope.variables), ("right",))
        values = scope.values_of(self.left)
        if values is not None:
            self._check_bound(values)

    def _check_bound(self, values: list[Value]) -> None:
        texts = [value for value in values if exact_number(value) is None]
        if self.operator in ("==", "!="):
            _check_taken(self.left, values, self.right, ("right",))
        elif texts and exact_number(self.right) is not None:
            raise Misfit(
                f"{self.left} takes the value {texts[0]!r}, which is no number: list what must not "
                "go together with `kind: exclusion`",
                ("right",),
            )

    def tester(self) -> Callable[[Known], bool]:
        return lambda known: compare(known[self.left], self.operator, self._right(known))

    def limits(self, name: str, known: Known) -> tuple[Limit, ...]:
        if name == self.left:
            return ((self.operator, self._right(known)),)
        return ((FLIPPED[self.operator], known[self.left]),)

    def _right(self, known: Known) -> Any:
        return known.get(self.right, self.right) if isinstance(self.right, str) else self.right

    def described(self) -> str:
        return f"{self.left} {self.operator} {branch_key(self.right)}"


class ExclusionConstraint(Constraint):
    """Values of two or more variables that never stand together in one sample."""

    kind: Literal["exclusion"]
    values: dict[VariableName, Annotated[list[Scalar], Field(min_length=1, max_length=1000)]] = (
        Field(min_length=2, max_length=50)
    )

    def reads(self, names: Collection[str]) -> frozenset[str]:
        del names
        return frozenset(self.values)

    def check(self, scope: Scope) -> None:
        for name, listed in self.values.items():
            _check_plain(scope, name, ("values", name))
            taken = scope.values_of(name)
            for place, value in enumerate(listed):
                if taken is not None:
                    _check_taken(name, taken, value, ("values", name, place))

    def tester(self) -> Callable[[Known], bool]:
        listed = {name: frozenset(map(_identity, values)) for name, values in self.values.items()}
        return lambda known: (
            not all(_identity(known[name]) in values for name, values in listed.items())
        )

    def described(self) -> str:
        parts = (f"{name} in {', '.join(map(branch_key, v))}" for name, v in self.values.items())
        return f"never {' with '.join(parts)}"


class RuleConstraint(Constraint):
    """Where one condition holds, another does; without the first, always."""

    kind: Literal["rule"]
    when: Condition | None = None
    then: Condition

    def reads(self, names: Collection[str]) -> frozenset[str]:
        del names
        return frozenset().union(*(template.names for template in self._compiled())) - CONTEXT_NAMES

    def check(self, scope: Scope) -> None:
        for field in ("when", "then"):
            text = getattr(self, field)
            if text is None:
                continue
            template = scope.check_text(text, (field,), is_condition=True)
            for name in sorted(template.names & {"chunk", "variables"}):
                message = f"`{name}` cannot be read in a constraint: name the variables themselves"
                raise Misfit(message, (field,))
        if not self.reads(scope.variables):
            raise Misfit("it reads no variable", ("then",))

    def tester(self) -> Callable[[Known], bool]:
        *when, then = self._compiled()
        return lambda known: not all(c.is_true(known) for c in when) or then.is_true(known)

    def described(self) -> str:
        return self.then if self.when is None else f"{self.then}, where {self.when}"

    def _compiled(self) -> list[PromptTemplate]:
        texts = [text for text in (self.when, self.then) if text is not None]
        return [PromptTemplate(text, "the constraint", is_condition=True) for text in texts]


AnyConstraint = Annotated[
    InequalityConstraint | ExclusionConstraint | RuleConstraint, Field(discriminator="kind")
]


def _identity(value: Any) -> Any:
    """What two values that count as equal have in common."""
    number = exact_number(value)
    return branch_key(value) if number is None else number


def _check_plain(scope: Scope, name: str, path: Path) -> None:
    scope.check_name(name, path)
    if scope.variables[name].sampler.fields() is not None:
        raise Misfit(f"{name} has fields: compare one of them with `kind: rule`", path)


def _check_taken(name: str, values: list[Value], value: Scalar, path: Path) -> None:
    if _identity(value) not in map(_identity, values):
        offered = ", ".join(map(branch_key, values[:10]))
        raise Misfit(
            f"{name} never takes the value {branch_key(value)!r}; it takes {offered}", path
        )
