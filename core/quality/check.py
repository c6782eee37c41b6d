"""What a check is: how it measures one sample, and how a measured value becomes a score.

Measuring and rating are apart so that a threshold can move without measuring again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from core.quality.rules import BrokenRule
from core.quality.toxic_words import ToxicWords
from core.templates.definition import CheckSettings
from core.text.language import Confidences
from core.text.schema import FieldError

# inline: on every answer as it arrives; dear: per sample, in a compute worker; batch: over a batch.
Stage = Literal["inline", "dear", "batch"]

UNKNOWN: Confidences = {}
MAX_EVIDENCE = 5  # spans or errors kept with one finding
CUT_EVIDENCE_CHARS = 120


class CheckResult(NamedTuple):
    """What one check saw in one sample: stored as a Finding of the same fields."""

    check: str
    value: float  # what was measured, in the check's own unit; thresholds do not enter it
    score: float  # 1 is faultless, 0 is unusable; follows from value and the thresholds
    evidence: dict[str, Any]  # where: a field, a span, a path, a twin


class Surroundings(NamedTuple):
    """What a compute worker knows of a sample besides its own texts."""

    toxic_words: ToxicWords
    variables: Mapping[str, Any]  # the plan's values
    chunk: str = ""  # text of the source chunk it was made from, heading first; "" without one
    languages: Confidences = UNKNOWN  # of the response
    chunk_languages: Confidences = UNKNOWN
    expected: frozenset[str] = frozenset()  # codes the response may be in; empty: any


class Subject(NamedTuple):
    """The sample that a check looks at."""

    output: Mapping[str, Any] | None  # None: no answer could be parsed
    input: str
    response: str
    raw_text: str
    schema_errors: Sequence[FieldError]
    expects_input: bool = True  # the template's mapping fills `input`
    broken_rules: Sequence[BrokenRule] = ()  # of the template's own
    surroundings: Surroundings | None = None  # for dear checks; None inline


class Measure(NamedTuple):
    """A check's reading: the value, and where it was read."""

    value: float
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One registered check. One of stage `batch` has no `measure`: it looks at all samples at once.

    `rate` reads the value and the settings alone, so that a threshold moves without measuring.
    """

    name: str
    description: str  # what a finding means, for a person
    unit: str  # of the value
    weight: float  # the share of the quality that score 0 takes away
    rate: Callable[[float, CheckSettings], float]
    measure: Callable[[Subject], Measure] | None = None
    clean: float | None = 0.0  # the value that says nothing; None: every value is reported
    thresholds: tuple[str, ...] = ()  # fields of CheckSettings that decide; (): nothing is allowed
    stage: Stage = "inline"


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
