"""Has the same input and response been generated before.

Computed by `core.quality.across.duplicates`.
"""

from core.quality.check import Check
from core.templates.definition import CheckSettings


def rate(value: float, limits: CheckSettings) -> float:  # noqa: ARG001
    return 1.0 - value


CHECK = Check(
    name="exact_duplicate",
    description="An earlier sample has the same input and response.",
    unit="yes or no",
    weight=0.8,
    rate=rate,
    stage="batch",
)
