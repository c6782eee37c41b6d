"""Agreement, position bias and calibration: hand-worked cases, scipy, scikit-learn, properties."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from core.quality.judge.agreement import (
    Weights,
    alpha_with_interval,
    cohen_kappa,
    judge_pair,
    krippendorff_alpha,
    preference_agreement,
)
from core.quality.judge.calibration import best_threshold, calibrate, confusion, reliability
from core.quality.judge.position import BothOrders, position_bias
from core.quality.judge.statistics import (
    Range,
    average_ranks,
    bootstrap,
    kendall,
    pearson,
    ranked_higher,
    sign_test,
    spearman,
    wilson,
)

N = np.nan
# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section E: four observers,
# twelve units, missing data. Its results: nominal 0.743, ordinal 0.815, interval 0.849.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ]
)


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_is_the_published_one(level: str, alpha: float) -> None:
    assert krippendorff_alpha(PUBLISHED, level) == pytest.approx(alpha, abs=5e-4)


def test_alpha_worked_by_hand() -> None:
    # Two raters, units (0, 0), (1, 1), (0, 1). Coincidences: o00 = 2, o11 = 2, o01 + o10 = 2 of
    # n = 6, so observed is 2 / 6; expected is 2 * 3 * 3 / (6 * 5) = 0.6; alpha = 1 - 5 / 9.
    ratings = np.array([[0.0, 1, 0], [0, 1, 1]])
    for level in ("nominal", "ordinal", "interval"):
        assert krippendorff_alpha(ratings, level) == pytest.approx(4 / 9)


def test_alpha_over_many_values_equals_the_table_of_few() -> None:
    generator = np.random.default_rng(3)
    ratings = generator.integers(0, 6, (4, 60)).astype(float)
    ratings[generator.random(ratings.shape) < 0.2] = N
    pairs = [
        (a, b, 1 / (len(known) - 1))
        for unit in ratings.T
        if len(known := unit[~np.isnan(unit)]) > 1
        for i, a in enumerate(known)
        for j, b in enumerate(known)
        if i != j
    ]
    known = ratings[:, (~np.isnan(ratings)).sum(axis=0) > 1]
    values = known[~np.isnan(known)]
    observed = sum(w * (a - b) ** 2 for a, b, w in pairs) / len(values)
    n = len(values)
    expected = sum((a - b) ** 2 for a in values for b in values) / (n * (n - 1))
    assert krippendorff_alpha(ratings, "interval") == pytest.approx(1 - observed / expected)


def test_alpha_knows_agreement_chance_and_nothing() -> None:
    same = np.array([[1.0, 2, 3, 4], [1, 2, 3, 4]])
    assert krippendorff_alpha(same) == 1
    assert krippendorff_alpha(np.array([[2.0, 2, 2], [2, 2, 2]])) is None
    assert krippendorff_alpha(np.array([[1.0, N, 3], [N, 2, N]])) is None
    noise = np.random.default_rng(1).integers(1, 6, (3, 4000)).astype(float)
    found = alpha_with_interval(noise)
    assert found is not None
    assert abs(found.value) < 0.03
    assert found.low < 0 < found.high


def test_alpha_heeds_neither_the_order_of_raters_nor_of_units() -> None:
    shuffled = PUBLISHED[::-1, np.random.default_rng(0).permutation(12)]
    assert krippendorff_alpha(shuffled) == pytest.approx(krippendorff_alpha(PUBLISHED))


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
@pytest.mark.parametrize("n", [8, 300])
def test_kappa_equals_scikit_learn(weights: Weights, n: int) -> None:
    generator = np.random.default_rng(n)
    a = generator.integers(1, 6, n).astype(float)
    b = np.clip(a + generator.integers(-1, 2, n), 1, 5)
    theirs = cohen_kappa_score(a, b, weights=None if weights == "none" else weights)
    assert cohen_kappa(a, b, weights) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("n", [3, 40, 700])
def test_correlations_equal_scipy(n: int) -> None:
    generator = np.random.default_rng(n)
    x = np.round(generator.random(n), 2)
    y = np.round(x + generator.random(n), 1)
    assert pearson(x, y) == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-12)
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert kendall(x, y) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    np.testing.assert_allclose(average_ranks(x), stats.rankdata(x))
    yes = y > np.median(y)
    if 0 < yes.sum() < n:
        assert ranked_higher(x, yes) == pytest.approx(roc_auc_score(yes, x), abs=1e-12)


def test_what_does_not_vary_has_no_relation() -> None:
    flat, rising = np.ones(5), np.arange(5.0)
    for measure in (pearson, spearman, kendall):
        assert measure(flat, rising) is None
        assert measure(rising, rising) == pytest.approx(1)
        assert measure(rising, -rising) == pytest.approx(-1)
        assert measure([1.0, 2.0], [1.0, 2.0]) is None
    assert ranked_higher(rising, flat) is None


@pytest.mark.parametrize("counts", [(0, 5), (3, 9), (5, 5), (70, 50), (480, 520)])
def test_the_sign_test_equals_scipy(counts: tuple[int, int]) -> None:
    theirs = stats.binomtest(counts[0], sum(counts)).pvalue
    assert sign_test(*counts) == pytest.approx(theirs, abs=1e-12)
    assert sign_test(*counts) == sign_test(*counts[::-1])


def test_the_sign_test_stays_close_where_it_is_approximated() -> None:
    for counts in ((700, 650), (620, 640), (9000, 9300)):
        assert sign_test(*counts) == pytest.approx(
            stats.binomtest(counts[0], sum(counts)).pvalue, abs=1e-3
        )
    assert sign_test(0, 0) == 1


@pytest.mark.parametrize(("count", "total"), [(0, 7), (3, 7), (7, 7), (450, 1000)])
def test_intervals_of_shares_equal_scipy(count: int, total: int) -> None:
    theirs = stats.binomtest(count, total).proportion_ci(method="wilson")
    found = wilson(count, total)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert wilson(0, 0) == Range(0.0, 0.0, 1.0)


def test_a_bootstrap_interval_covers_what_it_should() -> None:
    """Over 40 draws of a correlated pair of normals, about 38 intervals hold the truth."""
    held = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        x = generator.normal(size=120)
        y = 0.6 * x + 0.8 * generator.normal(size=120)

        def measure(at: np.ndarray, x: np.ndarray = x, y: np.ndarray = y) -> float | None:
            return pearson(x[at], y[at])

        found = bootstrap(measure, 120, seed=seed)
        assert found is not None
        held += found.low <= 0.6 <= found.high
    assert 34 <= held <= 40


def test_judges_side_by_side_agree_by_criterion_not_by_its_level() -> None:
    """Two judges that guess around a different level on each criterion do not agree."""
    generator = np.random.default_rng(5)
    levels = np.array([[1.0], [5.0], [9.0]])
    one = levels + generator.integers(0, 2, (3, 400))
    other = levels + generator.integers(0, 2, (3, 400))
    found = judge_pair("a", "b", (one, other), (one.mean(axis=0), other.mean(axis=0)))
    assert found.samples == 400
    assert found.kappa is not None
    assert abs(found.kappa) < 0.1
    assert found.same is not None
    assert found.same.value == pytest.approx(0.5, abs=0.06)
    assert found.near is not None
    assert found.near.value == 1
    nothing = np.full((3, 400), N)
    assert judge_pair("a", "b", (one, nothing), (one[0], nothing[0])).kappa is None


def test_preferences_are_compared_on_pairs_that_both_judged() -> None:
    found = preference_agreement(np.array([[1, -1, 0, 1.0], [1, 1, 0, N], [N, -1, N, N]]))
    # Judges 1 and 2 share three pairs and agree on two; 1 and 3 agree on one of one; 2 and 3 not.
    assert found is not None
    assert found.value == pytest.approx(3 / 5)
    assert preference_agreement(np.array([[1.0, N], [N, 1.0]])) is None


def test_a_judge_that_takes_the_first_place_is_found_out() -> None:
    pairs = [BothOrders("sample", "other")] * 18 + [BothOrders("other", "sample")] * 2
    pairs += [BothOrders("sample", "sample")] * 10
    bias = position_bias(pairs)
    assert (bias.pairs, bias.first_twice, bias.second_twice) == (30, 18, 2)
    assert bias.consistent.value == pytest.approx(1 / 3)
    assert bias.p_value == pytest.approx(stats.binomtest(18, 20).pvalue)
    # Whoever turned over with the places is a tie, so the ten honest answers decide.
    assert (bias.sample_wins, bias.other_wins, bias.ties) == (10, 0, 20)
    assert bias.win_p_value == pytest.approx(2 * 0.5**10)


def test_ties_in_one_order_count_for_the_other() -> None:
    bias = position_bias(
        [BothOrders("tie", "other"), BothOrders("tie", "tie"), BothOrders("sample", "tie")]
    )
    assert (bias.half_tied, bias.sample_wins, bias.other_wins, bias.ties) == (2, 1, 1, 1)
    assert bias.consistent.value == pytest.approx(1 / 3)
    assert position_bias([]).p_value == 1


def test_calibration_worked_by_hand() -> None:
    scores = np.array([0.1, 0.2, 0.6, 0.7, 0.9, 1.0])
    grades = np.array([0.0, 1.0, 0.5, 1.0, 1.0, 1.0])
    found = calibrate(scores, grades, 0.6)
    at = found.confusion
    assert (at.both_yes, at.only_judge, at.only_people, at.both_no) == (3, 1, 1, 1)
    assert at.right.value == pytest.approx(4 / 6)
    assert (at.precision.value, at.recall.value) == (0.75, 0.75)
    assert found.accepted == 4
    assert found.kappa == pytest.approx(0.25)
    assert found.ranked_higher == pytest.approx(7 / 8)  # of eight pairs only 0.2 lies below 0.6
    assert found.spearman is not None
    assert found.spearman.value == pytest.approx(stats.spearmanr(scores, grades).statistic)
    # The bins hold one sample each, but for the last with 0.9 and 1.0.
    assert found.gap == pytest.approx((0.1 + 0.8 + 0.6 + 0.3 + 2 * 0.05) / 6)
    assert [b.samples for b in found.bins] == [1, 1, 1, 1, 2]


def test_the_best_threshold_is_the_one_a_search_finds() -> None:
    generator = np.random.default_rng(8)
    scores = np.round(generator.random(200), 2)
    good = generator.random(200) < scores
    best = best_threshold(scores, good)
    most = max(confusion(scores, good, t).right.value for t in np.unique(scores))
    assert best.right.value == most
    assert best.samples == 200


def test_bins_hold_every_sample_once() -> None:
    scores = np.array([0.0, 0.1, 0.3, 0.7, 0.999, 1.0])
    bins = reliability(scores, np.ones(6, dtype=bool))
    assert sum(b.samples for b in bins) == 6
    assert [(b.low, b.samples) for b in bins] == [(0.0, 1), (0.1, 1), (0.3, 1), (0.7, 1), (0.9, 2)]


def test_a_calibration_of_nothing_says_nothing() -> None:
    found = calibrate(np.array([]), np.array([]), 0.6)
    assert (found.samples, found.spearman, found.gap, found.bins) == (0, None, None, [])
