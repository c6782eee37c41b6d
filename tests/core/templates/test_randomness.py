from hypothesis import given, settings
from hypothesis import strategies as st

from core.templates.randomness import Permutation, Stream, keyed

PINNED_KEY = "13977ceb8b21cfba"
PINNED_DRAWS = [807, 441, 940, 126, 138, 700, 261, 411]
PINNED_ORDER = [6, 1, 9, 2, 8, 3, 4, 5, 0, 7]


@settings(max_examples=60)
@given(n=st.integers(1, 400), seed=st.integers(-(2**40), 2**40))
def test_a_permutation_visits_every_place_once(n: int, seed: int) -> None:
    order = Permutation(n, seed)
    assert sorted(order[i] for i in range(n)) == list(range(n))


def test_a_permutation_of_a_billion_answers_one_place() -> None:
    order = Permutation(10**9, 7)
    assert 0 <= order[123_456_789] < 10**9


def test_different_keys_give_different_orders() -> None:
    first, second = Permutation(100, 1), Permutation(100, 2)
    assert [first[i] for i in range(100)] != [second[i] for i in range(100)]


def test_the_stream_is_pinned_for_every_platform() -> None:
    assert keyed(1, "variable", "topic", 5).hex()[:16] == PINNED_KEY
    stream = Stream(1, "variable", "topic", 5)
    assert [stream.below(1000) for _ in range(8)] == PINNED_DRAWS
    assert [Permutation(10, 3, "cells")[i] for i in range(10)] == PINNED_ORDER


@settings(max_examples=40)
@given(bound=st.integers(1, 2**200))
def test_draws_stay_below_their_bound(bound: int) -> None:
    stream = Stream(bound)
    assert all(0 <= stream.below(bound) < bound for _ in range(5))


def test_draws_are_even() -> None:
    stream = Stream("even")
    counts = [0] * 6
    for _ in range(6000):
        counts[stream.below(6)] += 1
    # Chi-square with 5 degrees of freedom passes 20.5 once in a thousand keys; this key is fixed.
    assert sum((count - 1000) ** 2 / 1000 for count in counts) < 20.5
