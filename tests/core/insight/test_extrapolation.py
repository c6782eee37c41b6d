import numpy as np
import pytest
import scipy.stats

from core.insight.comparing.extrapolation import Range, time_of, total_of


def test_the_range_is_the_textbook_prediction_interval() -> None:
    measured = [1.0, 2.0, 4.0]
    found = total_of(measured, 100)
    assert found is not None
    t = scipy.stats.t.ppf(0.975, 2)
    half = t * np.std(measured, ddof=1) * np.sqrt(100 + 100**2 / 3)
    assert found.value == pytest.approx(700 / 3)
    assert found.high == pytest.approx(700 / 3 + half, rel=1e-3)
    assert found.low == 0.0  # never below nothing


def test_the_range_holds_the_total_as_often_as_it_says() -> None:
    generator = np.random.default_rng(7)
    held = 0
    for _ in range(500):
        draws = generator.normal(10.0, 2.0, 205)
        found = total_of(list(draws[:5]), 200)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= draws[5:].sum() <= found.high
    assert 0.93 <= held / 500 <= 0.98


def test_one_sample_gives_no_range_and_none_gives_nothing() -> None:
    assert total_of([2.0], 10) == Range(20.0, None, None)
    assert total_of([], 10) is None
    assert time_of([], 10, 4) is None


def test_time_is_shared_by_the_calls_in_flight_and_never_below_one_call() -> None:
    found = time_of([2.0, 2.0], 100, 10)
    assert found is not None
    assert found.value == pytest.approx(20.0)
    few = time_of([2.0, 2.0], 3, 64)
    assert few is not None
    assert few.value == pytest.approx(2.0)
