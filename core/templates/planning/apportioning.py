"""How many samples each cell of a grid gets: whole numbers as close to its shares as can be."""

from typing import Any, Final

import numpy as np

from core.templates.planning.grid import Grid
from core.templates.randomness import Stream

MAX_SWAPS: Final = 2_000
MOST_LOOKED_AT: Final = 128
UNIT: Final = 2**30  # one sample, in the whole-number arithmetic of the exchange


def apportion(grid: Grid, n: int, seed: int) -> list[int]:
    """How many of n samples each cell gets: its exact quota rounded down or up; they add up to n.

    Where every quota is whole, these are the quotas. Otherwise the samples left over are dealt one
    per cell, starting from a systematic sample by remainder and exchanging cells while that lowers
    the squared deviation of the cells and of every variable's own shares. For one variable that is
    the largest remainder. Largest remainders of the joint alone would, with fewer samples than
    cells, serve only the heaviest cells and push every variable towards its most frequent value.
    """
    counts, rests = [], []
    for share in grid.shares:
        count, rest = divmod(n * share, grid.whole)
        counts.append(count)
        rests.append(rest)
    left = n - sum(counts)
    if left:
        chosen = _systematic(rests, grid.whole, seed)
        for place in _exchanged(grid, rests, chosen):
            counts[place] += 1
    return counts


def _systematic(rests: list[int], whole: int, seed: int) -> list[int]:
    """Distinct places, each with probability rest / whole; sum(rests) / whole of them."""
    stream = Stream(seed, "leftover")
    mark = stream.below(whole)
    shuffled = sorted((stream.word(), place) for place, rest in enumerate(rests) if rest)
    chosen, end = [], 0
    for _, place in shuffled:
        end += rests[place]
        if mark < end:
            chosen.append(place)
            mark += whole
    return chosen


def _exchanged(grid: Grid, rests: list[int], chosen: list[int]) -> list[int]:
    """The chosen places after every exchange that brings the shares closer to their targets."""
    places = np.array([place for place, rest in enumerate(rests) if rest])
    rest = np.array([rests[place] * UNIT // grid.whole for place in places], dtype=np.int64)
    is_chosen = np.isin(places, chosen)
    columns, width = _value_columns(grid, places)
    drift = np.zeros(width, dtype=np.int64)  # per value of a variable: dealt minus due
    for column in columns:
        np.add.at(drift, column, is_chosen * UNIT - rest)
    for _ in range(MAX_SWAPS):
        score = -rest
        for column in columns:
            score = score + drift[column]
        best = _best_exchange(score, is_chosen, columns)
        if best is None:
            break
        drop, add = best
        is_chosen[[drop, add]] = False, True
        for column in columns:
            drift[column[drop]] -= UNIT
            drift[column[add]] += UNIT
    return [int(place) for place in places[is_chosen]]


def _best_exchange(score: Any, is_chosen: Any, columns: list[Any]) -> tuple[int, int] | None:
    """The places to drop and to add that lower the deviation most; None where none lowers it.

    Looks at the MOST_LOOKED_AT most promising of each side: two cells that differ in one variable
    alone may do what the two extremes do not.
    """
    drops, adds = np.flatnonzero(is_chosen), np.flatnonzero(~is_chosen)
    if not len(drops) or not len(adds):
        return None
    drops = drops[np.argsort(-score[drops], kind="stable")[:MOST_LOOKED_AT]]
    adds = adds[np.argsort(score[adds], kind="stable")[:MOST_LOOKED_AT]]
    change = score[adds][None, :] - score[drops][:, None]
    for column in columns:
        change += (column[drops][:, None] != column[adds][None, :]) * UNIT
    row, place = divmod(int(np.argmin(change)), len(adds))
    return (int(drops[row]), int(adds[place])) if change[row, place] < 0 else None


def _value_columns(grid: Grid, places: Any) -> tuple[list[Any], int]:
    """Per variable, each place's value as an index into one shared array; and that array's size."""
    columns, start = [], 0
    cells = np.array(grid.cells, dtype=np.int64).reshape(len(grid.cells), len(grid.names))[places]
    for k, values in enumerate(grid.values):
        columns.append(cells[:, k] + 1 + start)
        start += len(values) + 1
    return columns, start
