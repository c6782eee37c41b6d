"""Does the response go round in circles.

Two signs: phrases that come again anywhere, and a piece of text that is said over and over in a
row. Source of the first: the share of repeated word n-grams is among the quality rules of Rae et
al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher", table A1;
the compression ratio stands in for it where words are not separated by spaces.
"""

from core.quality.check import Check, Measure, Subject, ramp
from core.templates.definition import CheckSettings
from core.text.repetitions import most_turns
from core.text.repetitions import repeated_share as repeated_share

REPORTED_FROM = 0.1  # from which there is something to say
UNUSABLE_FROM = 0.7
DOUBTFUL = 0.6  # score just above the threshold: a person looks at it
PER_TURN = 0.1  # five turns in a row weigh as much as half of the phrases repeated
LOOPS_FROM = 0.05  # share of repeated phrases that any loop brings with it


def measure(subject: Subject) -> Measure:
    share = repeated_share(subject.response)
    if share < LOOPS_FROM:
        return Measure(0.0, {})
    turns = most_turns(subject.response)
    value = max(share, min(1.0, turns * PER_TURN))
    if value < REPORTED_FROM:
        return Measure(0.0, {})
    return Measure(value, {"field": "response", **({"turns": turns} if turns else {})})


def rate(value: float, limits: CheckSettings) -> float:
    if value <= limits.repetition:
        return 1.0
    return DOUBTFUL * ramp(value, limits.repetition, max(UNUSABLE_FROM, limits.repetition + 0.01))


CHECK = Check(
    name="repetition",
    description="The response repeats its own phrases.",
    unit="share of repeated phrases, or a tenth for each turn in a row",
    weight=0.8,
    rate=rate,
    measure=measure,
    thresholds=("repetition",),
)
