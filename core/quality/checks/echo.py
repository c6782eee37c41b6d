"""Does the response only repeat the input."""

from core.quality.check import Check, Measure, Subject, ramp
from core.templates.definition import CheckSettings

LISTENED_FROM = 0.75  # likeness from which an echo is suspected
CERTAIN_FROM = 0.95
LENGTH_RATIO = 0.6  # texts whose lengths differ by more cannot be echoes


def measure(subject: Subject) -> Measure:
    likeness = echo_likeness(subject.input, subject.response)
    if likeness < LISTENED_FROM:
        return Measure(0.0, {})
    return Measure(likeness, {"field": "response"})


def echo_likeness(input: str, response: str) -> float:
    """0 to 1: the share of one text inside the other, or of words in common.

    0 where the lengths differ so much that the response adds or extracts something, as a short
    answer quoted from a long passage does.
    """
    short, long = sorted((len(input), len(response)))
    if not short or short < LENGTH_RATIO * long:
        return 0.0
    a, b = input.casefold().split(), response.casefold().split()
    words_a, words_b = set(a), set(b)
    common = len(words_a & words_b)
    if common < LISTENED_FROM * max(len(words_a), len(words_b)):
        return 0.0
    if a == b:
        return 1.0
    return common / len(words_a | words_b)


def rate(value: float, limits: CheckSettings) -> float:  # noqa: ARG001
    return ramp(value, LISTENED_FROM, CERTAIN_FROM)


CHECK = Check(
    name="echo",
    description="The response repeats the input instead of answering it.",
    unit="share of words in common",
    threshold=f"{LISTENED_FROM} to {CERTAIN_FROM}",
    weight=0.8,
    rate=rate,
    measure=measure,
)
