"""The score is the documented product, and a hard failure is always rejected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.quality.check import CheckResult
from core.quality.registry import CHECKS
from core.quality.scoring import explain, score, verdict_of
from core.templates.definition import CheckSettings

SETTINGS = CheckSettings()
READINGS = st.builds(
    CheckResult,
    st.sampled_from([*CHECKS, "unheard_of"]),
    st.floats(0, 30_000),
    st.floats(0, 1),
    st.just({}),
)


def reading(check: str, value: float, score: float = 0.0) -> CheckResult:
    return CheckResult(check, value, score, {})


def test_without_findings_quality_is_one_and_accepted() -> None:
    assert score([], SETTINGS) == (1.0, "accepted", {})


def test_the_score_is_the_product_of_weighted_parts() -> None:
    # length 10 of 20: score 0.5, weight 0.6, factor 0.7; near duplicate at 0.9: score 0.1,
    # weight 0.5, factor 0.55; product 0.385.
    found = score([reading("length", 10), reading("near_duplicate", 0.9)], SETTINGS)
    assert found.quality_score == pytest.approx(0.385)
    assert found.verdict == "rejected"
    assert found.parts == pytest.approx({"length": 0.5, "near_duplicate": 0.1})


@pytest.mark.parametrize("check", ["schema", "empty", "refusal", "placeholder"])
def test_a_hard_failure_is_rejected_whatever_the_thresholds(check: str) -> None:
    lenient = CheckSettings(accept_at=0, reject_below=0)
    assert score([reading(check, 1)], SETTINGS)[:2] == (0.0, "rejected")
    assert score([reading(check, 1)], lenient).verdict == "rejected"


@pytest.mark.parametrize("check", ["refusal", "placeholder"])
def test_a_check_that_is_switched_off_takes_nothing_away(check: str) -> None:
    assert score([reading(check, 1)], CheckSettings(**{check: False})).quality_score == 1.0


def test_an_exact_duplicate_is_rejected_and_a_near_one_reviewed_by_default() -> None:
    assert score([reading("exact_duplicate", 1)], SETTINGS).verdict == "rejected"
    assert score([reading("near_duplicate", 0.9)], SETTINGS).verdict == "needs_review"


def test_a_near_duplicate_below_a_raised_threshold_is_forgiven() -> None:
    strict = CheckSettings(near_duplicate=0.95)
    assert score([reading("near_duplicate", 0.9)], strict).quality_score == 1.0


def test_moving_the_length_bounds_changes_the_score_of_the_same_value() -> None:
    results = [reading("length", 50)]
    assert score(results, CheckSettings(min_chars=50)).quality_score == 1.0
    assert score(results, CheckSettings(min_chars=100)).quality_score == pytest.approx(0.7)
    assert score(results, CheckSettings(min_chars=1, max_chars=25)).quality_score < 1


@pytest.mark.parametrize(
    ("quality", "verdict"),
    [(0.8, "accepted"), (0.79, "needs_review"), (0.4, "needs_review"), (0.39, "rejected")],
)
def test_the_thresholds_themselves_belong_to_the_better_side(quality: float, verdict: str) -> None:
    assert verdict_of(quality, SETTINGS) == verdict


def test_a_finding_of_a_check_that_is_gone_counts_by_its_stored_score() -> None:
    assert score([reading("unheard_of", 3, 0.5)], SETTINGS).quality_score == pytest.approx(0.75)


def test_the_explanation_lists_every_check_and_its_factors_multiply_to_the_score() -> None:
    results = [reading("length", 10), reading("repetition", 0.5)]
    parts = explain(results, SETTINGS)
    assert [part.check for part in parts] == list(CHECKS)
    assert {part.check for part in parts if part.value is not None} == {"length", "repetition"}
    product = 1.0
    for part in parts:
        product *= part.factor
    assert product == pytest.approx(score(results, SETTINGS).quality_score)


@given(st.lists(READINGS, max_size=8, unique_by=lambda reading: reading.check))
def test_scores_stay_in_range_and_one_more_finding_never_helps(results: list[CheckResult]) -> None:
    whole = score(results, SETTINGS)
    assert 0 <= whole.quality_score <= 1
    assert all(0 <= part <= 1 for part in whole.parts.values())
    if results:
        assert whole.quality_score <= score(results[1:], SETTINGS).quality_score + 1e-12


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_better_quality_never_gets_a_worse_verdict(a: float, b: float, threshold: float) -> None:
    order = ["rejected", "needs_review", "accepted"]
    limits = CheckSettings(accept_at=max(threshold, 0.5), reject_below=min(threshold, 0.5))
    low, high = sorted((a, b))
    assert order.index(verdict_of(low, limits)) <= order.index(verdict_of(high, limits))
