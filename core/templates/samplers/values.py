"""What samplers share that draw from a list of weighted values of their own."""

from typing import Any

from pydantic import Field, field_validator

from core.templates.samplers.base import Draw, Drawer, Sampler, Shares
from core.templates.samplers.weights import (
    WeightedValue,
    distinct,
    draw_weighted,
    read_values,
    short_values,
    weighted,
)


class ValuesSampler(Sampler):
    """One of several values, in exact proportion to their weights."""

    values: list[WeightedValue] = Field(min_length=1, max_length=5000)

    _shorthand = field_validator("values", mode="before")(read_values)
    _distinct = field_validator("values")(distinct)

    def shares(self) -> Shares:
        return Shares({"": weighted(self.values)})

    def draw(self, at: Draw) -> Any:
        return draw_weighted(weighted(self.values), at.stream)

    def drawer(self) -> Drawer:
        branch = weighted(self.values)
        return lambda at: draw_weighted(branch, at.stream)

    def short(self, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "values": short_values(data["values"])}
