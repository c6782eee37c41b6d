"""Whether a judge decides by the order in which two samples stand. Pure.

Each pair is asked in both orders. A judge that names the same sample twice is consistent; one that
names the same place twice decided by the place. Source: Wang et al. 2023, "Large Language Models
are not Fair Evaluators", section 3; Zheng et al. 2023, section 3.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from core.quality.judge.rubric import Preference
from core.quality.judge.statistics import Range, sign_test, wilson


class BothOrders(NamedTuple):
    """What a judge preferred in one pair, in either order."""

    straight: Preference  # the sample stood first
    swapped: Preference  # the other stood first


@dataclass(frozen=True)
class PositionBias:
    """How the order moves a judge, and who wins once it cannot."""

    pairs: int
    consistent: Range  # share of pairs with the same answer in both orders
    first_twice: int  # pairs in which whatever stood first was preferred both times
    second_twice: int
    half_tied: int  # a tie in one order, a preference in the other
    p_value: float  # that first and second are named equally often (sign test on the twice named)
    sample_wins: int  # preferred in both orders, or once with a tie
    other_wins: int
    ties: int  # both orders tied, or contradicted each other
    win_share: Range  # of the sample among the pairs that were won
    win_p_value: float  # that both win equally often


def position_bias(pairs: Iterable[BothOrders]) -> PositionBias:
    """The counts over pairs that were answered in both orders."""
    total = same = first = second = half = sample = other = 0
    for straight, swapped in pairs:
        total += 1
        same += straight == swapped
        first += (straight, swapped) == ("sample", "other")
        second += (straight, swapped) == ("other", "sample")
        half += (straight == "tie") != (swapped == "tie")
        balance = VALUES[straight] + VALUES[swapped]
        sample += balance > 0
        other += balance < 0
    return PositionBias(
        pairs=total,
        consistent=wilson(same, total),
        first_twice=first,
        second_twice=second,
        half_tied=half,
        p_value=sign_test(first, second),
        sample_wins=sample,
        other_wins=other,
        ties=total - sample - other,
        win_share=wilson(sample, sample + other),
        win_p_value=sign_test(sample, other),
    )


VALUES: dict[Preference, int] = {"sample": 1, "other": -1, "tie": 0}
