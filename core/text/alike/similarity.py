"""Which texts are almost the same, word for word.

Pure: texts in, indices out. Everything is deterministic. For meanings see `cosine_twins`.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.text.alike.near_duplicates import Pair as Pair
from core.text.alike.near_duplicates import PairArrays, search
from core.text.alike.shingles import ShingleSets


def near_duplicate_groups(texts: Sequence[str], threshold: float = 0.85) -> NDArray[np.int64]:
    """A group id per text, (n,) int64: equal where a chain of near-duplicates joins two texts.

    The id is the index of the group's first text, so a text like no other has its own index.
    """
    pairs = near_duplicate_arrays(texts, threshold=threshold)
    return union_groups(len(texts), zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


def near_duplicate_pairs(*fields: Sequence[str], threshold: float = 0.85) -> list[Pair]:
    """Pairs whose Jaccard similarity reaches the threshold in every field, sorted.

    Each field is one text per record (all of the same length). Of records with the same words
    only the first is compared with others; the rest are paired with it, similarity 1. No pair is
    missed, except among so many look-alikes that their pairs cannot be listed: there MinHash finds
    999 of 1000, and in a bucket of more than ALL_PAIRS_UP_TO each is compared with those that are
    unlike one another. Texts under SHINGLE_WORDS words are alike only when they are the same words.
    """
    columns = (part.tolist() for part in near_duplicate_arrays(*fields, threshold=threshold))
    return [Pair(*row) for row in zip(*columns, strict=True)]


def near_duplicate_arrays(*fields: Sequence[str], threshold: float = 0.85) -> PairArrays:
    """As `near_duplicate_pairs`, in columns."""
    if len({len(field) for field in fields}) != 1:
        raise ValueError("near_duplicate_pairs needs fields of one length")
    return search(fields, threshold)


def jaccard(a: str, b: str) -> float:
    """Share of three-word phrases in common, 0 to 1; texts without words compare as they are."""
    return float(ShingleSets([a, b]).jaccard(np.array([0]), np.array([1]))[0])


def union_groups(n: int, pairs: Iterator[tuple[int, int]]) -> NDArray[np.int64]:
    """A group id per index, (n,) int64: the smallest index that pairs connect it to."""
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in pairs:
        low, high = sorted((root(i), root(j)))
        parent[high] = low
    return np.array([root(i) for i in range(n)], dtype=np.int64)
