"""One quality score from the parts, and the verdict that thresholds give it.

    quality = product over checks of (1 - weight x (1 - score))

Where heuristics leave a sample undecided and a judge passes it, it is accepted: see `is_settled`.

A check with weight 1 (schema, empty, refusal, placeholder) that scores 0 makes the quality 0; one
with weight 0.5 halves it. A check without a finding scores 1. Scores are read from the findings'
measured values, so a threshold moves without generating or measuring again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from core.quality.check import Check
from core.quality.checks.judge import CHECK as JUDGE_CHECK
from core.quality.checks.judge import SETTLES as SETTLES
from core.quality.registry import CHECKS
from core.templates.definition import CheckSettings

ACCEPTED, NEEDS_REVIEW, REJECTED = "accepted", "needs_review", "rejected"
JUDGE = JUDGE_CHECK.name
OTHER_WEIGHT = 0.5  # of a finding whose check is no longer registered


class Reading(Protocol):
    """A CheckResult or a stored Finding."""

    @property
    def check(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def score(self) -> float: ...


class Score(NamedTuple):
    """The quality of one sample, with its parts."""

    quality_score: float  # 0 to 1
    verdict: str  # accepted, needs_review, rejected
    parts: dict[str, float]  # score of each check that had something to say


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the explanation of a score."""

    check: str
    description: str
    unit: str
    thresholds: tuple[str, ...]
    value: float | None  # None: measured and found clean, or not measured yet
    score: float
    factor: float  # what the quality was multiplied by
    evidence: dict[str, Any]


def score(results: Iterable[Reading], limits: CheckSettings) -> Score:
    """Quality and verdict of one sample under these thresholds. Without results: 1, accepted."""
    quality = 1.0
    parts: dict[str, float] = {}
    is_hopeless = False
    for result in results:
        check = CHECKS.get(result.check)
        part = rated(result, limits)
        parts[result.check] = part
        quality *= _factor(check, part)
        is_hopeless = is_hopeless or (check is not None and check.weight == 1.0 and part == 0.0)
    verdict = REJECTED if is_hopeless else verdict_of(quality, limits)
    if verdict == NEEDS_REVIEW and is_settled(parts):
        verdict = ACCEPTED
    return Score(quality, verdict, parts)


def is_settled(parts: Mapping[str, float]) -> bool:
    """Whether a judge passed the sample and every other doubt is one that a judge can settle."""
    return parts.get(JUDGE) == 1.0 and all(
        part == 1.0 or name in SETTLES for name, part in parts.items()
    )


def rated(result: Reading, limits: CheckSettings) -> float:
    """The score of one reading under these thresholds, 0 to 1."""
    check = CHECKS.get(result.check)
    rating = result.score if check is None else check.rate(result.value, limits)
    return min(1.0, max(0.0, rating))


def verdict_of(quality: float, limits: CheckSettings) -> str:
    """Accepted from `accept_at` on, rejected below `reject_below`, else a person decides."""
    if quality < limits.reject_below:
        return REJECTED
    return ACCEPTED if quality >= limits.accept_at else NEEDS_REVIEW


def explain(results: Iterable[Any], limits: CheckSettings) -> list[Part]:
    """Every registered check with its part in the score, in the registry's order.

    `results` are CheckResults or Findings; checks without one score 1.
    """
    found = {result.check: result for result in results}
    parts = []
    for check in CHECKS.values():
        result = found.get(check.name)
        part = 1.0 if result is None else rated(result, limits)
        parts.append(
            Part(
                check.name,
                check.description,
                check.unit,
                check.thresholds,
                None if result is None else result.value,
                part,
                _factor(check, part),
                {} if result is None else result.evidence,
            )
        )
    return parts


def _factor(check: Check | None, part: float) -> float:
    weight = OTHER_WEIGHT if check is None else check.weight
    return 1.0 - weight * (1.0 - part)
