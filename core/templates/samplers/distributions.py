"""How numbers spread between a lowest and a highest value, on a grid of equal steps.

Pure. A value is the inverse of the cumulative distribution at a keyed uniform number, in steps:
whatever the last bits of a platform's logarithm, the step is the same.
"""

from collections.abc import Callable
from fractions import Fraction
from math import erfc, expm1, log1p, sqrt
from statistics import NormalDist
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from core.templates.randomness import Stream
from core.templates.samplers.base import Draw, Sampler
from core.templates.samplers.bounds import exact_number, narrowed

Distribution = Literal["uniform", "normal", "triangular", "exponential"]
USES: Final = {
    "uniform": (),
    "normal": ("mean", "std"),
    "triangular": ("mode",),
    "exponential": ("mean",),
}
STDS_IN_RANGE: Final = 6  # the default deviation of a normal: its range spans so many
MEANS_IN_RANGE: Final = 4  # the default mean of an exponential: its range spans so many
FAR_STDS: Final = 30.0  # beyond, a normal tail is drawn as the exponential it comes down to


class SpreadSampler(Sampler):
    """What integer and number share: a distribution between low and high, cut off at both."""

    distribution: Distribution = "uniform"
    mean: float | None = Field(
        None, description="Of the normal; of the exponential, which falls from low upwards."
    )
    std: float | None = Field(None, gt=0, description="Standard deviation of the normal.")
    mode: float | None = Field(None, description="The most frequent value of the triangular.")

    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _spread_fits(self) -> Self:
        for name in ("mean", "std", "mode"):
            if getattr(self, name) is not None and name not in USES[self.distribution]:
                owners = " or ".join(kind for kind, used in USES.items() if name in used)
                raise ValueError(f"`{name}` belongs to the distribution {owners}")
        low, high = self.ends()
        for name in ("mean", "mode"):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"the {name} {value:g} lies outside of {low:g} … {high:g}")
        if self.distribution == "exponential" and self.mean is not None and self.mean <= low:
            raise ValueError(f"the mean of an exponential lies above its low {low:g}")
        return self

    def compares_with(self, bound: Any) -> bool:
        return exact_number(bound) is not None

    def draw_step(self, low: int, high: int, step: Fraction, at: Draw) -> int:
        """A whole number of steps from low to high, both included, by the distribution.

        Raises NothingLeft where the limits of the draw leave none.
        """
        if at.limits:
            numbers = [(operator, exact_number(bound)) for operator, bound in at.limits]
            known = [(operator, bound / step) for operator, bound in numbers if bound is not None]
            low, high = narrowed(low, high, known)
        if self.distribution == "uniform" or low == high:
            return low + at.stream.below(high - low + 1)
        width = float(step)
        inverse = self._inverse((low - 0.5) * width, (high + 0.5) * width)
        return min(high, max(low, round(inverse(_uniform(at.stream)) / width)))

    def _inverse(self, low: float, high: float) -> Callable[[float], float]:
        bottom, top = self.ends()
        if self.distribution == "normal":
            mean = (bottom + top) / 2 if self.mean is None else self.mean
            std = self.std or (top - bottom) / STDS_IN_RANGE
            return lambda u: normal_inverse(u, low, high, mean, std)
        if self.distribution == "exponential":
            mean = bottom + (top - bottom) / MEANS_IN_RANGE if self.mean is None else self.mean
            return lambda u: exponential_inverse(u, low, high, mean - bottom)
        mode = (bottom + top) / 2 if self.mode is None else self.mode
        return lambda u: triangular_inverse(u, bottom, top, mode, low, high)


def _uniform(stream: Stream) -> float:
    return ((stream.word() >> 12) + 0.5) / 2**52  # never 0, never 1


def normal_inverse(u: float, low: float, high: float, mean: float, std: float) -> float:
    """Where a normal, cut off at low and high, has cumulated the share u (0 < u < 1)."""
    if low > mean + FAR_STDS * std:
        return exponential_inverse(u, low, high, std * std / (low - mean))
    if high < mean - FAR_STDS * std:
        return -exponential_inverse(1 - u, -high, -low, std * std / (mean - high))
    below, above = (low - mean) / std, (high - mean) / std
    if below > 0:  # the upper tail, as its mirror image: small probabilities keep their digits
        return mean - std * _between(-above, -below, 1 - u)
    return mean + std * _between(below, above, u)


def _between(low: float, high: float, u: float) -> float:
    start, end = _below(low), _below(high)
    return NormalDist().inv_cdf(start + u * (end - start))


def _below(x: float) -> float:
    # NormalDist.cdf goes through erf, which loses the digits of a small share.
    return erfc(-x / sqrt(2)) / 2


def exponential_inverse(u: float, low: float, high: float, scale: float) -> float:
    """Where an exponential from low with that mean distance, cut off at high, has cumulated u."""
    return low - scale * log1p(u * expm1(-(high - low) / scale))


def triangular_inverse(
    u: float, bottom: float, top: float, mode: float, low: float, high: float
) -> float:
    """Where a triangle over bottom … top with that mode, cut off at low and high, cumulates u."""
    start, end = (_triangle(x, bottom, top, mode) for x in (low, high))
    share = start + u * (end - start)
    width, left = top - bottom, mode - bottom
    if width == 0:
        return bottom
    if share * width < left:
        return bottom + sqrt(share * width * left)
    return top - sqrt((1 - share) * width * (top - mode))


def _triangle(x: float, bottom: float, top: float, mode: float) -> float:
    if x <= bottom or top == bottom:
        return 0.0
    if x >= top:
        return 1.0
    if x < mode:
        return (x - bottom) ** 2 / ((top - bottom) * (mode - bottom))
    return 1 - (top - x) ** 2 / ((top - bottom) * (top - mode))
