"""Diversity of two populations at equal size: most measures grow or fall with the size alone.

Pure and seeded. Whether a difference is real is asked by relabelling: how often would two halves
drawn from both together differ as much?
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.insight.comparing.two_samples import Difference, relabelled
from core.insight.diversity.measures import Vectors, mean_pairwise_similarity, tokenise, vendi_score

ROUNDS: Final = 99  # of relabelling: the spread is then known to about 7 %
SEED: Final = 0
TEST: Final = f"relabelling, {ROUNDS} rounds"

Statistic = Callable[[NDArray[np.int64]], float | None]


@dataclass(frozen=True)
class Pool:
    """The texts of both sides, as many of each: A's rows first."""

    vectors: Vectors  # (2m, d), unit norm
    tokens: Sequence[NDArray[np.int64]]  # 2m texts as numbers of their words

    @property
    def size(self) -> int:
        """Texts of each side."""
        return len(self.tokens) // 2


def pool_of(a: Sequence[str], b: Sequence[str], vectors: Vectors) -> Pool:
    """The pool of equally many texts of each side with their vectors, A's first.

    Raises ValueError where the sizes differ.
    """
    if len(a) != len(b) or len(vectors) != len(a) + len(b):
        raise ValueError(f"{len(a)} and {len(b)} texts with {len(vectors)} vectors")
    codes: dict[str, int] = {}
    tokens = [
        np.array([codes.setdefault(t, len(codes)) for t in tokenise(text)], dtype=np.int64)
        for text in (*a, *b)
    ]
    return Pool(vectors, tokens)


def diversity_differences(pool: Pool) -> dict[str, Difference]:
    """By metric of `core.insight.diversity.metrics`: figures at equal size, and their difference.

    Empty for fewer than two texts a side.
    """
    if pool.size < 2:
        return {}
    statistics: dict[str, Statistic] = {
        "vendi_score": lambda rows: vendi_score(pool.vectors[rows]),
        "mean_similarity": lambda rows: mean_pairwise_similarity(pool.vectors[rows]),
        "distinct_1": _Distinct(pool.tokens, 1),
        "distinct_2": _Distinct(pool.tokens, 2),
    }
    from threadpoolctl import threadpool_limits

    # Hundreds of small matrices: with two threads each waited for the other, and it took 25 times
    # as long on a busy machine.
    with threadpool_limits(1):
        return {name: _relabelled(pool, statistic) for name, statistic in statistics.items()}


def _relabelled(pool: Pool, statistic: Statistic) -> Difference:
    m = pool.size
    rows = np.arange(2 * m)
    a, b = statistic(rows[:m]), statistic(rows[m:])
    if a is None or b is None:
        return Difference(a, b, None, None, None, None, None, "")
    generator = np.random.default_rng(SEED)
    shuffled = np.empty(ROUNDS)
    for turn in range(ROUNDS):
        order = generator.permutation(2 * m)
        shuffled[turn] = (statistic(order[m:]) or 0.0) - (statistic(order[:m]) or 0.0)
    p_value, half = relabelled(b - a, shuffled)
    return Difference(a, b, b - a, b - a - half, b - a + half, p_value, None, TEST)


class _Distinct:
    """Different runs of n tokens over all of them, for chosen texts of a pool."""

    def __init__(self, tokens: Sequence[NDArray[np.int64]], n: int) -> None:
        words = 1 + max((int(t.max()) for t in tokens if len(t)), default=0)
        runs = [_runs(t, n, words) for t in tokens]
        whole: NDArray[Any] = np.concatenate(runs) if runs else np.zeros(0, dtype=np.int64)
        known, codes = np.unique(whole, return_inverse=True)
        self._size = len(known)
        ends = np.cumsum([len(run) for run in runs])
        self._runs = np.split(codes, ends[:-1])

    def __call__(self, rows: NDArray[np.int64]) -> float | None:
        codes = np.concatenate([self._runs[row] for row in rows])
        if not len(codes):
            return None
        seen = np.zeros(self._size, dtype=np.bool_)
        seen[codes] = True
        return float(seen.sum() / len(codes))


def _runs(tokens: NDArray[np.int64], n: int, words: int) -> NDArray[np.int64]:
    if len(tokens) < n:
        return np.zeros(0, dtype=np.int64)
    found = tokens[: len(tokens) - n + 1].copy()
    for step in range(1, n):
        found = found * words + tokens[step : len(tokens) - n + 1 + step]
    return found
