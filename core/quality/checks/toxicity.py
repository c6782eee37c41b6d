"""Does the sample insult, threaten or degrade. A lexicon: it knows words, no irony."""

from core.quality.check import MAX_EVIDENCE, Check, Measure, Subject, span
from core.templates.definition import CheckSettings

LIKELY_FROM = 0.1  # a language whose lists are asked


def measure(subject: Subject) -> Measure:
    around = subject.surroundings
    if around is None:
        return Measure(0.0, {})
    languages = [code for code, share in around.languages.items() if share >= LIKELY_FROM]
    found = [
        (hit.severity, span(field, text, hit.start, hit.end))
        for field, text in (("response", subject.response), ("input", subject.input))
        for hit in around.toxic_words.hits(text, languages)
    ]
    if not found:
        return Measure(0.0, {})
    worst = sorted(found, key=lambda item: -item[0])[:MAX_EVIDENCE]
    return Measure(
        worst[0][0], {"spans": [{**place, "severity": severity} for severity, place in worst]}
    )


def rate(value: float, limits: CheckSettings) -> float:
    return 1.0 if value < limits.toxicity or value == 0 else 1.0 - value


CHECK = Check(
    name="toxicity",
    description="Insults, threats, slurs or obscene words stand in it.",
    unit="severity of the worst word",
    weight=0.8,
    rate=rate,
    measure=measure,
    thresholds=("toxicity",),
    stage="dear",
)
