"""Is an earlier sample almost the same, word for word.

Computed by `core.quality.across.duplicates`.
"""

from core.quality.check import Check
from core.templates.definition import CheckSettings


def rate(value: float, limits: CheckSettings) -> float:
    return 1.0 if value < limits.near_duplicate else 1.0 - value


CHECK = Check(
    name="near_duplicate",
    description="Input and response share most of their phrases with those of an earlier sample.",
    unit="share of three-word phrases in common",
    thresholds=("near_duplicate",),
    weight=0.5,
    rate=rate,
    stage="batch",
)
