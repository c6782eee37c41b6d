"""Does the answer satisfy the template's output schema."""

from core.quality.check import MAX_EVIDENCE, Check, Measure, Subject
from core.templates.definition import CheckSettings


def measure(subject: Subject) -> Measure:
    errors = subject.schema_errors
    if not errors:
        if subject.output is not None:
            return Measure(0.0, {})
        return Measure(1.0, {"errors": [{"path": "", "message": "the answer is not JSON"}]})
    listed = [{"path": error.path, "message": error.message} for error in errors[:MAX_EVIDENCE]]
    return Measure(float(len(errors)), {"errors": listed})


def rate(value: float, limits: CheckSettings) -> float:  # noqa: ARG001
    return 1.0 if value == 0 else 0.0


CHECK = Check(
    name="schema",
    description="The answer does not satisfy the template's output schema.",
    unit="errors",
    weight=1.0,
    rate=rate,
    measure=measure,
)
