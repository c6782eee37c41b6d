"""A day."""

from datetime import date
from typing import Any, Literal, Self

from pydantic import model_validator

from core.templates.samplers.base import Draw, Sampler
from core.templates.samplers.bounds import check_order, narrowed


class DateSampler(Sampler):
    """A day from start to end, both included, as ISO text such as 2026-03-31."""

    kind: Literal["date"]
    start: date
    end: date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        check_order(self.start, self.end)
        return self

    def compares_with(self, bound: Any) -> bool:
        return _ordinal(bound) is not None

    def draw(self, at: Draw) -> Any:
        limits = [(operator, _ordinal(bound)) for operator, bound in at.limits]
        known = [(operator, day) for operator, day in limits if day is not None]
        start, end = narrowed(self.start.toordinal(), self.end.toordinal(), known)
        return date.fromordinal(start + at.stream.below(end - start + 1)).isoformat()


def _ordinal(bound: Any) -> int | None:
    try:
        return date.fromisoformat(str(bound)).toordinal()
    except ValueError:
        return None
