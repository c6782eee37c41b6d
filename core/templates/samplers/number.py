"""A decimal number."""

from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from core.templates.samplers.base import Draw
from core.templates.samplers.bounds import check_order
from core.templates.samplers.distributions import SpreadSampler


class NumberSampler(SpreadSampler):
    """A decimal number from low to high, both included, on a grid of `decimals` places."""

    kind: Literal["number"]
    low: float = Field(ge=-1e12, le=1e12)
    high: float = Field(ge=-1e12, le=1e12)
    decimals: int = Field(2, ge=0, le=6)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        check_order(self.low, self.high)
        return self

    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    def draw(self, at: Draw) -> Any:
        step = Fraction(1, 10**self.decimals)
        low, high = Fraction(repr(self.low)) / step, Fraction(repr(self.high)) / step
        if ceil(low) > floor(high):
            return self.low
        return float(self.draw_step(ceil(low), floor(high), step, at) * step)
