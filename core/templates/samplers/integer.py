"""A whole number."""

from fractions import Fraction
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from core.templates.samplers.base import Draw
from core.templates.samplers.bounds import check_order
from core.templates.samplers.distributions import SpreadSampler


class IntegerSampler(SpreadSampler):
    """A whole number from low to high, both included; all equally likely unless told otherwise."""

    kind: Literal["integer"]
    low: int = Field(ge=-(10**15), le=10**15)
    high: int = Field(ge=-(10**15), le=10**15)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        check_order(self.low, self.high)
        return self

    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    def draw(self, at: Draw) -> Any:
        return self.draw_step(self.low, self.high, Fraction(1), at)
