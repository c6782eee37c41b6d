"""Split assignment: properties over generated groupings, and hand-worked cases."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.splits import assign_splits

RATIOS = (0.8, 0.15, 0.05)

rows = st.lists(
    st.tuples(st.integers(0, 40).map(lambda i: f"g{i}"), st.sampled_from("abc")), max_size=200
)
ratios = (
    st.tuples(st.integers(0, 10), st.integers(0, 10), st.integers(0, 10))
    .filter(any)
    .map(lambda parts: tuple(part / sum(parts) for part in parts))
)


@given(rows=rows, ratios=ratios, seed=st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_every_row_gets_a_split_no_group_straddles_and_it_is_deterministic(
    rows: list[tuple[str, str]], ratios: tuple[float, ...], seed: int
) -> None:
    groups, strata = [g for g, _ in rows], [s for _, s in rows]
    splits = assign_splits(groups, strata, ratios, seed)
    assert splits.shape == (len(rows),)
    assert splits.dtype == np.int8
    assert all(0 <= split < 3 and ratios[split] > 0 for split in splits)
    assert len(set(zip(groups, splits.tolist(), strict=True))) == len(set(groups))
    assert np.array_equal(splits, assign_splits(groups, strata, ratios, seed))


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=30),
    ratios=ratios,
    seed=st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_singletons_come_within_two_rows_of_their_share_in_each_stratum_and_in_all(
    sizes: list[int], ratios: tuple[float, ...], seed: int
) -> None:
    strata = [f"s{s}" for s, size in enumerate(sizes) for _ in range(size)]
    splits = assign_splits([str(i) for i in range(len(strata))], strata, ratios, seed)
    for chosen in (None, *sorted(set(strata))):
        mine = [x for x, s in zip(splits.tolist(), strata, strict=True) if chosen in (None, s)]
        for split, ratio in enumerate(ratios):
            assert abs(mine.count(split) - ratio * len(mine)) <= 2


@given(sizes=st.lists(st.integers(1, 5), min_size=40, max_size=200), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_small_groups_miss_the_shares_by_less_than_two_groups(sizes: list[int], seed: int) -> None:
    groups = [f"g{g}" for g, size in enumerate(sizes) for _ in range(size)]
    splits = assign_splits(groups, [""] * len(groups), RATIOS, seed)
    for split, ratio in enumerate(RATIOS):
        assert abs((splits == split).sum() - ratio * len(groups)) <= 10


@given(rows=rows, more=rows, seed=st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_kept_groups_never_move(
    rows: list[tuple[str, str]], more: list[tuple[str, str]], seed: int
) -> None:
    first = assign_splits([g for g, _ in rows], [s for _, s in rows], RATIOS, seed)
    kept = dict(zip((g for g, _ in rows), first.tolist(), strict=True))
    grown = rows + more
    second = assign_splits([g for g, _ in grown], [s for _, s in grown], RATIOS, seed, kept)
    assert all(kept.get(g, s) == s for (g, _), s in zip(grown, second.tolist(), strict=True))


def test_hand_worked_hundred_rows_split_80_15_5() -> None:
    splits = assign_splits([str(i) for i in range(100)], ["x"] * 100, RATIOS, seed=0)
    assert Counter(splits.tolist()) == {0: 80, 1: 15, 2: 5}


def test_many_strata_of_one_row_still_fill_every_split() -> None:
    names = [str(i) for i in range(1000)]
    splits = assign_splits(names, names, RATIOS, seed=0)
    assert Counter(splits.tolist()) == {0: 800, 1: 150, 2: 50}


def test_ten_rows_leave_no_split_empty() -> None:
    splits = assign_splits([str(i) for i in range(10)], [""] * 10, RATIOS, seed=0)
    assert Counter(splits.tolist()) == {0: 8, 1: 1, 2: 1}


def test_one_giant_group_goes_to_train_and_the_rest_fills_the_others() -> None:
    groups = ["giant"] * 60 + [str(i) for i in range(40)]
    splits = assign_splits(groups, [""] * 100, RATIOS, seed=3)
    assert Counter(splits.tolist()) == {0: 80, 1: 15, 2: 5}
    assert set(splits[:60].tolist()) == {0}


def test_growth_without_a_memory_moves_few_rows() -> None:
    names = [str(i) for i in range(1100)]
    before = assign_splits(names[:1000], [""] * 1000, RATIOS, seed=0)
    after = assign_splits(names, [""] * 1100, RATIOS, seed=0)
    assert (before != after[:1000]).sum() < 40


def test_another_seed_gives_another_division() -> None:
    names = [str(i) for i in range(200)]
    one, two = (assign_splits(names, [""] * 200, RATIOS, seed=seed) for seed in (0, 1))
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("count", [0, 1, 2], ids=str)
def test_few_rows_go_to_train_first(count: int) -> None:
    splits = assign_splits([str(i) for i in range(count)], [""] * count, RATIOS, seed=0)
    assert splits.tolist().count(0) == count
