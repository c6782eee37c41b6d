"""What a test of two sides found, in a sentence that says no more than it knows. Pure."""

import math
from typing import Literal, Protocol

from core.insight.comparing.significance import ALPHA, FEW_PAIRS

Measure = Literal["acceptance", "compliance", "quality", "cost"]
GAP = "\u00a0"
CLAIMS = {
    "acceptance": ("is accepted more often", "is accepted less often"),
    "compliance": ("fits the output schema more often", "fits the output schema less often"),
    "quality": ("has the higher quality score", "has the lower quality score"),
    "cost": ("costs more per sample", "costs less per sample"),
}
SUBJECTS = {
    "acceptance": "acceptance",
    "compliance": "schema compliance",
    "quality": "the quality score",
    "cost": "the cost per sample",
}


class Finding(Protocol):
    """The facts that the sentence is made of."""

    @property
    def measure(self) -> Measure: ...
    @property
    def pairs(self) -> int: ...
    @property
    def a(self) -> float | None: ...
    @property
    def b(self) -> float | None: ...
    @property
    def difference(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def adjusted_p(self) -> float: ...
    @property
    def detectable(self) -> float | None: ...
    @property
    def better(self) -> str | None: ...


def sentence(found: Finding) -> str:
    """The finding: who is ahead, both figures, the difference with its interval, and p."""
    both = f"{figure(found.measure, found.b)} against {figure(found.measure, found.a)}"
    facts = f"difference {gap(found.measure, found.difference)}, {interval(found)}, {p(found)}"
    if found.better is None:
        return _undecided(found, both, facts)
    more, less = CLAIMS[found.measure]
    claim = more if (found.difference or 0.0) > 0 else less
    return f"B {claim}: {both}, {facts}.{_doubt(found)}"


def _undecided(found: Finding, both: str, facts: str) -> str:
    if not found.difference and found.low == found.high == found.difference:
        return f"A and B do not differ in {SUBJECTS[found.measure]}: {both}."
    text = f"No difference in {SUBJECTS[found.measure]} is shown: {both}, {facts}."
    if found.detectable is not None and math.isfinite(found.detectable):
        smallest = gap(found.measure, found.detectable)
        text += (
            f" With {found.pairs:,} pairs, a true difference below about {smallest} would "
            "often go unseen."
        )
    return text


def _doubt(found: Finding) -> str:
    """Where the ranks and the mean disagree, or the pairs are few, the reader is told."""
    if found.low is not None and found.high is not None and found.low <= 0 <= found.high:
        return (
            " The test of ranks finds a difference, but the interval of the mean includes none: "
            "most pairs lean one way, a few large ones the other."
        )
    if found.pairs < FEW_PAIRS:
        return f" Only {found.pairs} pairs: take the size of the difference with caution."
    return ""


def interval(found: Finding) -> str:
    """The 95 % interval of the difference."""
    if found.low is None or found.high is None:
        return f"too few pairs for a 95{GAP}% interval"
    return (
        f"95{GAP}% interval {bound(found.measure, found.low)} to {gap(found.measure, found.high)}"
    )


def p(found: Finding) -> str:
    """The corrected p-value, marked where it is below ALPHA."""
    value = found.adjusted_p
    text = "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
    return text if value < ALPHA else f"{text}, not significant"


def figure(measure: Measure, value: float | None) -> str:
    """One side's figure: a percentage, a score, or money."""
    if value is None or math.isnan(value):
        return "–"
    if measure in ("acceptance", "compliance"):
        return f"{100 * value:.0f}{GAP}%" if _is_whole(100 * value) else f"{100 * value:.1f}{GAP}%"
    return f"{value:.2f}" if measure == "quality" else f"{_usd(value)}{GAP}USD"


def gap(measure: Measure, value: float | None) -> str:
    """A difference with its unit: points of a percentage, of a score, or money."""
    if value is None or math.isnan(value):
        return "–"
    text = bound(measure, value)
    if measure in ("acceptance", "compliance"):
        return f"{text}{GAP}points"
    return text if measure == "quality" else f"{text}{GAP}USD"


def bound(measure: Measure, value: float) -> str:
    """A difference without its unit."""
    if measure in ("acceptance", "compliance"):
        points = 100 * value
        text = f"{points:.3f}" if 0 < abs(points) < 0.1 else f"{points:.1f}".removesuffix(".0")
        return text.replace("-", "−")
    text = f"{value:.3f}" if measure == "quality" else _usd(value)
    return text.replace("-", "−")


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < 0.05


def _usd(value: float) -> str:
    """Two significant digits at least, never in scientific form."""
    if value == 0:
        return "0"
    decimals = max(2, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(decimals, 9)}f}"
