"""True or false."""

from typing import Any, Literal

from pydantic import Field

from core.templates.samplers.base import Draw, Sampler, Shares, Value
from core.templates.samplers.weights import draw_weighted, whole_weights


class BernoulliSampler(Sampler):
    """True in an exact share of the samples, false in the others."""

    kind: Literal["bernoulli"]
    probability: float = Field(ge=0, le=1, description="Share of the samples where it is true.")

    def shares(self) -> Shares:
        return Shares({"": self._weighted()})

    def draw(self, at: Draw) -> Any:
        return draw_weighted(self._weighted(), at.stream)

    def _weighted(self) -> tuple[tuple[Value, int], ...]:
        total, wanted = whole_weights([1.0, self.probability])
        weights = ((True, wanted), (False, total - wanted))
        return tuple((value, weight) for value, weight in weights if weight)
