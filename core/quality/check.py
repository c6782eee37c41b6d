"""What a check is: how it measures one sample, and how a measured value becomes a score.

Measuring and rating are apart so that a threshold can move without measuring again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.quality.rules import BrokenRule
from core.templates.definition import CheckSettings
from core.text.schema import FieldError

MAX_EVIDENCE = 5  # spans or errors kept with one finding
CUT_EVIDENCE_CHARS = 120


class CheckResult(NamedTuple):
    """What one check saw in one sample: stored as a Finding of the same fields."""

    check: str
    value: float  # what was measured, in the check's own unit; thresholds do not enter it
    score: float  # 1 is faultless, 0 is unusable; follows from value and the thresholds
    evidence: dict[str, Any]  # where: a field, a span, a path, a twin


class Subject(NamedTuple):
    """The sample that inline checks look at."""

    output: Mapping[str, Any] | None  # None: no answer could be parsed
    input: str
    response: str
    raw_text: str
    schema_errors: Sequence[FieldError]
    expects_input: bool = True  # the template's mapping fills `input`
    broken_rules: Sequence[BrokenRule] = ()  # of the template's own


class Measure(NamedTuple):
    """A check's reading: the value, and where it was read."""

    value: float
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One registered check. Without `measure` it is computed over a whole batch."""

    name: str
    description: str  # what a finding means, for a person
    unit: str  # of the value
    threshold: str  # what decides: a field of the template's checks, or bounds in words
    weight: float  # the share of the quality that score 0 takes away
    rate: Callable[[float, CheckSettings], float]
    measure: Callable[[Subject], Measure] | None = None
    clean: float | None = 0.0  # the value that says nothing; None: every value is reported


def span(field: str, text: str, start: int, end: int) -> dict[str, Any]:
    """Evidence: where in which field, with the words found there."""
    return {
        "field": field,
        "start": start,
        "end": end,
        "text": text[start : min(end, start + CUT_EVIDENCE_CHARS)],
    }


def ramp(value: float, good: float, bad: float) -> float:
    """Score 1 up to `good`, 0 from `bad` on, a straight line between."""
    if value <= good:
        return 1.0
    return max(0.0, (bad - value) / (bad - good))
