"""Which records share most of their phrases: exact where pairs can be listed, else by MinHash."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.text.alike.minhash import BandedSearch, verified
from core.text.alike.prefixes import prefix_candidates
from core.text.alike.shingles import Rows, ShingleSets
from core.text.alike.tokens import mixed


class Pair(NamedTuple):
    """Two texts that are almost the same; `first` < `second`."""

    first: int
    second: int
    similarity: float  # Jaccard of their shingle sets; over several fields the smallest


class PairArrays(NamedTuple):
    """Pairs as columns, sorted by first and second; first < second."""

    first: Rows
    second: Rows
    similarity: NDArray[np.float64]


def search(fields: Sequence[Sequence[str]], threshold: float) -> PairArrays:
    """Pairs of records whose similarity reaches the threshold in every field, each once."""
    sets = [ShingleSets(texts) for texts in fields]
    originals, copies, first_of = _same_words(sets)
    left, right, crowded = prefix_candidates(sets, originals, threshold)
    found = [(first_of, copies, np.ones(len(copies))), verified(sets, left, right, threshold)]
    if len(crowded) > 1:
        found.append(BandedSearch(sets, crowded, threshold).pairs())
    first, second, similarity = (np.concatenate(part) for part in zip(*found, strict=True))
    n = len(fields[0])
    codes, places = np.unique(first * n + second, return_index=True)
    return PairArrays(codes // max(n, 1), codes % max(n, 1), similarity[places])


def _same_words(sets: Sequence[ShingleSets]) -> tuple[Rows, Rows, Rows]:
    """The first record of each set of words, the others, and the first one of each of those."""
    key = np.zeros(len(sets[0].sizes), dtype=np.uint64)
    for field in sets:
        key = mixed(key) + field.words_key()
    _, firsts, inverse = np.unique(key, return_index=True, return_inverse=True)
    first_of = firsts[inverse]
    is_copy = first_of != np.arange(len(key))
    return np.sort(firsts), np.flatnonzero(is_copy), first_of[is_copy]
