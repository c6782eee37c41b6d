"""Time and money still to come, against worked cases and a simulation."""

import statistics
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from core.generation.forecast import Eta, Forecast, Room, Spending, eta, forecast


def test_an_eta_is_the_missing_samples_at_each_end_of_the_rate() -> None:
    assert eta(100, 10.0, 5.0, 20.0) == Eta(10.0, 5.0, 20.0)


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_without_a_rate_there_is_no_eta(rate: float) -> None:
    assert eta(100, rate, 0.0, 0.0) == Eta()


def test_a_rate_that_may_be_nothing_bounds_the_eta_from_below_only() -> None:
    assert eta(100, 1.0, 0.0, 4.0) == Eta(100.0, 25.0, None)


def test_nothing_is_forecast_before_the_first_sample() -> None:
    assert forecast(Spending(100, 0, Decimal("0.1"), 3, 0.01)) == Forecast()


def test_equal_costs_leave_no_doubt() -> None:
    found = forecast(Spending(100, 40, Decimal("0.4"), 40, 40 * 0.01**2))
    assert found.cost_usd == Decimal(1)
    assert found.low_usd is not None
    assert found.high_usd is not None
    assert float(found.high_usd - found.low_usd) < 1e-6


def test_reused_answers_cost_nothing_and_lower_the_forecast() -> None:
    # 20 of the 40 finished samples were reused: the 60 missing cost half as much on average.
    found = forecast(Spending(100, 40, Decimal("0.2"), 20, 20 * 0.01**2))
    assert found.cost_usd == Decimal("0.5")


def _drawn_bill(draw: np.random.Generator, share_reused: float, share_repaired: float) -> Any:
    """Costs of each sample's calls, of 400 samples."""
    kinds = draw.random(400)
    calls = np.where(kinds < share_reused, 0, np.where(kinds > 1 - share_repaired, 2, 1))
    return [[float(cost) for cost in draw.gamma(4.0, 0.0005, number)] for number in calls]


@pytest.mark.parametrize(
    ("share_reused", "share_repaired"),
    [(0.0, 0.0), (0.0, 0.2), (0.4, 0.0), (0.3, 0.2)],
    ids=["plain", "repaired", "reused", "both"],
)
def test_the_interval_holds_the_bill_about_as_often_as_it_says(
    share_reused: float, share_repaired: float
) -> None:
    draw = np.random.default_rng(7)
    inside = 0
    for _ in range(400):
        samples = _drawn_bill(draw, share_reused, share_repaired)
        bill = sum(sum(costs) for costs in samples)
        seen = [cost for costs in samples[:100] for cost in costs]
        again = sum(len(costs) == 2 for costs in samples[:100])
        squares = sum(cost * cost for cost in seen)
        spent = Decimal(str(sum(seen)))
        found = forecast(Spending(400, 100, spent, len(seen), squares, again))
        assert found.low_usd is not None
        assert found.high_usd is not None
        inside += float(found.low_usd) <= bill <= float(found.high_usd)
    assert 0.92 <= inside / 400 <= 0.98


def test_the_forecast_is_the_mean_cost_times_the_plan() -> None:
    costs = [0.01, 0.02, 0.03]
    found = forecast(Spending(30, 3, Decimal("0.06"), 3, sum(c * c for c in costs)))
    assert found.cost_usd == Decimal(str(statistics.mean(costs))) * 30


def test_the_budget_that_runs_out_first_names_the_sample_it_stops_at() -> None:
    rooms = [
        Room("workspace", Decimal("0.55"), Decimal("0.05")),
        Room("batch", Decimal(9), Decimal(0)),
    ]
    found = forecast(Spending(100, 20, Decimal("0.2"), 20, 0.002, rooms=rooms))
    assert (found.stops_at, found.stopping_budget) == (70, "workspace")


def test_a_budget_that_reaches_stops_nothing() -> None:
    rooms = [Room("batch", Decimal("0.85"), Decimal("0.05"))]
    found = forecast(Spending(100, 20, Decimal("0.2"), 20, 0.002, rooms=rooms))
    assert (found.stops_at, found.stopping_budget) == (None, None)
