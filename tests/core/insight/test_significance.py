import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from core.insight.comparing.significance import (
    BOOTSTRAP_PAIRS,
    compare_means,
    compare_rates,
    mcnemar,
    mean_interval,
    paired,
    rates_of_counts,
    two_means,
    two_shares,
    wilcoxon,
)


@given(only_a=st.integers(0, 400), only_b=st.integers(0, 400))
def test_mcnemar_is_the_exact_binomial_test_of_the_unequal_pairs(only_a: int, only_b: int) -> None:
    if only_a + only_b == 0:
        assert mcnemar(0, 0) == 1.0
        return
    expected = scipy.stats.binomtest(only_a, only_a + only_b, 0.5).pvalue
    assert mcnemar(only_a, only_b) == pytest.approx(expected, abs=1e-12)


def test_mcnemar_by_hand() -> None:
    # 1 against 9 of 10: 2 * (1 + 10) / 2^10.
    assert mcnemar(1, 9) == pytest.approx(22 / 1024)


def test_paired_shares_by_hand() -> None:
    found = rates_of_counts(both=60, only_a=5, only_b=20, neither=15)
    assert (found.pairs, found.a, found.b) == (100, 0.65, 0.80)
    assert found.difference == pytest.approx(0.15)
    # (21 - 6) / 102, and 1.96 * sqrt((27/102 - (15/102)^2) / 102).
    assert (found.low, found.high) == pytest.approx((0.0514, 0.2427), abs=1e-4)
    assert found.odds_ratio == 4.0
    assert found.detectable == pytest.approx(2.8016 * math.sqrt(27 / 102 / 100), abs=1e-4)


def test_the_interval_of_paired_shares_holds_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    cells = (0.5, 0.1, 0.2, 0.2)  # both, only A, only B, neither: B is better by 0.1
    held = 0
    for counts in generator.multinomial(40, cells, size=2_000):
        found = rates_of_counts(*map(int, counts))
        held += found.low <= 0.1 <= found.high
    assert 0.93 <= held / 2_000 <= 0.98


def test_a_test_of_equal_series_finds_a_difference_in_at_most_one_of_twenty() -> None:
    generator = np.random.default_rng(5)
    a, b = generator.random((2, 1_000, 60)) < 0.7
    found = sum(compare_rates(x, y).p_value < 0.05 for x, y in zip(a, b, strict=True))
    assert found / 1_000 <= 0.05


@settings(deadline=None)
@given(
    st.lists(
        st.floats(-5, 5).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=22, unique_by=abs
    )
)
def test_wilcoxon_equals_scipy_where_it_is_exact(differences: list[float]) -> None:
    expected = scipy.stats.wilcoxon(differences, method="exact").pvalue
    assert wilcoxon(differences).p_value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_wilcoxon_equals_scipy_with_ties_and_many_pairs(seed: int) -> None:
    generator = np.random.default_rng(seed)
    differences = generator.integers(-3, 5, size=120).astype(float)
    expected = scipy.stats.wilcoxon(
        differences, zero_method="wilcox", correction=False, method="approx"
    ).pvalue
    assert wilcoxon(differences).p_value == pytest.approx(expected, rel=1e-9)


def test_wilcoxon_by_hand() -> None:
    # Ranks 1, 2, 3 with one minus at the smallest: W = 1, p = 2 * (1 + 1) / 8.
    found = wilcoxon([-1.0, 2.0, 3.0])
    assert found.p_value == pytest.approx(0.5)
    assert found.rank_biserial == pytest.approx((5 - 1) / 6)
    assert wilcoxon([0.0, 0.0]) == (1.0, 0.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40))
def test_swapping_a_and_b_turns_the_figures_around(pairs: list[tuple[float, float]]) -> None:
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    there, back = compare_means(a, b), compare_means(b, a)
    assert there.difference == pytest.approx(-back.difference)
    assert there.p_value == pytest.approx(back.p_value)
    assert there.rank_biserial == pytest.approx(-back.rank_biserial)
    yes, no = np.array(a) > 0.5, np.array(b) > 0.5
    rates, swapped = compare_rates(yes, no), compare_rates(no, yes)
    assert (rates.low, rates.high) == pytest.approx((-swapped.high, -swapped.low))


def test_the_bootstrap_interval_agrees_with_students_and_with_scipy() -> None:
    values = np.random.default_rng(1).normal(0.3, 1.0, 200)
    low, high = mean_interval(values)
    expected = scipy.stats.t.interval(0.95, 199, values.mean(), scipy.stats.sem(values))
    assert (low, high) == pytest.approx(expected, abs=0.02)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_the_bootstrap_interval_of_few_pairs_holds_the_truth() -> None:
    generator = np.random.default_rng(9)
    held = 0
    for _ in range(300):
        low, high = mean_interval(generator.exponential(1.0, 30) - 1.0)
        held += low <= 0 <= high
    assert held / 300 >= 0.88


def test_many_pairs_take_the_normal_interval_and_stay_quick() -> None:
    values = np.random.default_rng(1).normal(0.0, 1.0, BOOTSTRAP_PAIRS + 1)
    low, high = mean_interval(values)
    assert high - low == pytest.approx(2 * 1.959964 * values.std(ddof=1) / math.sqrt(len(values)))


def test_means_without_spread_or_without_pairs_say_so() -> None:
    same = compare_means([0.5] * 4, [0.5] * 4)
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1.0)
    none = compare_means([], [])
    assert none.pairs == 0
    assert none.detectable is None
    assert math.isinf(compare_means([1.0], [2.0]).high)


def test_independent_shares_equal_scipy() -> None:
    expected = scipy.stats.fisher_exact([[40, 10], [30, 20]]).pvalue
    assert two_shares(40, 50, 30, 50) == pytest.approx(expected)
    many = scipy.stats.chi2_contingency([[800, 200], [850, 150]], correction=False).pvalue
    assert two_shares(800, 1_000, 850, 1_000) == pytest.approx(many)
    assert two_shares(0, 0, 3, 5) == 1.0


def test_independent_means_equal_the_normal_test() -> None:
    expected = 2 * scipy.stats.norm.sf(0.2 / math.hypot(0.06, 0.08))
    assert two_means(0.5, 0.06, 0.7, 0.08) == pytest.approx(expected)
    assert two_means(1.0, 0.0, 1.0, 0.0) == 1.0


def test_a_pair_counts_only_where_both_have_a_figure() -> None:
    assert paired([1.0, None, 3.0], [2.0, 2.0, None]) == ([1.0], [2.0])
