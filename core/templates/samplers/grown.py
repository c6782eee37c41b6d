"""One of several values, of which a model proposes more."""

from typing import Any, Literal

from pydantic import Field, field_validator

from core.templates.part import Text
from core.templates.samplers.base import Draw, Drawer, Sampler, Shares
from core.templates.samplers.weights import (
    WeightedValue,
    distinct,
    draw_weighted,
    read_values,
    short_values,
    weighted,
)


class GrownSampler(Sampler):
    """A category that starts with a few values; a model proposes more, and a person accepts them.

    It draws from the values that stand here. Growing them is an expansion, never part of a batch.
    """

    kind: Literal["grown"]
    instruction: Text = Field(description="What the values are, told to the model that adds some.")
    values: list[WeightedValue] = Field(min_length=1, max_length=5000)
    wanted: int = Field(20, ge=1, le=5000, description="Values there should be in the end.")

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
