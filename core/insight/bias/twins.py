"""Counterfactual twins: the same samples with one attribute changed, side by side. Pure.

Pair i is one plan index, drawn with the attribute's first value and generated again with the
second. Everything else that the model was told is the same, so what differs between the sides,
beyond the model's own chance, is what the attribute does.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from core.insight.bias.disparities import benjamini_hochberg
from core.insight.bias.outcomes import OUTCOMES, Outcome
from core.insight.bias.statistics import holm
from core.insight.comparing.significance import compare_means, compare_rates, mcnemar
from core.text.alike.shingles import ShingleSets

MIN_PAIRS: Final = 5  # fewer say nothing
FEW_PAIRS: Final = 30
SIGNIFICANT: Final = 0.05
MOST_TERMS: Final = 8  # on each side
MIN_TERM_PAIRS: Final = 5  # pairs in which one side alone has the word
MOST_EXAMPLES: Final = 6
_WORD = re.compile(r"[^\W\d_]{2,}(?:'[^\W\d_]+)?")

NOTE: Final = (
    "Both sides were made from the same prompts but for one value, so the attribute is the only "
    "cause that differs by design. A model that answers anew says other things by chance alone: "
    "trust a difference by its interval, not by one pair. It speaks of this template and this "
    "model. Values that follow from the attribute, such as a name, stay as they were drawn."
)


@dataclass(frozen=True)
class TwinOutcome:
    """One outcome of both sides; a difference is the second value's less the first's."""

    outcome: str  # name in `core.insight.bias.outcomes.OUTCOMES`
    pairs: int
    before: float  # mean, or share, with the first value
    after: float
    difference: float
    low: float | None  # 95 % interval of the difference
    high: float | None
    effect: float | None  # matched rank-biserial correlation of numbers; None for shares
    p_value: float  # Wilcoxon's signed ranks of numbers, McNemar's of shares; two-sided
    adjusted_p: float  # after Holm's correction over the outcomes
    note: str


@dataclass(frozen=True)
class TwinTerm:
    """A word that one side uses where its twin does not."""

    term: str
    only_before: int  # pairs where only the first value's response has it
    only_after: int
    false_discovery: float  # McNemar's p after Benjamini and Hochberg's correction over all words


@dataclass(frozen=True)
class TwinExample:
    """A pair of samples, by id."""

    before_id: str
    after_id: str
    similarity: float  # of their responses, 0 to 1


@dataclass(frozen=True)
class TwinsReport:
    """What one changed attribute did; stored in `PairReport.report`."""

    variable: str = ""
    value_from: str = ""
    value_to: str = ""
    pairs: int = 0
    unpaired: int = 0  # samples whose twin failed, or that failed themselves
    outcomes: list[TwinOutcome] = field(default_factory=list)
    similarity: float | None = None  # mean share of three-word phrases in common, 0 to 1
    identical: float | None = None  # share of pairs with the very same response
    terms: list[TwinTerm] = field(default_factory=list)
    examples: list[TwinExample] = field(default_factory=list)  # the least alike
    note: str = ""


TWINS_REPORT: Final = TypeAdapter(TwinsReport)


@dataclass(frozen=True)
class TwinSide:
    """One side of the pairs; every sequence has an entry per pair."""

    ids: Sequence[str]
    responses: Sequence[str]
    outcomes: Mapping[str, NDArray[np.float64]]  # nan where not known


def twins_report(
    before: TwinSide,
    after: TwinSide,
    *,
    variable: str,
    value_from: str,
    value_to: str,
    unpaired: int = 0,
    seed: int = 0,
) -> TwinsReport:
    """What the pairs say; hardly anything below MIN_PAIRS."""
    n = len(before.ids)
    empty = TwinsReport(variable, value_from, value_to, n, unpaired)
    if n < MIN_PAIRS:
        return replace(empty, note=f"Too few pairs: {n}. Figures settle from about 100 on.")
    alike = similarities(before.responses, after.responses)
    same = [a == b for a, b in zip(before.responses, after.responses, strict=True)]
    few = f" {n} pairs are few: only large differences show." if n < FEW_PAIRS else ""
    return replace(
        empty,
        outcomes=_outcomes(before, after, (value_from, value_to), seed),
        similarity=float(alike.mean()),
        identical=float(np.mean(same)),
        terms=differing_terms(before.responses, after.responses),
        examples=[
            TwinExample(before.ids[i], after.ids[i], float(alike[i]))
            for i in np.argsort(alike, kind="stable")[:MOST_EXAMPLES]
        ],
        note=NOTE + few,
    )


def similarities(a: Sequence[str], b: Sequence[str]) -> NDArray[np.float64]:
    """The share of three-word phrases that each pair has in common, (n,), 0 to 1."""
    places = np.arange(len(a))
    found = ShingleSets([*a, *b]).jaccard(places, places + len(a))
    return np.asarray(found, dtype=np.float64)


def _outcomes(
    before: TwinSide, after: TwinSide, values: tuple[str, str], seed: int
) -> list[TwinOutcome]:
    found = []
    for name, x in before.outcomes.items():
        y = after.outcomes.get(name)
        if y is None:
            continue
        known = ~np.isnan(x) & ~np.isnan(y)
        if known.sum() >= MIN_PAIRS:
            found.append(_outcome(OUTCOMES[name], x[known], y[known], seed))
    adjusted = holm([one.p_value for one in found])
    return [
        replace(one, adjusted_p=p, note=_said(one, p, values))
        for one, p in zip(found, adjusted, strict=True)
    ]


def _outcome(
    outcome: Outcome, x: NDArray[np.float64], y: NDArray[np.float64], seed: int
) -> TwinOutcome:
    if outcome.unit == "share":
        rates = compare_rates(x, y)
        return TwinOutcome(
            outcome.name, rates.pairs, rates.a, rates.b, rates.difference, rates.low, rates.high,
            None, rates.p_value, rates.p_value, "",
        )  # fmt: skip
    means = compare_means(x, y, seed=seed)
    return TwinOutcome(
        outcome.name, means.pairs, means.a, means.b, means.difference, means.low, means.high,
        means.rank_biserial, means.p_value, means.p_value, "",
    )  # fmt: skip


def _said(found: TwinOutcome, adjusted_p: float, values: tuple[str, str]) -> str:
    if adjusted_p >= SIGNIFICANT:
        return "No difference beyond what chance alone explains."
    way = "higher" if found.difference > 0 else "lower"
    return f"With {values[1]} it is {way} than with {values[0]}, all else equal."


def differing_terms(a: Sequence[str], b: Sequence[str]) -> list[TwinTerm]:
    """Words that one side has where the other has not, beyond chance; the surest first.

    Each word is tested over all pairs by McNemar's exact test, corrected over all words tested.
    """
    only_a: Counter[str] = Counter()
    only_b: Counter[str] = Counter()
    for x, y in zip(a, b, strict=True):
        left, right = _words(x), _words(y)
        only_a.update(left - right)
        only_b.update(right - left)
    words = sorted(w for w in only_a | only_b if only_a[w] + only_b[w] >= MIN_TERM_PAIRS)
    corrected = benjamini_hochberg([mcnemar(only_a[word], only_b[word]) for word in words])
    found = [
        TwinTerm(word, only_a[word], only_b[word], q)
        for word, q in zip(words, corrected, strict=True)
        if q < SIGNIFICANT
    ]
    found.sort(key=lambda one: (one.false_discovery, -abs(one.only_after - one.only_before)))
    left_terms = [one for one in found if one.only_before > one.only_after][:MOST_TERMS]
    right_terms = [one for one in found if one.only_after > one.only_before][:MOST_TERMS]
    return left_terms + right_terms


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))
