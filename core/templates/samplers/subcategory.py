"""One of the values listed for the value of another variable."""

from typing import Any, Literal

from pydantic import Field, field_validator

from core.templates.part import VariableName
from core.templates.samplers.base import Absent, Draw, Drawer, Sampler, Shares
from core.templates.samplers.weights import (
    WeightedValue,
    branch_key,
    distinct,
    draw_weighted,
    keyed_by_text,
    read_values,
    short_values,
    weighted,
)
from core.templates.scope import Misfit, Scope, unknown


class SubcategorySampler(Sampler):
    """One of the values listed for the value that another variable took."""

    kind: Literal["subcategory"]
    parent: VariableName = Field(description="A variable above whose values can be listed.")
    values: dict[str, list[WeightedValue]] = Field(min_length=1, max_length=5000)

    @field_validator("values", mode="before")
    @classmethod
    def _shorthand(cls, values: object) -> object:
        lists = keyed_by_text(values)
        if not isinstance(lists, dict):
            return lists
        return {parent: read_values(items) for parent, items in lists.items()}

    @field_validator("values")
    @classmethod
    def _distinct(cls, values: dict[str, list[WeightedValue]]) -> dict[str, list[WeightedValue]]:
        for parent, items in values.items():
            if not distinct(items):
                raise ValueError(f"no values are listed for {parent!r}")
        return values

    def reads(self) -> frozenset[str]:
        return frozenset([self.parent])

    def check(self, scope: Scope) -> None:
        listed = {name for name in scope.variables if scope.values_of(name) is not None}
        if self.parent not in listed:
            raise Misfit(unknown(self.parent, listed, "category"), ("parent",))
        offered = [branch_key(value) for value in scope.values_of(self.parent) or ()]
        missing = [value for value in offered if value not in self.values]
        if missing:
            raise Misfit(f"no values are listed for {self.parent} = {missing[0]!r}", ("values",))
        extra = [value for value in self.values if value not in offered]
        if extra:
            message = f"{self.parent} never takes the value {extra[0]!r}"
            raise Misfit(message, ("values", extra[0]))

    def shares(self) -> Shares:
        return Shares({key: weighted(items) for key, items in self.values.items()}, self.parent)

    def draw(self, at: Draw) -> Any:
        return self.drawer()(at)

    def drawer(self) -> Drawer:
        branches = self.shares().branches

        def drawn(at: Draw) -> Any:
            if self.parent not in at.context:
                raise Absent
            return draw_weighted(branches[branch_key(at.context[self.parent])], at.stream)

        return drawn

    def short(self, data: dict[str, Any]) -> dict[str, Any]:
        lists = {key: short_values(items) for key, items in data["values"].items()}
        return {**data, "values": lists}
