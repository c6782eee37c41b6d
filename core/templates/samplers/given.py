"""A value that the launch sets."""

from typing import Any, Literal

from pydantic import Field

from core.templates.samplers.base import Draw, Sampler


class GivenSampler(Sampler):
    """The same value in every sample: what the launch chose, or the default."""

    is_redrawn = False
    takes_value = True
    kind: Literal["given"]
    default: Any = Field(None, description="Any JSON; taken where the launch chooses nothing.")

    def draw(self, at: Draw) -> Any:
        return self.default if at.given is None else at.given
