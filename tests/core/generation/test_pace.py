"""The rate of a run, by a clock of the test's own."""

import pytest

from core.generation.pace import WINDOW_S, Pace


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def paced(per_second: list[int]) -> Pace:
    clock = Clock()
    pace = Pace(clock)
    for count in per_second:
        for _ in range(count):
            pace.finished()
        clock.now += 1.0
    return pace


def test_a_steady_rate_is_met_with_a_narrow_range() -> None:
    rate = paced([100] * 30).rate()
    assert rate.mean == 100
    assert 90 < rate.low < rate.mean < rate.high < 110


def test_only_the_last_seconds_count() -> None:
    assert paced([1000] * 5 + [10] * WINDOW_S).rate().mean == 10


def test_bursts_widen_the_range() -> None:
    steady, bursts = paced([50] * 10).rate(), paced([0, 100] * 5).rate()
    assert steady.mean == bursts.mean == 50
    assert bursts.high - bursts.low > 2 * (steady.high - steady.low)
    assert bursts.low >= 0


def test_a_pause_is_part_of_the_rate() -> None:
    assert paced([100] * 5 + [0] * 5).rate().mean == 50


def test_nothing_yet_is_a_rate_of_nothing() -> None:
    assert Pace(Clock()).rate() == (0.0, 0.0, 0.0)


def test_the_first_second_counts_by_the_time_it_has_lasted() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.now += 0.5
    pace.finished(20)
    assert pace.rate().mean == pytest.approx(40)
