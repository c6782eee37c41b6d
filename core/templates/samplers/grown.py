"""One of several values, of which a model proposes more."""

from typing import Literal

from pydantic import Field

from core.templates.part import Text
from core.templates.samplers.values import ValuesSampler


class GrownSampler(ValuesSampler):
    """A category that starts with a few values; a model proposes more, and a person accepts them.

    It draws from the values that stand here. Growing them is an expansion, never part of a batch.
    """

    kind: Literal["grown"]
    instruction: Text = Field(description="What the values are, told to the model that adds some.")
    wanted: int = Field(20, ge=1, le=5000, description="Values there should be in the end.")
