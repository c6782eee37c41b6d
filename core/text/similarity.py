"""Which texts are almost the same: word for word (MinHash, then exact Jaccard) or by meaning.

Pure: texts and vectors in, indices out. Everything is deterministic.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.text.minhash import NearDuplicateSearch
from core.text.minhash import Pair as Pair
from core.text.shingles import Shingles


def near_duplicate_groups(texts: Sequence[str], threshold: float = 0.85) -> NDArray[np.int64]:
    """A group id per text, (n,) int64: equal where a chain of near-duplicates joins two texts.

    The id is the index of the group's first text, so a text like no other has its own index.
    """
    pairs = near_duplicate_pairs(texts, threshold=threshold)
    return union_groups(len(texts), ((pair.first, pair.second) for pair in pairs))


def near_duplicate_pairs(*fields: Sequence[str], threshold: float = 0.85) -> list[Pair]:
    """Pairs whose Jaccard similarity reaches the threshold in every field, sorted.

    Each field is one text per record (all of the same length). Of records with the same words
    only the first is compared with others; the rest are paired with it, similarity 1. Among more
    than ALL_PAIRS_UP_TO look-alikes each is compared with those that are unlike one another.
    Texts under SHINGLE_WORDS words are alike only when they are the same words.
    """
    if len({len(field) for field in fields}) != 1:
        raise ValueError("near_duplicate_pairs needs fields of one length")
    return sorted(NearDuplicateSearch(fields, threshold).pairs())


def jaccard(a: str, b: str) -> float:
    """Share of three-word phrases in common, 0 to 1; texts without words compare as they are."""
    return Shingles([a, b]).jaccard(0, 1)


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


def semantic_near_duplicates(
    vectors: NDArray[np.float32], threshold: float = 0.95, limit: int = 1_000_000
) -> list[tuple[int, int, float]]:
    """Pairs (i, j, cosine), i < j, of unit-norm rows (n, d) whose cosine reaches the threshold.

    At most `limit` pairs, in the order of i; computed block by block, so memory stays bounded.
    """
    block = 1024
    found: list[tuple[int, int, float]] = []
    for top in range(0, len(vectors), block):
        rows = vectors[top : top + block]
        cosines = rows @ vectors[top:].T
        left, right = np.nonzero(np.triu(cosines >= threshold, k=1))
        values = cosines[left, right]
        found.extend(
            (int(i) + top, int(j) + top, float(value))
            for i, j, value in zip(left, right, values, strict=True)
        )
        if len(found) >= limit:
            return found[:limit]
    return found
