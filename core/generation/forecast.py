"""What is still to come of a batch: time and money, with ranges. Pure arithmetic."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.db.types import to_nano, to_usd

NORMAL_95 = 1.96  # two-sided 95 % quantile of the standard normal distribution


@dataclass(frozen=True)
class Eta:
    """Seconds to the end. None: unknown; a `high_s` of None beside a known rate has no bound."""

    seconds: float | None = None
    low_s: float | None = None
    high_s: float | None = None


def eta(missing: int, rate: float, rate_low: float, rate_high: float) -> Eta:
    """Time for the missing samples at this rate per second and at the ends of its interval."""
    if rate <= 0 or missing < 0:
        return Eta()
    return Eta(
        missing / rate,
        missing / rate_high if rate_high > 0 else None,
        missing / rate_low if rate_low > 0 else None,
    )


@dataclass(frozen=True)
class Room:
    """What a budget still allows to settle."""

    scope: str
    left_usd: Decimal  # cap less what is settled
    call_usd: Decimal  # what one call reserves: the last call must fit whole


@dataclass(frozen=True)
class Spending:
    """A batch's bill so far."""

    planned: int
    finished: int  # reused answers included: they cost nothing
    cost_usd: Decimal
    calls: int  # requests that cost something
    squares: float  # sum of their squared costs, in USD
    calls_again: int = 0  # of those: beyond the first of a sample, as repairs are
    rooms: Sequence[Room] = ()

    @property
    def variance(self) -> float:
        """Of a finished sample's cost: that of a sum of a random number of calls, of which a sample
        makes none, one or two (law of total variance)."""
        if not self.calls:
            return 0.0
        mean = float(self.cost_usd) / self.calls
        spread = max(self.squares / self.calls - mean * mean, 0.0)
        calls_a_sample = self.calls / self.finished
        two = self.calls_again / self.finished
        none = max(0.0, 1 + two - calls_a_sample)
        return calls_a_sample * spread + (none + two - (two - none) ** 2) * mean * mean


@dataclass(frozen=True)
class Forecast:
    """The bill at completion. None: nothing is known yet."""

    cost_usd: Decimal | None = None
    low_usd: Decimal | None = None
    high_usd: Decimal | None = None
    stops_at: int | None = None  # samples finished when a budget runs out; None: all of them fit
    stopping_budget: str | None = None  # scope of the budget that runs out first


def forecast(spending: Spending) -> Forecast:
    """The bill when every planned sample is finished, with its 95 % interval.

    The mean cost of a finished sample carries over to the missing ones. The interval allows for
    their own spread and for that of the mean: a prediction interval (Hahn and Meeker, Statistical
    Intervals, 1991, section 4).
    """
    if not spending.finished:
        return Forecast()
    missing = max(spending.planned - spending.finished, 0)
    mean = spending.cost_usd / spending.finished
    doubt = missing + missing * missing / spending.finished
    half = NORMAL_95 * math.sqrt(max(spending.variance, 0.0) * doubt)
    cost = to_usd(to_nano(spending.cost_usd + mean * missing))
    half_usd = to_usd(to_nano(Decimal(half)))
    stops_at, scope = _end_of_budget(spending, mean, missing)
    return Forecast(cost, max(spending.cost_usd, cost - half_usd), cost + half_usd, stops_at, scope)


@dataclass(frozen=True)
class StepSpending:
    """The bill of one step of a batch's samples so far."""

    answered: int  # samples whose answer of this step was paid for
    cost_usd: Decimal
    calls: int
    squares: float
    calls_again: int


def forecast_steps(whole: Spending, steps: Sequence[StepSpending]) -> Forecast:
    """The same for samples of several steps, which begin at different times.

    What a step costs carries over to the samples that still lack it. A step that nobody has
    answered yet counts as the mean of the others, and as uncertain as that mean is large. A long
    answer makes the prompts after it long, so the steps' deviations are added, as if they went
    wholly together.
    """
    missing = max(whole.planned - whole.finished, 0)
    known = [
        # Those under way have their first answers; finished ones may have reused theirs.
        _of_step(step, whole.finished + min(max(step.answered - whole.finished, 0), missing))
        for step in steps
    ]
    means = [step.cost_usd / step.finished for step in known if step.finished]
    if not means:
        return Forecast()
    usual = sum(means, Decimal(0)) / len(means)
    coming, deviation = Decimal(0), 0.0
    for step in known:
        lacking = whole.planned - step.finished
        mean = step.cost_usd / step.finished if step.finished else usual
        spread = step.variance if step.finished else float(usual) ** 2
        coming += mean * lacking
        doubt = lacking + lacking * lacking / max(step.finished, 1)
        deviation += math.sqrt(max(spread, 0.0) * doubt)
    half = NORMAL_95 * deviation
    cost = to_usd(to_nano(whole.cost_usd + coming))
    half_usd = to_usd(to_nano(Decimal(half)))
    stops_at, scope = _end_of_budget(whole, coming / missing if missing else Decimal(0), missing)
    return Forecast(cost, max(whole.cost_usd, cost - half_usd), cost + half_usd, stops_at, scope)


def _of_step(step: StepSpending, finished: int) -> Spending:
    return Spending(0, finished, step.cost_usd, step.calls, step.squares, step.calls_again)


def _end_of_budget(
    spending: Spending, mean: Decimal, missing: int
) -> tuple[int | None, str | None]:
    if not mean or not missing:
        return None, None
    affordable = [
        (max(int((room.left_usd - room.call_usd) / mean), 0), room.scope) for room in spending.rooms
    ]
    fewest, scope = min(affordable, default=(missing, ""))
    return (None, None) if fewest >= missing else (spending.finished + fewest, scope)
