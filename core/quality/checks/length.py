"""Is the response too short or too long."""

from core.quality.check import Check, Measure, Subject
from core.templates.definition import CheckSettings


def measure(subject: Subject) -> Measure:
    return Measure(float(len(subject.response)), {})


def rate(value: float, limits: CheckSettings) -> float:
    if value < limits.min_chars:
        return value / limits.min_chars
    if value > limits.max_chars:
        return limits.max_chars / value
    return 1.0


CHECK = Check(
    name="length",
    description="The response is shorter or longer than the template allows.",
    unit="characters",
    thresholds=("min_chars", "max_chars"),
    weight=0.6,
    rate=rate,
    measure=measure,
    clean=None,
)
