"""Does a sample give away a record of an evaluation set.

Computed by `core.quality.across.leakage`.
"""

from core.quality.check import Check
from core.templates.definition import CheckSettings


def rate(value: float, limits: CheckSettings) -> float:
    return 1.0 if value < limits.leakage else 1.0 - value


CHECK = Check(
    name="leakage",
    description="The sample holds most of a record that is kept for evaluation.",
    unit="share of the record's phrases",
    weight=0.8,
    rate=rate,
    thresholds=("leakage",),
    stage="batch",
)
