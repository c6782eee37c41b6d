"""Representation and WEAT against hand-worked cases, scipy and properties."""

from itertools import combinations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.insight.bias.statistics import associations, holm, representation, weat, wilson_interval


@given(total=st.integers(1, 500), share=st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_wilson_equals_scipy(total: int, share: float) -> None:
    count = round(total * share)
    expected = scipy.stats.binomtest(count, total).proportion_ci(0.95, method="wilson")
    assert wilson_interval(count, total) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_of_nothing_is_everything() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_holm_is_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_representation_equals_scipy() -> None:
    result = representation({"women": 30, "men": 70}, {"women": 1, "men": 1})
    women, men = result.rows
    assert (women.group, women.share, women.target) == ("women", 0.3, 0.5)
    assert women.p_value == pytest.approx(scipy.stats.binomtest(30, 100, 0.5).pvalue)
    assert women.adjusted_p == pytest.approx(min(1, 2 * women.p_value))
    assert women.low < 0.3 < women.high < 0.5
    # chi-square by hand: 2 · 20² / 50 = 16 with one degree of freedom
    assert result.p_value == pytest.approx(scipy.stats.chi2.sf(16, 1))
    assert men.count == 70


def test_a_group_without_a_target_is_shown_as_certainly_off() -> None:
    result = representation({"a": 5, "surprise": 1}, {"a": 0.5, "b": 0.5})
    assert [(r.group, r.count, r.target) for r in result.rows] == [
        ("a", 5, 0.5),
        ("b", 0, 0.5),
        ("surprise", 1, 0.0),
    ]
    assert result.p_value == 0
    assert result.rows[2].p_value == 0


def test_representation_of_no_samples_says_nothing() -> None:
    result = representation({}, {"a": 0.5, "b": 0.5})
    assert result.p_value is None
    assert [row.p_value for row in result.rows] == [1.0, 1.0]
    assert [(row.low, row.high) for row in result.rows] == [(0.0, 1.0)] * 2


@pytest.mark.parametrize("target", [{"a": 0.0}, {"a": 1.0, "b": -0.1}])
def test_a_target_without_shares_is_refused(target: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="target shares"):
        representation({"a": 1}, target)


def angle(*degrees: float) -> NDArray[np.float64]:
    radians = np.radians(degrees)
    return np.column_stack([np.cos(radians), np.sin(radians)])


def test_weat_is_worked_by_hand() -> None:
    # With A at 0° and B at 90°, s(w) = cos w - sin w: X have s of 1 and 0.366…, Y -0.366… and -1.
    x, y, a, b = angle(0, 30), angle(60, 90), angle(0), angle(90)
    s = np.array([1.0, 3**0.5 / 2 - 0.5, 0.5 - 3**0.5 / 2, -1.0])
    assert associations(np.vstack([x, y]), a, b) == pytest.approx(s)
    result = weat(x, y, a, b)
    deviation = (sum(s**2) / 3) ** 0.5
    assert result.effect_size == pytest.approx((s[:2].mean() - s[2:].mean()) / deviation)
    # Of the six partitions only the observed one reaches the observed sum.
    assert (result.p_value, result.permutations, result.is_exact) == (pytest.approx(1 / 6), 6, True)
    assert weat(x, y, a, b, alternative="two-sided").p_value == pytest.approx(2 / 6)


def naive_weat(
    x: NDArray[np.float64], y: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[float, float]:
    """Equations 1 to 3 of the paper as they stand there, one cosine at a time."""

    def s(w: NDArray[np.float64]) -> float:
        return float(np.mean([w @ v for v in a]) - np.mean([w @ v for v in b]))

    scores = [s(w) for w in [*x, *y]]
    n = len(x)
    observed = sum(scores[:n]) - sum(scores[n:])
    total, reached = 0, 0
    for chosen in combinations(range(len(scores)), n):
        inside = sum(scores[i] for i in chosen)
        total += 1
        reached += inside - (sum(scores) - inside) >= observed - 1e-9
    d = (np.mean(scores[:n]) - np.mean(scores[n:])) / np.std(scores, ddof=1)
    return float(d), reached / total


def random_sets(seed: int, sizes: tuple[int, ...], d: int = 6) -> list[NDArray[np.float64]]:
    generator = np.random.default_rng(seed)
    sets = [generator.normal(size=(size, d)) for size in sizes]
    return [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in sets]


@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(2, 5), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_weat_equals_the_paper_s_equations(seed: int, n_x: int, n_y: int, n_a: int) -> None:
    x, y, a, b = random_sets(seed, (n_x, n_y, n_a, n_a))
    d, p = naive_weat(x, y, a, b)
    result = weat(x, y, a, b)
    assert result.effect_size == pytest.approx(d)
    assert result.p_value == pytest.approx(p)
    assert abs(d) <= 2
    swapped, mirrored = weat(y, x, a, b), weat(x, y, b, a)
    assert swapped.effect_size == pytest.approx(-d)
    assert mirrored.effect_size == pytest.approx(-d)
    assert weat(x[::-1], y, a, b).p_value == pytest.approx(p)


def test_random_partitions_agree_with_scipy_and_never_say_zero() -> None:
    x, y, a, b = random_sets(3, (60, 50, 6, 6), d=20)
    x = x + 0.05 * (a.mean(axis=0) - b.mean(axis=0))
    result = weat(x, y, a, b, permutations=4_000, seed=1, alternative="two-sided")
    reference = scipy.stats.permutation_test(
        (associations(x, a, b), associations(y, a, b)),
        lambda u, v, axis: np.mean(u, axis=axis) - np.mean(v, axis=axis),
        vectorized=True,
        n_resamples=4_000,
        rng=np.random.default_rng(2),
    )
    assert not result.is_exact
    assert result.p_value == pytest.approx(reference.pvalue, abs=0.03)
    assert result == weat(x, y, a, b, permutations=4_000, seed=1, alternative="two-sided")
    far = weat(a.repeat(6, axis=0), b.repeat(6, axis=0), a, b, permutations=500)
    assert far.p_value == pytest.approx(1 / 501)


def test_p_values_of_equal_groups_are_spread_evenly() -> None:
    p_values = [
        weat(*random_sets(seed, (12, 12, 4, 4)), permutations=200, seed=seed).p_value
        for seed in range(150)
    ]
    assert scipy.stats.kstest(p_values, "uniform").pvalue > 0.01


def test_equal_associations_have_no_effect_size() -> None:
    rows = np.tile(angle(10), (4, 1))
    assert weat(rows, rows, angle(0), angle(90)).effect_size is None


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        weat(angle(), angle(1), angle(2), angle(3))
