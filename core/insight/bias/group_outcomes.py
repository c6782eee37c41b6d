"""Outcomes by the groups of each variable: which differ, by how much, beyond chance. Pure."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from core.insight.bias.disparities import (
    Codes,
    Floats,
    GroupDifference,
    benjamini_hochberg,
    number_differences,
    share_differences,
)
from core.insight.bias.group_values import GroupSpec, group_of
from core.insight.bias.outcomes import OUTCOMES, Outcome
from core.insight.bias.statistics import holm
from core.insight.contents import Disparity, GroupOutcome

MIN_GROUP: Final = 5  # samples that a group needs to be compared
MAX_GROUPS: Final = 12  # the largest groups of a variable
MAX_ASSUMED: Final = 8  # variables that nobody declared to hold groups
SIGNIFICANT: Final = 0.05
MOST_SAID: Final = 3  # groups that a note names
FEW_EACH: Final = 20
# Cohen 1988, Statistical Power Analysis: the conventional names of effect sizes d and h.
SIZES: Final = ((0.2, "negligible"), (0.5, "small"), (0.8, "medium"), (math.inf, "large"))


@dataclass(frozen=True)
class Coded:
    """The compared groups of a variable, and each sample's place among them; -1 is none."""

    spec: GroupSpec
    names: list[str]
    codes: Codes
    note: str  # what was left out


def group_disparities(
    specs: Sequence[GroupSpec],
    drawn: Sequence[Mapping[str, Any]],
    outcomes: Mapping[str, Floats],
    *,
    seed: int = 0,
) -> tuple[list[Disparity], list[str]]:
    """Every outcome by every variable's groups, and what was left out, in words.

    `drawn` and each outcome have an entry per sample. P-values are corrected over all comparisons
    of declared groups, and apart from those over all of assumed ones.
    """
    assumed = [spec for spec in specs if spec.is_assumed][:MAX_ASSUMED]
    found: list[Disparity] = []
    notes: list[str] = []
    for family in ([spec for spec in specs if not spec.is_assumed], assumed):
        coded = [coded_groups(spec, drawn) for spec in family]
        notes += [one.note for one in coded if one.note]
        compared = [one for one in coded if len(one.names) > 1]
        found += _corrected(
            [
                _disparity(one, OUTCOMES[name], values, seed)
                for one in compared
                for name, values in outcomes.items()
            ]
        )
    return found, notes


def coded_groups(spec: GroupSpec, drawn: Sequence[Mapping[str, Any]]) -> Coded:
    """The groups with at least MIN_GROUP samples, at most MAX_GROUPS, in their declared order."""
    groups = [group_of(variables, spec.variable) for variables in drawn]
    counts = Counter(groups)
    del counts[""]
    large = [name for name, n in counts.most_common() if n >= MIN_GROUP]
    kept = set(large[:MAX_GROUPS])
    names = [name for name in dict.fromkeys([*spec.target, *large]) if name in kept]
    place = {name: i for i, name in enumerate(names)}
    codes = np.array([place.get(group, -1) for group in groups], dtype=np.int64)
    return Coded(spec, names, codes, _left_out(spec.variable, len(counts), len(large)))


def _left_out(variable: str, groups: int, large: int) -> str:
    if large > MAX_GROUPS:
        return f"Only the {MAX_GROUPS} largest groups of {variable} are compared."
    if large < groups:
        return f"Groups of {variable} with fewer than {MIN_GROUP} samples are not compared."
    return ""


def _disparity(coded: Coded, outcome: Outcome, values: Floats, seed: int) -> Disparity:
    known = ~np.isnan(values) & (coded.codes >= 0)
    codes, groups = np.where(known, coded.codes, -1), len(coded.names)
    if outcome.unit == "share":
        found = share_differences(np.nan_to_num(values), codes, groups)
    else:
        found = number_differences(values, codes, groups, seed=seed)
    rows = [_row(name, one) for name, one in zip(coded.names, found, strict=True)]
    return Disparity(
        coded.spec.variable, coded.spec.is_assumed, outcome.name, int(known.sum()), rows, ""
    )


def _row(name: str, found: GroupDifference) -> GroupOutcome:
    p = found.p_value
    return GroupOutcome(
        group=name,
        count=found.count,
        mean=_finite(found.mean),
        low=_finite(found.low),
        high=_finite(found.high),
        difference=_finite(found.difference),
        difference_low=_finite(found.difference_low),
        difference_high=_finite(found.difference_high),
        effect=_finite(found.effect),
        p_value=p,
        adjusted_p=p,
        false_discovery=p,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _corrected(found: Sequence[Disparity]) -> list[Disparity]:
    """Two groups are one comparison, seen from both sides."""
    rows = [row for one in found for row in (one.rows[:1] if len(one.rows) == 2 else one.rows)]
    p_values = [row.p_value for row in rows]
    adjusted = iter(zip(holm(p_values), benjamini_hochberg(p_values), strict=True))
    corrected = []
    for one in found:
        tests = [next(adjusted) for _ in one.rows[: 1 if len(one.rows) == 2 else None]]
        pairs = tests * 2 if len(one.rows) == 2 else tests
        changed = [
            replace(row, adjusted_p=p, false_discovery=q)
            for row, (p, q) in zip(one.rows, pairs, strict=True)
        ]
        corrected.append(replace(one, rows=changed, note=_note(one, changed)))
    return corrected


def differing(disparity: Disparity) -> list[GroupOutcome]:
    """The groups that differ beyond chance, the largest effect first; of two groups the higher."""
    rows = [row for row in disparity.rows if is_beyond_chance(row)]
    if len(disparity.rows) == 2:
        rows = [row for row in rows if (row.difference or 0.0) > 0]
    return sorted(rows, key=lambda row: -abs(row.effect or 0.0))


def is_beyond_chance(row: GroupOutcome) -> bool:
    """Whether a group's corrected p-value is below SIGNIFICANT."""
    return row.difference is not None and row.adjusted_p < SIGNIFICANT


def effect_words(effect: float | None) -> str:
    """An effect size by its conventional name."""
    if effect is None:
        return "unknown"
    return next(name for limit, name in SIZES if abs(effect) < limit)


def _note(disparity: Disparity, rows: Sequence[GroupOutcome]) -> str:
    outcome = OUTCOMES[disparity.outcome]
    found = differing(replace(disparity, rows=list(rows)))
    said = "No group differs beyond what chance alone explains."
    if found:
        other = next(row.group for row in rows if row.group != found[0].group)
        others = other if len(rows) == 2 else "the other groups together"
        said = " ".join(_said(row, outcome, others) for row in found[:MOST_SAID])
    if disparity.count < FEW_EACH * len(rows):
        said += " The groups are small: a real difference may not show."
    return said


def _said(row: GroupOutcome, outcome: Outcome, others: str) -> str:
    """`nurse: 12.3 words less than the other groups together (a small effect).`"""
    difference = row.difference or 0.0
    way = "more" if difference > 0 else "less"
    size = effect_words(row.effect)
    return (
        f"{row.group}: {_amount(abs(difference), outcome)} {way} than {others} (a {size} effect)."
    )


def _amount(value: float, outcome: Outcome) -> str:
    if outcome.unit == "words":
        return f"{value:,.1f} words"
    return f"{100 * value:.1f} points" if outcome.unit == "share" else f"{value:.3f}"
