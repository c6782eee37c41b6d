"""One of several values."""

from typing import Literal

from core.templates.samplers.values import ValuesSampler


class CategorySampler(ValuesSampler):
    """One of several values, in exact proportion to their weights."""

    kind: Literal["category"]
