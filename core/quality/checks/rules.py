"""Do the template's own rules hold: conditions over output, variables and chunk."""

from core.quality.check import MAX_EVIDENCE, Check, Measure, Subject
from core.templates.definition import CheckSettings


def measure(subject: Subject) -> Measure:
    broken = subject.broken_rules
    evidence = [{"rule": rule.name, "message": rule.message} for rule in broken[:MAX_EVIDENCE]]
    return Measure(float(len(broken)), {"rules": evidence} if broken else {})


def rate(value: float, limits: CheckSettings) -> float:
    return 0.0 if value > 0 and limits.rules else 1.0


CHECK = Check(
    name="rules",
    description="A rule of the template does not hold for this sample.",
    unit="broken rules",
    thresholds=("rules",),
    weight=0.7,
    rate=rate,
    measure=measure,
)
