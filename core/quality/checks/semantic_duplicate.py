"""Does an earlier sample mean the same. Computed by `core.quality.across.semantic_duplicates`."""

from core.quality.check import Check
from core.templates.definition import CheckSettings


def rate(value: float, limits: CheckSettings) -> float:
    return 1.0 if value < limits.semantic_duplicate else 1.0 - value


CHECK = Check(
    name="semantic_duplicate",
    description="An earlier sample says the same in other words.",
    unit="cosine of the embeddings",
    weight=0.5,
    rate=rate,
    thresholds=("semantic_duplicate",),
    stage="batch",
)
