"""Tests of two independent populations, against scipy, published figures and bounds."""

import math

import numpy as np
import pytest
from scipy.stats import chi2_contingency, fisher_exact, ttest_ind

from core.insight.comparing.two_samples import compare_averages, compare_shares, relabelled


def test_the_interval_of_two_shares_is_the_published_one() -> None:
    # Newcombe 1998, table II, case (a), method 10: 56/70 and 48/80 give 0.0524 to 0.3339.
    found = compare_shares(48, 80, 56, 70)
    assert found.difference == pytest.approx(0.2)
    assert found.low == pytest.approx(0.0524, abs=5e-5)
    assert found.high == pytest.approx(0.3339, abs=5e-5)


def test_the_p_of_two_shares_is_the_chi_square_test_without_correction() -> None:
    found = compare_shares(30, 200, 55, 180)
    expected = chi2_contingency([[30, 170], [55, 125]], correction=False).pvalue
    assert found.p_value == pytest.approx(expected, rel=1e-9)
    assert found.effect == pytest.approx(2 * (math.asin(math.sqrt(55 / 180))
                                              - math.asin(math.sqrt(30 / 200))))  # fmt: skip


def test_few_counts_take_the_exact_test() -> None:
    found = compare_shares(1, 12, 6, 10)
    assert found.test == "Fisher, exact"
    assert found.p_value == pytest.approx(fisher_exact([[1, 11], [6, 4]]).pvalue)


def test_nothing_on_either_side_is_no_difference() -> None:
    found = compare_shares(0, 40, 0, 60)
    assert (found.difference, found.p_value) == (0.0, 1.0)
    assert compare_shares(0, 0, 3, 6)[:3] == (None, 0.5, None)


def test_two_means_are_tested_as_scipy_does() -> None:
    generator = np.random.default_rng(3)
    a, b = generator.gamma(2, 2, 60), generator.gamma(3, 2, 45)
    expected = ttest_ind(b, a, equal_var=False)
    interval = expected.confidence_interval(0.95)
    found = compare_averages(a, b)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.difference == pytest.approx(b.mean() - a.mean())


def test_means_without_spread_or_with_one_value_are_said_as_they_are() -> None:
    assert compare_averages([2, 2, 2], [2, 2]).p_value == 1.0
    assert compare_averages([2, 2, 2], [3, 3]).p_value == 0.0
    assert compare_averages([2.0], [3.0, 4.0])[2:6] == (1.5, None, None, None)
    assert compare_averages([], [3.0]).difference is None


def test_swapping_the_sides_turns_the_sign_alone() -> None:
    one, other = compare_shares(10, 50, 30, 60), compare_shares(30, 60, 10, 50)
    assert one.p_value == pytest.approx(other.p_value)
    assert one.low == pytest.approx(-other.high)


def test_a_difference_as_large_as_chance_makes_is_not_sure() -> None:
    shuffled = np.random.default_rng(1).normal(0, 2, 20_000)
    p_value, half = relabelled(4.0, shuffled)
    assert p_value == pytest.approx(0.0455, abs=0.003)
    assert half == pytest.approx(3.92, abs=0.08)
    assert relabelled(0.0, np.zeros(5)) == (1.0, 0.0)
    assert relabelled(0.1, np.zeros(5)) == (0.0, 0.0)
