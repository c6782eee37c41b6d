"""Is there anything to learn from: an empty or meaningless input or response."""

from core.quality.check import Check, Measure, Subject
from core.templates.definition import CheckSettings

MEANINGLESS = frozenset(
    ("n/a", "na", "none", "null", "nil", "undefined", "nan", "string", "text", "empty", "unknown")
)
EDGES = " \t\r\n.,;:!?…。、-–—_*#“”‘’«»\"'`()[]{}<>|/\\"
LONGEST = max(map(len, MEANINGLESS)) + 12  # with quotes and full stops around


def measure(subject: Subject) -> Measure:
    if is_empty(subject.response):
        return Measure(1.0, {"field": "response", "text": subject.response[:LONGEST]})
    if subject.expects_input and is_empty(subject.input):
        return Measure(1.0, {"field": "input", "text": subject.input[:LONGEST]})
    return Measure(0.0, {})


def is_empty(text: str) -> bool:
    """Whether the text is blank, only punctuation, or a word that stands for nothing."""
    if len(text) > LONGEST and text[:1].isalnum():
        return False
    core = text.strip(EDGES)
    return not core or core.casefold() in MEANINGLESS


def rate(value: float, limits: CheckSettings) -> float:  # noqa: ARG001
    return 1.0 if value == 0 else 0.0


CHECK = Check(
    name="empty",
    description="Input or response is blank, only punctuation, or stands for nothing (N/A, null).",
    unit="yes or no",
    weight=1.0,
    rate=rate,
    measure=measure,
)
