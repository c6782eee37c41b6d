"""Is the same question answered otherwise elsewhere.

Computed by `core.quality.across.consistency`.
"""

from core.quality.check import Check
from core.templates.definition import CheckSettings


def rate(value: float, limits: CheckSettings) -> float:
    return 1.0 if value < limits.consistency else 1.0 - value


CHECK = Check(
    name="consistency",
    description="Another sample answers the same question with another number, name or yes and no.",
    unit="likelihood of a contradiction",
    weight=0.5,
    rate=rate,
    thresholds=("consistency",),
    stage="batch",
)
