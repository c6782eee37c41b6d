"""Pairs of twins: planted differences are found, equal sides are not, against scipy."""

import numpy as np
import pytest
import scipy.stats

from core.insight.bias.statistics import holm
from core.insight.bias.twins import (
    TWINS_REPORT,
    TwinSide,
    TwinsReport,
    differing_terms,
    similarities,
    twins_report,
)


def side(responses: list[str], **outcomes: list[float]) -> TwinSide:
    ids = [f"smp_{i}" for i in range(len(responses))]
    return TwinSide(ids, responses, {name: np.array(values) for name, values in outcomes.items()})


def report(before: TwinSide, after: TwinSide) -> TwinsReport:
    return twins_report(before, after, variable="gender", value_from="woman", value_to="man")


def texts(n: int, extra: str, seed: int) -> list[str]:
    generator = np.random.default_rng(seed)
    words = ["card", "bank", "loan", "rate", "help", "call", "form", "visit"]
    return [
        " ".join(generator.choice(words, 12)) + (f" {extra}" if generator.random() < 0.8 else "")
        for _ in range(n)
    ]


def test_a_planted_difference_between_twins_is_found() -> None:
    generator = np.random.default_rng(0)
    length = generator.poisson(80, 120).astype(float)
    longer = length + generator.normal(6, 4, 120)
    accepted = (generator.random(120) < 0.9).astype(float)
    rejected = accepted * (generator.random(120) < 0.7)
    found = report(
        side(texts(120, "gently", 1), length=length.tolist(), accepted=accepted.tolist()),
        side(texts(120, "firmly", 2), length=longer.tolist(), accepted=rejected.tolist()),
    )
    first, second = found.outcomes
    assert first.p_value == pytest.approx(scipy.stats.wilcoxon(longer, length).pvalue, abs=1e-6)
    assert first.difference == pytest.approx((longer - length).mean())
    assert first.low is not None
    assert first.low < 6 < (first.high or 0)
    assert first.note == "With man it is higher than with woman, all else equal."
    lost = int(accepted.sum() - rejected.sum())
    assert second.p_value == pytest.approx(scipy.stats.binomtest(0, lost, 0.5).pvalue)
    assert second.difference == pytest.approx(-lost / 120)
    assert [one.adjusted_p for one in found.outcomes] == pytest.approx(
        holm([one.p_value for one in found.outcomes])
    )
    assert [(one.term, one.only_before > one.only_after) for one in found.terms] == [
        ("gently", True), ("firmly", False),
    ]  # fmt: skip
    assert TWINS_REPORT.validate_json(TWINS_REPORT.dump_json(found)) == found


def test_equal_sides_show_no_difference() -> None:
    same = side(texts(40, "x", 3), length=list(range(40)), accepted=[1.0] * 40)
    found = report(same, same)
    assert (found.similarity, found.identical) == (1.0, 1.0)
    assert [one.p_value for one in found.outcomes] == [1.0, 1.0]
    assert found.terms == []
    assert "chance alone" in found.outcomes[0].note


def test_only_pairs_known_on_both_sides_count() -> None:
    before = side(texts(30, "x", 4), sentiment=[*[0.1] * 29, np.nan])
    after = side(texts(30, "x", 5), sentiment=[np.nan, *[0.2] * 29], length=[1.0] * 30)
    (found,) = report(before, after).outcomes
    assert (found.outcome, found.pairs) == ("sentiment", 28)


def test_few_pairs_say_so() -> None:
    few = side(["a b c"] * 3, length=[1.0] * 3)
    found = report(few, few)
    assert (found.pairs, found.outcomes) == (3, [])
    assert "Too few pairs: 3" in found.note
    more = side(["a b c"] * 10, length=[1.0] * 10)
    assert "10 pairs are few" in report(more, more).note


def test_similarity_is_worked_by_hand() -> None:
    # one two three | two three four  against  one two three | two three five: 1 of 3 in common.
    assert similarities(["one two three four"], ["one two three five"]) == pytest.approx([1 / 3])


def test_the_least_alike_pairs_are_the_examples() -> None:
    before = side(["one two three four"] * 9 + ["quite other words here"], length=[1.0] * 10)
    after = side(["one two three four"] * 10, length=[1.0] * 10)
    assert report(before, after).examples[0].before_id == "smp_9"


def test_words_that_differ_by_chance_are_not_named() -> None:
    assert differing_terms(texts(60, "same", 6), texts(60, "same", 7)) == []
