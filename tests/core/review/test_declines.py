"""The tests behind alerts, against scipy and by hand."""

import numpy as np
import pytest
from scipy import stats

from core.review.watching.declines import (
    GROUP_SIZE,
    GROUPS,
    Tally,
    draw_size,
    draws,
    fallen_figures,
    more_frequent,
    risen_rates,
)


@pytest.mark.parametrize(
    ("now", "before"),
    [(Tally(8, 100), Tally(5, 100)), (Tally(0, 40), Tally(3, 90)), (Tally(900, 1000), Tally(1, 9))],
)
def test_the_p_value_is_fishers(now: Tally, before: Tally) -> None:
    table = [[now.found, now.asked - now.found], [before.found, before.asked - before.found]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert more_frequent(now, before) == pytest.approx(expected, rel=1e-9)


def test_a_rate_that_rose_beyond_chance_and_enough_is_a_decline() -> None:
    now = {"echo": Tally(80, 1000), "pii": Tally(21, 1000), "empty": Tally(0, 1000)}
    before = {"echo": Tally(20, 1000), "pii": Tally(20, 1000), "empty": Tally(50, 1000)}
    found = risen_rates(now, before)
    assert [decline.measure for decline in found] == ["echo"]
    assert (found[0].value, found[0].baseline) == (0.08, 0.02)
    # Holm: the smallest of three p-values is multiplied by three.
    assert found[0].p_value == pytest.approx(3 * more_frequent(now["echo"], before["echo"]))


def test_a_certain_but_tiny_rise_is_no_decline_until_it_doubles() -> None:
    tiny = risen_rates({"echo": Tally(5_600, 100_000)}, {"echo": Tally(5_000, 100_000)})
    assert more_frequent(Tally(5_600, 100_000), Tally(5_000, 100_000)) < 1e-6
    assert tiny == []
    doubled = risen_rates({"echo": Tally(80, 100_000)}, {"echo": Tally(30, 100_000)})
    assert [decline.measure for decline in doubled] == ["echo"]


def test_what_was_not_asked_before_is_not_compared() -> None:
    assert risen_rates({"judge": Tally(50, 60)}, {"judge": Tally(0, 0)}) == []
    assert risen_rates({"judge": Tally(50, 60)}, {}) == []


def test_a_figure_that_fell_is_a_decline_and_one_that_rose_is_not() -> None:
    better = {"vendi_score": "higher", "mean_similarity": "lower"}
    low, high = [10.0 + i / 10 for i in range(8)], [20.0 + i / 10 for i in range(8)]
    found = fallen_figures({"vendi_score": low}, {"vendi_score": high}, better)
    assert [d.measure for d in found] == ["vendi_score"]
    expected = stats.mannwhitneyu(low, high, alternative="less").pvalue
    assert found[0].p_value == pytest.approx(expected)
    assert fallen_figures({"vendi_score": high}, {"vendi_score": low}, better) == []
    risen = fallen_figures({"mean_similarity": high}, {"mean_similarity": low}, better)
    assert [d.measure for d in risen] == ["mean_similarity"]


def test_a_small_fall_is_no_decline() -> None:
    now, before = [95.0 + i / 100 for i in range(10)], [100.0 + i / 100 for i in range(10)]
    assert (
        fallen_figures({"vendi_score": now}, {"vendi_score": before}, {"vendi_score": "higher"})
        == []
    )


def test_false_alarms_stay_below_the_level() -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        now = {f"c{i}": Tally(int(rng.binomial(500, 0.05)), 500) for i in range(8)}
        before = {f"c{i}": Tally(int(rng.binomial(500, 0.05)), 500) for i in range(8)}
        alarms += bool(risen_rates(now, before))
    assert alarms <= 8  # 400 times 1 %, with room for chance


def test_draws_are_disjoint_and_of_one_size() -> None:
    found = draws(1_000, 90, seed=1)
    assert [len(part) for part in found] == [90] * 10
    assert len(np.unique(np.concatenate(found))) == 900
    assert len(draws(10_000, 200, seed=0)) == GROUPS
    assert draw_size([100_000, 5_000]) == GROUP_SIZE
    assert draw_size([100_000, 400]) == 50
    assert draw_size([100_000, 159]) == 0
    assert draw_size([]) == 0
