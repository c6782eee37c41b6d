"""Which side of a comparison is better, by which measure, and how sure that is.

The tests run once, when both batches have ended: looking while they run and stopping at the first
difference would find one that is not there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.db.tables import Batch, Comparison
from core.db.workspace import Workspace
from core.errors import NotFound
from core.generation.batches import ENDED
from core.insight.bias.statistics import holm
from core.insight.comparing.paired import PairedSamples, load_pairs
from core.insight.comparing.significance import (
    FEW_PAIRS,
    Means,
    Rates,
    compare_means,
    compare_rates,
    is_significant,
)
from core.insight.comparing.words import Measure, sentence
from core.templates.definition import TemplateDefinition
from core.templates.versions import get_version, load_definition


@dataclass(frozen=True)
class MeasureResult:
    """One measure of a comparison. Shares and scores run from 0 to 1, costs are USD a sample."""

    measure: Measure  # acceptance, compliance, quality, cost
    test: str  # "McNemar, exact" or "Wilcoxon signed ranks"
    pairs: int
    a: float | None
    b: float | None
    difference: float | None  # B less A
    low: float | None  # 95 % interval of the difference; None without a bound
    high: float | None
    p_value: float
    adjusted_p: float  # after Holm's correction over the measures
    effect: float | None  # odds ratio of a share, rank-biserial correlation of a figure
    effect_name: Literal["odds ratio", "rank-biserial correlation"]
    detectable: float | None  # the smallest difference that 80 % of such tests would find
    better: Literal["a", "b"] | None  # None: no difference is shown
    sentence: str  # the finding in plain words


@dataclass(frozen=True)
class ComparisonReport:
    """The outcome of a comparison, or why there is none yet."""

    comparison_id: str
    name: str
    is_final: bool  # both batches have ended
    pairs: int  # plan indexes with a sample on both sides
    unpaired: int  # samples that the other side lacks
    is_same_plan: bool  # both versions draw the same variables
    measures: tuple[MeasureResult, ...]  # empty until it is final
    notes: tuple[str, ...]  # what to know before believing it


def comparison_report(workspace: Workspace, comparison_id: str) -> ComparisonReport:
    """The tests of a comparison whose batches have ended; without them before. Raises NotFound."""
    with workspace.read() as session:
        found = session.get(Comparison, comparison_id)
        if found is None:
            raise NotFound("comparison", comparison_id)
        a = session.get_one(Batch, found.a_batch_id)
        b = session.get_one(Batch, found.b_batch_id)
    is_final = a.state in ENDED and b.state in ENDED
    is_same = _is_same_plan(workspace, a, b)
    if not is_final:
        return ComparisonReport(comparison_id, found.name, False, 0, 0, is_same, (), ())
    pairs = load_pairs(workspace, a.batch_id, b.batch_id)
    measures = measure_pairs(pairs, seed=a.seed)
    return ComparisonReport(
        comparison_id, found.name, True, len(pairs), pairs.unpaired, is_same, measures,
        tuple(_notes(pairs, is_same, a, b)),
    )  # fmt: skip


def measure_pairs(pairs: PairedSamples, *, seed: int = 0) -> tuple[MeasureResult, ...]:
    """Every measure that the pairs allow, with Holm's correction over them; none without pairs."""
    if not len(pairs):
        return ()
    scored = ~np.isnan(pairs.quality).any(axis=1)
    quality = pairs.quality[scored]
    results = [
        _of_rates("acceptance", compare_rates(pairs.accepted[:, 0], pairs.accepted[:, 1])),
        _of_rates("compliance", compare_rates(pairs.compliant[:, 0], pairs.compliant[:, 1])),
    ]
    if len(quality):
        results.append(_of_means("quality", compare_means(quality[:, 0], quality[:, 1], seed=seed)))
    if pairs.cost_usd.any():
        costs = compare_means(pairs.cost_usd[:, 0], pairs.cost_usd[:, 1], seed=seed)
        results.append(_of_means("cost", costs))
    adjusted = holm([result.p_value for result in results])
    return tuple(_concluded(r, p) for r, p in zip(results, adjusted, strict=True))


def _of_rates(measure: Measure, found: Rates) -> MeasureResult:
    return MeasureResult(
        measure, "McNemar, exact", found.pairs, found.a, found.b, found.difference, found.low,
        found.high, found.p_value, found.p_value, found.odds_ratio, "odds ratio",
        found.detectable, None, "",
    )  # fmt: skip


def _of_means(measure: Measure, found: Means) -> MeasureResult:
    bounds = [None if np.isinf(bound) else bound for bound in (found.low, found.high)]
    return MeasureResult(
        measure, "Wilcoxon signed ranks", found.pairs, found.a, found.b, found.difference,
        bounds[0], bounds[1], found.p_value, found.p_value, found.rank_biserial,
        "rank-biserial correlation", found.detectable, None, "",
    )  # fmt: skip


def _concluded(result: MeasureResult, adjusted_p: float) -> MeasureResult:
    """The result after the correction: who is better, and the sentence."""
    better: Literal["a", "b"] | None = None
    effect = result.difference or 0.0
    if is_significant(adjusted_p) and effect:
        wins = (effect < 0) if result.measure == "cost" else (effect > 0)
        better = "b" if wins else "a"
    done = replace(result, adjusted_p=adjusted_p, better=better)
    return replace(done, sentence=sentence(done))


def _is_same_plan(workspace: Workspace, a: Batch, b: Batch) -> bool:
    if a.template_version_id == b.template_version_id:
        return True
    one, two = (
        load_definition(get_version(workspace, batch.template_version_id)) for batch in (a, b)
    )
    return _drawn(one) == _drawn(two)


def _drawn(definition: TemplateDefinition) -> dict[str, object]:
    return definition.model_dump(mode="json", include={"variables", "constraints", "source"})


def _notes(pairs: PairedSamples, is_same_plan: bool, a: Batch, b: Batch) -> Iterable[str]:
    if not len(pairs):
        yield "No plan index has a sample on both sides, so there is nothing to compare."
    elif len(pairs) < FEW_PAIRS:
        yield f"Only {len(pairs)} pairs: with so few, just a large difference can show."
    for side, batch in (("A", a), ("B", b)):
        if batch.state != "completed":
            yield f"Batch {side} was {batch.state} before its end; only its finished samples count."
    if pairs.unpaired:
        yield f"{pairs.unpaired} samples have no counterpart in the other batch and are left out."
    if not is_same_plan:
        yield (
            "The two versions draw different variables, so a pair is not one and the same case: "
            "the tests hold, and find less than they would over one plan."
        )
