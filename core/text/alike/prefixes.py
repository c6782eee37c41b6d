"""Pairs of sets that can be alike, found without missing one.

Put the phrases of each set in one order, the rarest first. Two sets whose Jaccard similarity
reaches t have a phrase in common among the first |x| - ceil(t |x|) + 1 of each, so only sets that
share such a rare phrase are compared.

Source: Chaudhuri, Ganti, Kaushik 2006, "A Primitive Operator for Similarity Joins" (prefix filter);
Bayardo, Ma, Srikant 2007, "Scaling Up All Pairs Similarity Search" (rare features first).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.text.alike.shingles import Rows, ShingleSets
from core.text.alike.tokens import distinct

PAIRS: Final = 5_000_000  # candidates that may be listed: 40 MB
CLOSE: Final = 1e-9

Postings = NDArray[np.int64]


class Candidates(NamedTuple):
    """What a prefix filter found."""

    left: Rows
    right: Rows  # left < right
    crowded: Rows  # rows with a phrase of too many sets: their pairs are not all among these


def prefix_candidates(fields: Sequence[ShingleSets], rows: Rows, threshold: float) -> Candidates:
    """Pairs among `rows` that can reach the threshold in every field, each once.

    Looked up are the phrases of the field that gives the fewest pairs; in it, phrases of so many
    sets that listing the pairs would take too much are left out, and those sets named.
    """
    lists = [_postings(field, rows, threshold) for field in fields]
    chosen = min(lists, key=lambda found: found.cost())
    left, right = chosen.pairs(PAIRS)
    fits = np.ones(len(left), dtype=np.bool_)
    for field in fields:
        a, b = field.sizes[left], field.sizes[right]
        fits &= np.minimum(a, b) >= threshold * np.maximum(a, b) - CLOSE
    span = np.int64(rows.max() + 1) if len(rows) else np.int64(1)
    codes = distinct(left[fits] * span + right[fits])
    return Candidates(codes // span, codes % span, chosen.crowded(PAIRS))


class _Postings:
    """For each phrase of a prefix, the rows that have it, ascending."""

    def __init__(self, ids: Rows, rows: Rows) -> None:
        order = np.argsort(ids, kind="stable")
        self._rows, ordered = rows[order], ids[order]
        self._firsts = np.flatnonzero(np.diff(ordered, prepend=-1))
        self._sizes = np.diff(self._firsts, append=len(ordered))

    def cost(self) -> int:
        return int((self._sizes * (self._sizes - 1) // 2).sum())

    def pairs(self, most: int) -> tuple[Rows, Rows]:
        """Pairs of rows with a phrase in common; one may come several times."""
        longest = self._longest(most)
        left, right = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for size in np.unique(self._sizes[(self._sizes > 1) & (self._sizes <= longest)]).tolist():
            firsts = self._firsts[self._sizes == size]
            members = self._rows[firsts[:, None] + np.arange(size)]
            i, j = np.triu_indices(size, k=1)
            left.append(members[:, i].ravel())
            right.append(members[:, j].ravel())
        return np.concatenate(left), np.concatenate(right)

    def crowded(self, most: int) -> Rows:
        """The rows that have a phrase which `pairs` left out."""
        is_left_out = np.repeat(self._sizes > self._longest(most), self._sizes)
        return distinct(self._rows[is_left_out])

    def _longest(self, most: int) -> int:
        """Rows of a phrase up to which all pairs are listed."""
        sizes, times = np.unique(self._sizes, return_counts=True)
        total = np.cumsum(sizes * (sizes - 1) // 2 * times)
        fitting = sizes[total <= most]
        return int(fitting[-1]) if len(fitting) else 0


def _postings(field: ShingleSets, rows: Rows, threshold: float) -> _Postings:
    sizes = field.sizes[rows]
    needed = np.ceil(threshold * sizes - CLOSE).astype(np.int64)
    # A phrase of one text is the rarest of all, and leads to no other.
    length = np.maximum(sizes - needed + 1 - field.single[rows], 0)
    length = np.minimum(length, field.starts[rows + 1] - field.starts[rows])
    owners = np.repeat(np.arange(len(rows)), length)
    places = np.arange(length.sum()) + np.repeat(
        field.starts[rows] - (np.cumsum(length) - length), length
    )
    return _Postings(field.ids[places], rows[owners])
