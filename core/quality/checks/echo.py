"""Does the response only repeat the input."""

import re

from core.quality.check import Check, Measure, Subject
from core.templates.definition import CheckSettings

REPORTED_FROM = 0.5  # likeness from which there is something to say
CERTAIN_FROM = 0.95
DOUBTFUL = 0.5  # score at the threshold: a person looks at it
LENGTH_RATIO = (
    0.6  # texts whose lengths differ by more are no echoes, unless the input is said twice
)
OPENING_CHARS = 40  # of the input, by which its repetitions are told
WORD = re.compile(r"\w+")


def measure(subject: Subject) -> Measure:
    likeness = echo_likeness(subject.input, subject.response)
    if likeness < REPORTED_FROM:
        return Measure(0.0, {})
    return Measure(likeness, {"field": "response"})


def echo_likeness(input: str, response: str) -> float:
    """0 to 1: the share of different words that the two texts have in common (Jaccard).

    0 where the lengths differ so much that the response adds or extracts something, as a short
    answer quoted from a long passage does.
    """
    short, long = sorted((len(input), len(response)))
    if not short:
        return 0.0
    if short < LENGTH_RATIO * long:
        opening = input[:OPENING_CHARS].casefold()
        if len(response) < len(input) or response.casefold().count(opening) < 2:
            return 0.0
    words_a = set(WORD.findall(input.casefold()))
    words_b = set(WORD.findall(response.casefold()))
    if not words_a or not words_b:
        return 0.0
    return len(words_a & words_b) / len(words_a | words_b)


def rate(value: float, limits: CheckSettings) -> float:
    if value < limits.echo or value == 0:
        return 1.0
    if value >= CERTAIN_FROM or limits.echo >= CERTAIN_FROM:
        return 0.0
    return DOUBTFUL * (CERTAIN_FROM - value) / (CERTAIN_FROM - limits.echo)


CHECK = Check(
    name="echo",
    description="The response repeats the input instead of answering it.",
    unit="share of words in common",
    weight=0.8,
    rate=rate,
    measure=measure,
    thresholds=("echo",),
)
