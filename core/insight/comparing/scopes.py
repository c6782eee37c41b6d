"""Two populations side by side: every measure with its difference and how sure that is.

Owns what a comparison says and how it is made from texts, outcomes and vectors; pure. Reading them
is `core.jobs.pairs.comparing_scopes`'. Batches over one plan are better compared pair by pair; see
`report`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from pydantic import TypeAdapter

from core.insight.bias.statistics import holm
from core.insight.comparing.example_pairs import ExamplePair, example_pairs
from core.insight.comparing.size_matched import Pool, diversity_differences
from core.insight.comparing.two_samples import Difference, compare_averages, compare_shares
from core.insight.diversity.measures import Vectors
from core.insight.diversity.metrics import METRICS
from core.insight.records import Records

VERSION: Final = 1
ALPHA: Final = 0.05
FEW: Final = 30  # texts a side, below which only large differences show
MOST_LANGUAGES: Final = 8

Group = Literal["verdicts", "quality", "defects", "lengths", "diversity", "languages"]
Unit = Literal["share", "score", "count"]


@dataclass(frozen=True)
class MeasureRow:
    """One measure of both sides. A difference is B less A."""

    group: Group
    name: str
    label: str
    unit: Unit
    a: float | None
    b: float | None
    a_texts: int  # what the figure rests on
    b_texts: int
    difference: float | None
    low: float | None  # 95 % interval of the difference
    high: float | None
    p_value: float | None
    adjusted_p: float | None  # after Holm's correction over all measures of the comparison
    effect: float | None  # Cohen's h of shares, Cohen's d of means; None for diversity
    test: str
    better: Literal["a", "b"] | None  # None: no difference is shown, or none is better
    meaning: str


@dataclass(frozen=True)
class ScopeComparison:
    """What two scopes are beside each other; stored in `PairReport.report`."""

    version: int = VERSION
    a_texts: int = 0
    b_texts: int = 0
    compared: int = 0  # texts of each side that meaning was compared on
    embedding_model: str = ""
    measures: list[MeasureRow] = field(default_factory=list)
    pairs: list[ExamplePair] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what to know before believing it


COMPARISON = TypeAdapter(ScopeComparison)


@dataclass(frozen=True)
class Drawn:
    """As many texts of each side as the smaller one allows, with their vectors."""

    a_rows: Sequence[int]
    b_rows: Sequence[int]
    pool: Pool


def compare_records(
    a: Records,
    b: Records,
    defects: tuple[Mapping[str, int], Mapping[str, int]],
    drawn: Drawn,
    embedding_model: str,
    labels: Mapping[str, str],
) -> ScopeComparison:
    """The comparison of two scopes. `defects` are samples with a finding, by check, of each side;
    `labels` name the checks."""
    rows = [*_verdicts(a, b), *_scores(a, b), *_defects(a, b, defects, labels), *_lengths(a, b)]
    rows += _diversity(drawn.pool)
    rows += _languages(a, b)
    return ScopeComparison(
        a_texts=len(a),
        b_texts=len(b),
        compared=drawn.pool.size,
        embedding_model=embedding_model,
        measures=_corrected(rows),
        pairs=_pairs(a, b, drawn),
        notes=_notes(a, b, drawn.pool.size),
    )


def _row(
    group: Group, name: str, label: str, unit: Unit, found: Difference, sizes: tuple[int, int],
    meaning: str, better: Literal["higher", "lower", "neither"] = "neither",
) -> MeasureRow:  # fmt: skip
    sign = {"higher": 1, "lower": -1, "neither": 0}[better] * (found.difference or 0.0)
    return MeasureRow(
        group, name, label, unit, found.a, found.b, *sizes, found.difference, found.low,
        found.high, found.p_value, None, found.effect, found.test,
        "b" if sign > 0 else "a" if sign < 0 else None, meaning,
    )  # fmt: skip


def _verdicts(a: Records, b: Records) -> list[MeasureRow]:
    known = [[v for v in side.verdicts if v] for side in (a, b)]
    sizes = (len(known[0]), len(known[1]))
    if not all(sizes):
        return []
    named: tuple[tuple[str, str, str, Literal["higher", "lower", "neither"]], ...] = (
        ("accepted", "Accepted", "Share of samples that thresholds or a person accepted.",
         "higher"),
        ("needs_review", "Needs review", "Share of samples that a person has to decide.",
         "lower"),
        ("rejected", "Rejected", "Share of samples that thresholds or a person rejected.",
         "lower"),
    )  # fmt: skip
    return [
        _row("verdicts", name, label, "share",
             compare_shares(known[0].count(name), sizes[0], known[1].count(name), sizes[1]),
             sizes, meaning, better)
        for name, label, meaning, better in named
    ]  # fmt: skip


def _scores(a: Records, b: Records) -> list[MeasureRow]:
    known = [[s for s in side.scores if s is not None] for side in (a, b)]
    sizes = (len(known[0]), len(known[1]))
    if not all(sizes):
        return []
    meaning = "Mean quality score of the samples, 0 to 1: what the checks made of them."
    found = compare_averages(*known)
    return [_row("quality", "score", "Quality score", "score", found, sizes, meaning, "higher")]


def _defects(
    a: Records, b: Records, defects: tuple[Mapping[str, int], Mapping[str, int]],
    labels: Mapping[str, str],
) -> list[MeasureRow]:  # fmt: skip
    sizes = (len(a), len(b))
    if "source" in (a.scope.kind, b.scope.kind):
        return []
    return [
        _row("defects", check, labels.get(check, check), "share",
             compare_shares(defects[0].get(check, 0), sizes[0], defects[1].get(check, 0), sizes[1]),
             sizes, "Share of samples in which this check found something.", "lower")
        for check in sorted({*defects[0], *defects[1]})
    ]  # fmt: skip


def _lengths(a: Records, b: Records) -> list[MeasureRow]:
    rows = []
    for name, label, texts in (
        ("input_words", "Words of an input", [a.inputs, b.inputs]),
        ("response_words", "Words of a response", [a.responses, b.responses]),
    ):
        lengths = [np.array([len(t.split()) for t in side if t], dtype=float) for side in texts]
        sizes = (len(lengths[0]), len(lengths[1]))
        if all(sizes):
            found = compare_averages(*lengths)
            meaning = "Mean number of words between blanks; texts without blanks count one."
            rows.append(_row("lengths", name, label, "count", found, sizes, meaning))
    return rows


def _diversity(pool: Pool) -> list[MeasureRow]:
    return [
        _row("diversity", name, METRICS[name].label,
             "share" if METRICS[name].unit == "share" else "score", found, (pool.size, pool.size),
             f"{METRICS[name].meaning} Both sides at the same size.", METRICS[name].better)
        for name, found in diversity_differences(pool).items()
    ]  # fmt: skip


def _languages(a: Records, b: Records) -> list[MeasureRow]:
    known = [[found for found in side.languages if found] for side in (a, b)]
    sizes = (len(known[0]), len(known[1]))
    if not all(sizes):
        return []
    both = [*known[0], *known[1]]
    names = sorted(set(both), key=lambda name: (-both.count(name), name))[:MOST_LANGUAGES]
    return [
        _row("languages", name, name, "share",
             compare_shares(known[0].count(name), sizes[0], known[1].count(name), sizes[1]),
             sizes, "Share of the samples whose language is known.")
        for name in names
    ] if len(names) > 1 else []  # fmt: skip


def _corrected(rows: Sequence[MeasureRow]) -> list[MeasureRow]:
    """The rows with Holm's correction; nobody is better where no difference is shown."""
    tested = [row.p_value for row in rows if row.p_value is not None]
    adjusted = iter(holm(tested))
    done = []
    for row in rows:
        p = next(adjusted) if row.p_value is not None else None
        is_shown = p is not None and p < ALPHA
        done.append(replace(row, adjusted_p=p, better=row.better if is_shown else None))
    return done


def _pairs(a: Records, b: Records, drawn: Drawn) -> list[ExamplePair]:
    a_texts, b_texts = a.texts(), b.texts()
    m = drawn.pool.size
    vectors: Vectors = drawn.pool.vectors
    return example_pairs(
        [a.ids[i] for i in drawn.a_rows], [a_texts[i] for i in drawn.a_rows], vectors[:m],
        [b.ids[i] for i in drawn.b_rows], [b_texts[i] for i in drawn.b_rows], vectors[m:],
    )  # fmt: skip


def _notes(a: Records, b: Records, compared: int) -> list[str]:
    notes = []
    if not len(a) or not len(b):
        return ["One side has no texts, so there is nothing to compare."]
    if min(len(a), len(b)) < FEW:
        notes.append(
            f"One side has only {min(len(a), len(b))} texts: just a large difference can show."
        )
    shared = len(set(a.ids) & set(b.ids))
    if shared:
        notes.append(
            f"{shared:,} samples are in both: the tests take the sides for independent, so they "
            "show less than there is."
        )
    if compared < max(len(a), len(b)):
        notes.append(
            f"Diversity and examples rest on {compared:,} texts drawn from each side, so that "
            "both are of one size."
        )
    notes.append(
        "With many texts a difference can be sure and still too small to matter: read its size."
    )
    return notes
