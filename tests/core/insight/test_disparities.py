"""Differences between groups against scipy, published figures, brute force and properties."""

import math
from time import perf_counter
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.insight.bias.disparities import (
    MOST_FISHER,
    MOST_PERMUTED,
    MOST_RESAMPLED,
    acceleration,
    bca_interval,
    benjamini_hochberg,
    cohen_d,
    cohen_h,
    fisher,
    newcombe_interval,
    number_differences,
    permutation_p,
    resampled_means,
    share_differences,
)

Floats = NDArray[np.float64]


def mean_difference(x: Floats, y: Floats, axis: int = -1) -> Floats:
    return np.mean(x, axis=axis) - np.mean(y, axis=axis)


def skewed(seed: int, n: int, m: int) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    return generator.gamma(2.0, 3.0, n), generator.gamma(2.0, 2.0, m)


@pytest.mark.parametrize(("n", "m"), [(12, 30), (80, 55)])
def test_the_bca_interval_of_a_difference_equals_scipy_s_of_the_same_resamples(
    n: int, m: int
) -> None:
    x, y = skewed(n, n, m)
    generator = np.random.default_rng(5)
    replicates = resampled_means(x, generator) - resampled_means(y, generator)
    theirs = scipy.stats.bootstrap(
        (x, y), mean_difference, n_resamples=0, method="BCa", vectorized=True,
        bootstrap_result=SimpleNamespace(bootstrap_distribution=replicates),
    ).confidence_interval  # fmt: skip
    influences = [(x - x.mean()) / n, -(y - y.mean()) / m]
    ours = bca_interval(float(x.mean() - y.mean()), replicates, acceleration(influences))
    assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_intervals_of_two_groups_agree_with_scipy_s_own_resamples() -> None:
    x, y = skewed(1, 150, 90)
    codes = np.repeat([0, 1], [150, 90])
    first, second = number_differences(np.concatenate([x, y]), codes, 2, seed=3)
    theirs = scipy.stats.bootstrap(
        (x, y), mean_difference, n_resamples=20_000, method="BCa", vectorized=True,
        rng=np.random.default_rng(8),
    ).confidence_interval  # fmt: skip
    width = theirs.high - theirs.low
    assert first.difference == pytest.approx(x.mean() - y.mean())
    assert first.difference_low == pytest.approx(theirs.low, abs=0.06 * width)
    assert first.difference_high == pytest.approx(theirs.high, abs=0.06 * width)
    assert second.difference == pytest.approx(-first.difference)
    assert second.p_value == pytest.approx(first.p_value, abs=0.002)
    assert (first.count, first.others) == (150, 90)


def test_large_groups_have_the_interval_that_resampling_them_would_give() -> None:
    values = np.random.default_rng(2).lognormal(0, 1, MOST_RESAMPLED + 1)
    fast = resampled_means(values, np.random.default_rng(1), 20_000)
    generator = np.random.default_rng(4)
    slow = np.array(
        [values[generator.integers(0, len(values), len(values))].mean() for _ in range(20_000)]
    )
    assert np.quantile(fast, [0.025, 0.5, 0.975]) == pytest.approx(
        np.quantile(slow, [0.025, 0.5, 0.975]), abs=0.05 * slow.std()
    )
    assert fast.std() == pytest.approx(slow.std(), rel=0.02)
    assert scipy.stats.skew(fast) == pytest.approx(scipy.stats.skew(slow), abs=0.08)


def test_intervals_hold_their_level_for_skewed_numbers() -> None:
    held = 0
    for seed in range(200):
        x, y = skewed(seed, 60, 40)
        row, _ = number_differences(
            np.concatenate([x, y]), np.repeat([0, 1], [60, 40]), 2, seed=seed
        )
        held += row.difference_low <= 2.0 <= row.difference_high  # 2 · 3 - 2 · 2
    assert 0.90 <= held / 200 <= 0.985


def test_a_group_is_set_against_all_others_together() -> None:
    generator = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [40, 60, 100])
    values = generator.normal(size=200) + codes
    rows = number_differences(values, codes, 3, seed=1)
    for g, row in enumerate(rows):
        own, rest = values[codes == g], values[codes != g]
        assert (row.count, row.others) == (len(own), len(rest))
        assert row.mean == pytest.approx(own.mean())
        assert row.others_mean == pytest.approx(rest.mean())
        assert row.effect == pytest.approx(cohen_d(own, rest))
        assert row.difference_low < row.difference < row.difference_high
        # Brute force with the groups' sizes as they are.
        drawn = np.zeros(4_000)
        for h in range(3):
            part = values[codes == h]
            means = part[generator.integers(0, len(part), (4_000, len(part)))].mean(axis=1)
            drawn += means if h == g else -len(part) / len(rest) * means
        width = row.difference_high - row.difference_low
        bounds = np.quantile(drawn, [0.025, 0.975])
        assert (row.difference_low, row.difference_high) == pytest.approx(bounds, abs=0.08 * width)


@pytest.mark.parametrize("seed", range(5))
def test_every_permutation_is_looked_at_where_there_are_few(seed: int) -> None:
    x, y = skewed(seed, 6, 7)
    theirs = scipy.stats.permutation_test(
        (x, y), mean_difference, vectorized=True, n_resamples=np.inf
    ).pvalue
    first, second = permutation_p([x, y])
    assert first == pytest.approx(theirs, abs=1e-12)
    assert second == pytest.approx(theirs, abs=1e-12)


def test_random_permutations_agree_with_scipy_and_never_say_zero() -> None:
    x, y = skewed(3, 60, 80)
    y = y + 1.0
    theirs = scipy.stats.permutation_test(
        (x, y), mean_difference, vectorized=True, n_resamples=20_000,
        rng=np.random.default_rng(1),
    ).pvalue  # fmt: skip
    ours = permutation_p([x, y], seed=2)
    assert ours[0] == pytest.approx(theirs, abs=0.02)
    assert ours == permutation_p([x, y], seed=2)
    assert permutation_p([x, y + 50])[0] == pytest.approx(2 / 5_001)


def test_the_limit_for_many_values_agrees_with_dealing_them_out() -> None:
    x, y = skewed(6, 300, MOST_PERMUTED - 300)
    y = y + 1.6
    dealt = permutation_p([x, y], permutations=20_000)[0]
    limit = permutation_p([np.append(x, x.mean()), np.append(y, y.mean())])[0]
    assert 0.001 < limit < 0.6
    assert limit == pytest.approx(dealt, abs=0.02)


def test_p_values_of_equal_groups_are_spread_evenly() -> None:
    generator = np.random.default_rng(11)
    codes = np.repeat([0, 1], [30, 50])
    p_values = [
        number_differences(generator.exponential(size=80), codes, 2, seed=seed)[0].p_value
        for seed in range(150)
    ]
    assert scipy.stats.kstest(p_values, "uniform").pvalue > 0.01


def test_newcombe_equals_the_published_table() -> None:
    # Newcombe 1998, table II, method 10.
    for counts, expected in (
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((10, 10, 0, 10), (0.6075, 1.0000)),
    ):
        assert newcombe_interval(*counts) == pytest.approx(expected, abs=1e-4)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_shares_equal_scipy(a: int, b: int, more_a: int, more_b: int) -> None:
    of_a, of_b = a + more_a, b + more_b
    yes = np.repeat([True, False, True, False], [a, more_a, b, more_b])
    codes = np.repeat([0, 1], [of_a, of_b])
    row, mirrored = share_differences(yes, codes, 2)
    expected = scipy.stats.fisher_exact([[a, more_a], [b, more_b]]).pvalue
    assert row.p_value == pytest.approx(expected)
    assert row.difference == pytest.approx(a / of_a - b / of_b)
    assert row.difference_low <= row.difference <= row.difference_high
    assert (mirrored.difference_low, mirrored.difference_high) == pytest.approx(
        (-row.difference_high, -row.difference_low)
    )


def test_many_shares_are_tested_in_the_limit() -> None:
    a, of_a, b, of_b = 2_130, 10_200, 2_000, 10_000
    assert of_a + of_b > MOST_FISHER
    exact = scipy.stats.fisher_exact([[a, of_a - a], [b, of_b - b]]).pvalue
    assert fisher(a, of_a, b, of_b) == pytest.approx(exact, abs=0.01)


def test_effect_sizes_are_worked_by_hand() -> None:
    # Means 2 and 4, both with variance 1: two standard deviations apart.
    assert cohen_d(np.array([1.0, 2, 3]), np.array([3.0, 4, 5])) == pytest.approx(-2)
    assert cohen_h(1.0, 0.0) == pytest.approx(math.pi)
    assert cohen_h(0.5, 0.5) == 0


def test_benjamini_hochberg_equals_scipy() -> None:
    p_values = [0.001, 0.02, 0.02, 0.4, 0.03, 0.9]
    assert benjamini_hochberg(p_values) == pytest.approx(
        list(scipy.stats.false_discovery_control(p_values))
    )
    assert benjamini_hochberg([]) == []


def test_missing_values_and_empty_groups_say_nothing() -> None:
    values = np.array([1.0, 2.0, np.nan, 4.0, 9.0])
    rows = number_differences(values, np.array([0, 0, 0, 1, -1]), 3)
    assert [row.count for row in rows] == [2, 1, 0]
    assert math.isnan(rows[2].mean)
    assert rows[2].p_value == 1
    assert rows[0].others_mean == 4
    none = number_differences(np.full(4, np.nan), np.array([0, 0, 1, 1]), 2)
    assert [row.p_value for row in none] == [1, 1]
    empty = share_differences(np.zeros(2, bool), np.array([0, 0]), 2)[1]
    assert (empty.count, empty.p_value) == (0, 1)
    assert math.isnan(empty.mean)


def test_one_value_has_no_interval() -> None:
    alone, rest = number_differences(np.array([5.0, 1, 2, 3]), np.array([0, 1, 1, 1]), 2)
    assert alone.difference == 3
    assert math.isnan(alone.low)
    assert math.isnan(alone.difference_high)
    assert math.isnan(rest.difference_low)
    assert not math.isnan(rest.low)
    assert alone.p_value == pytest.approx(0.5)


def test_equal_values_are_no_difference() -> None:
    row = number_differences(np.ones(20), np.repeat([0, 1], 10), 2)[0]
    assert (row.difference, row.difference_low, row.p_value, row.effect) == (0, 0, 1, 0)


def test_a_hundred_thousand_values_take_seconds() -> None:
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 6, 100_000)
    values = generator.gamma(3, 20, 100_000)
    start = perf_counter()
    rows = number_differences(values, codes, 6)
    share_differences(values > 50, codes, 6)
    assert perf_counter() - start < 3
    assert len(rows) == 6
