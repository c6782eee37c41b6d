"""BLEU-4 of each text against all others, for a set of texts and for parts of it. Pure.

The clip of an n-gram is its highest count in any other text: the highest of all, or the second
where the text itself holds the highest. So two numbers an n-gram replace n x n comparisons.

Source: Papineni et al. 2002, BLEU; Chen & Cherry 2014, smoothing method 1.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.insight.diversity.ngrams import metric_tokens
from core.text.alike.tokens import grams

ORDER: Final = 4
FLOOR: Final = 0.1  # matches that an order without any counts as

Rows = NDArray[np.int64]


class BleuCounts:
    """The n-grams of m texts, counted once, so that any part of the texts can be scored."""

    def __init__(self, texts: Sequence[str]) -> None:
        tokens = metric_tokens(texts)
        self.lengths = tokens.counts
        self._total = np.zeros((len(texts), ORDER))  # n-grams of each order in each text
        parts = []
        for order in range(1, ORDER + 1):
            found = grams(tokens, order)
            self._total[:, order - 1] = found.counts
            owners = np.repeat(np.arange(len(texts)), found.counts)
            parts.append(_counted(found.hashes, owners, order - 1))
        self._gram, self._owner, self._order, self._count = (
            np.concatenate(part) for part in zip(*parts, strict=True)
        )

    def mean(self, chosen: NDArray[np.bool_]) -> float:
        """The mean score of the chosen texts, (m,), each against the other chosen ones; at least
        two are chosen.
        """
        scores = self._scores(chosen)
        return float(scores[chosen].sum() / chosen.sum())

    def _scores(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        keep = chosen[self._owner]
        gram, owner, count = self._gram[keep], self._owner[keep], self._count[keep]
        # Sorted by n-gram and falling count: the first of each is the highest, the next the second.
        is_first = np.ones(len(gram), dtype=np.bool_)
        is_first[1:] = gram[1:] != gram[:-1]
        second = np.zeros(len(gram), dtype=np.int64)
        second[:-1] = np.where(is_first[1:], 0, count[1:])
        firsts = np.flatnonzero(is_first)
        run = np.cumsum(is_first) - 1
        clip = np.where(is_first, second, count[firsts][run] if len(firsts) else count)
        place = owner * ORDER + self._order[keep]
        matched = np.bincount(
            place, weights=np.minimum(count, clip), minlength=len(chosen) * ORDER
        ).reshape(-1, ORDER)
        return self._combined(matched.astype(np.float64), chosen)

    def _combined(
        self, matched: NDArray[np.float64], chosen: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        has = self._total > 0
        share = np.where(matched > 0, matched, FLOOR) / np.where(has, self._total, 1.0)
        logs = np.where(has, np.log(share), 0.0).sum(axis=1) / np.maximum(has.sum(axis=1), 1)
        penalty = np.zeros(len(chosen))
        rows = np.flatnonzero(chosen & (self.lengths > 0))
        reference = _closest_others(self.lengths[chosen], self.lengths[rows])
        penalty[rows] = np.minimum(0.0, 1 - reference / self.lengths[rows])
        return np.where(matched.any(axis=1), np.exp(penalty + logs), 0.0)


def _counted(
    hashes: NDArray[np.uint64], owners: Rows, order: int
) -> tuple[NDArray[np.uint64], Rows, Rows, Rows]:
    """N-gram, text, order and count of each n-gram of each text, by n-gram and falling count."""
    by_gram = np.lexsort((owners, hashes))
    gram, owner = hashes[by_gram], owners[by_gram]
    is_first = np.ones(len(gram), dtype=np.bool_)
    is_first[1:] = (gram[1:] != gram[:-1]) | (owner[1:] != owner[:-1])
    firsts = np.flatnonzero(is_first)
    count: Rows = np.diff(firsts, append=len(gram))
    gram, owner = gram[firsts], owner[firsts]
    falling = np.lexsort((-count, gram))
    return gram[falling], owner[falling], np.full(len(gram), order), count[falling]


def _closest_others(all_lengths: Rows, lengths: Rows) -> Rows:
    """For each length, the nearest among all when it is itself taken out; ties go down."""
    ordered = np.sort(all_lengths)
    at = np.searchsorted(ordered, lengths)
    below = np.where(at > 0, ordered[np.maximum(at - 1, 0)], -1)
    last = len(ordered) - 1
    above = np.where(at < last, ordered[np.minimum(at + 1, last)], -1)
    takes_above = (below < 0) | ((above >= 0) & (above - lengths < lengths - below))
    return np.where(takes_above, above, below)
