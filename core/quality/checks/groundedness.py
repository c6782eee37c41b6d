"""Does the source chunk say what the response claims."""

from core.quality.check import MAX_EVIDENCE, Check, Measure, Subject, span
from core.quality.claims import Ground, uncovered
from core.templates.definition import CheckSettings


def measure(subject: Subject) -> Measure:
    around = subject.surroundings
    if around is None or not around.chunk or not _same_language(subject):
        return Measure(1.0, {})
    ground = Ground(around.chunk, (subject.input, *map(str, around.variables.values())))
    claims, missing = uncovered(subject.response, ground)
    if not missing:
        return Measure(1.0, {})
    spans = [
        {**span("response", subject.response, claim.start, claim.end), "missing": claim.missing}
        for claim in missing[:MAX_EVIDENCE]
    ]
    return Measure(1.0 - len(missing) / claims, {"spans": spans, "claims": claims})


def _same_language(subject: Subject) -> bool:
    """Words can be compared only within a language; numbers and names alone would mislead."""
    around = subject.surroundings
    assert around is not None
    if not around.languages or not around.chunk_languages:
        return True
    return next(iter(around.languages)) == next(iter(around.chunk_languages))


def rate(value: float, limits: CheckSettings) -> float:
    return 1.0 if value >= limits.groundedness else 0.5 * value / limits.groundedness


CHECK = Check(
    name="groundedness",
    description="The source chunk does not say what the response claims, or has other figures.",
    unit="share of claims that the chunk covers",
    weight=0.6,
    rate=rate,
    measure=measure,
    clean=1.0,
    thresholds=("groundedness",),
    stage="dear",
)
