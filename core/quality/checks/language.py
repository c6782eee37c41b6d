"""Is the response in a language that it should be in."""

from collections.abc import Collection
from typing import Any

from core.quality.check import Check, Measure, Subject
from core.templates.definition import CheckSettings
from core.text.language import Confidences
from core.text.scripts import foreign_share

# Odds in favour of the expected language before the text is read: a few words with names in them
# look like any language, a whole answer in another one overcomes it.
PRIOR_ODDS = 20.0
LISTENED_FROM = 0.2


def measure(subject: Subject) -> Measure:
    around = subject.surroundings
    if around is None or not around.expected:
        return Measure(0.0, {})
    doubt = wrongness(around.languages, around.expected)
    foreign = foreign_share(subject.response, around.expected)
    value = max(doubt, foreign)
    if value < LISTENED_FROM:
        return Measure(0.0, {})
    found = next(iter(around.languages), "")
    evidence: dict[str, Any] = {
        "field": "response",
        "expected": sorted(around.expected),
        "found": found,
    }
    if foreign > doubt:
        evidence["foreign_letters"] = round(foreign, 3)
    return Measure(value, evidence)


def wrongness(languages: Confidences, expected: Collection[str]) -> float:
    """Probability that a text is in none of the expected languages; 0 where it cannot be told.

    Bayes' rule with PRIOR_ODDS for the expected ones.
    """
    if not languages:
        return 0.0
    right = min(1.0, sum(languages.get(code, 0.0) for code in expected))
    return (1.0 - right) / (1.0 - right + PRIOR_ODDS * right)


def rate(value: float, limits: CheckSettings) -> float:
    return 1.0 if value < limits.language or value == 0 else 1.0 - value


CHECK = Check(
    name="language",
    description="The response is in another language than the template or the input asks for.",
    unit="confidence in another language",
    weight=0.7,
    rate=rate,
    measure=measure,
    thresholds=("language",),
    stage="dear",
)
