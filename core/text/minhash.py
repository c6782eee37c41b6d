"""MinHash with banding: the pairs of records that are worth comparing, and their exact likeness.

Deterministic, and independent of the process's hash seed.

Source: Broder 1997, "On the resemblance and containment of documents" (shingles, Jaccard, MinHash);
Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", section 3.4 (banding).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.text.shingles import Hashes, Shingles

PERMUTATIONS: Final = 256
SEED: Final = 20_251
RECALL: Final = 0.999  # of pairs exactly at the threshold; decides the width of a band
SLACK: Final = 0.12  # how far an estimate may fall below the threshold: over five of its sigmas
ALL_PAIRS_UP_TO: Final = 32  # members of a bucket; in larger ones each meets the leaders only
MAX_LEADERS: Final = 64
DIGEST_ROWS: Final = 4096  # signatures made at a time, which bounds memory

Signatures = NDArray[np.uint32]


class Pair(NamedTuple):
    """Two texts that are almost the same; `first` < `second`."""

    first: int
    second: int
    similarity: float  # Jaccard of their shingle sets; over several fields the smallest


class NearDuplicateSearch:
    """One search: shingles and signatures per field, and what has been compared already."""

    def __init__(self, fields: Sequence[Sequence[str]], threshold: float) -> None:
        self.threshold = threshold
        self.size = len(fields[0])
        self.shingles = [Shingles(texts) for texts in fields]
        self.signatures: list[Signatures] = []
        self.known: dict[int, float] = {}

    def pairs(self) -> list[Pair]:
        originals, found = self._same_words()
        if len(originals) < 2:
            return found
        index = np.array(originals)
        self.signatures = [
            _signatures([shingles.rows[i] for i in originals]) for shingles in self.shingles
        ]
        buckets = self._buckets()
        small = _all_pairs(buckets, len(index))
        found += self._verified(index, small // len(index), small % len(index))
        for bucket in buckets:
            if len(bucket) > ALL_PAIRS_UP_TO:
                found += self._with_leaders(index, bucket)
        return list({pair[:2]: pair for pair in found}.values())

    def _same_words(self) -> tuple[list[int], list[Pair]]:
        """The first record of each set of words, and the others paired with it."""
        first_of: dict[tuple[bytes, ...], int] = {}
        pairs: list[Pair] = []
        for i in range(self.size):
            key = tuple(shingles.rows[i].tobytes() for shingles in self.shingles)
            first = first_of.setdefault(key, i)
            if first != i:
                pairs.append(Pair(first, i, 1.0))
        return list(first_of.values()), pairs

    def _buckets(self) -> list[NDArray[np.int64]]:
        """Rows that share a band in every field, ascending; a set of rows appears once."""
        width, bands = _band_shape(self.threshold, len(self.signatures))
        buckets: dict[bytes, NDArray[np.int64]] = {}
        for band in range(bands):
            columns = slice(band * width, (band + 1) * width)
            slots = np.hstack([signature[:, columns] for signature in self.signatures])
            keys = _combined(slots)
            order = np.argsort(keys, kind="stable")
            for bucket in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
                if len(bucket) > 1:
                    buckets[bucket.tobytes()] = bucket
        return list(buckets.values())

    def _with_leaders(self, index: NDArray[np.int64], bucket: NDArray[np.int64]) -> list[Pair]:
        """The first row of the bucket with its look-alikes, then the first of the rest …"""
        found: list[Pair] = []
        rest = bucket
        for _ in range(MAX_LEADERS):
            if len(rest) < 2:
                break
            leader, rest = rest[0], rest[1:]
            pairs = self._verified(index, np.full(len(rest), leader), rest)
            found += pairs
            rest = rest[~np.isin(index[rest], [pair.second for pair in pairs])]
        return found

    def _verified(
        self, index: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64]
    ) -> list[Pair]:
        """Those of the pairs of rows whose exact similarity reaches the threshold."""
        found = []
        for top in range(0, len(left), DIGEST_ROWS):
            some_left, some_right = left[top : top + DIGEST_ROWS], right[top : top + DIGEST_ROWS]
            likely = np.ones(len(some_left), dtype=bool)
            for signature in self.signatures:
                estimate = (signature[some_left] == signature[some_right]).mean(axis=1)
                likely &= estimate >= self.threshold - SLACK
            first, second = index[some_left[likely]].tolist(), index[some_right[likely]].tolist()
            for i, j in zip(first, second, strict=True):
                similarity = self._similarity(i, j)
                if similarity >= self.threshold:
                    found.append(Pair(i, j, similarity))
        return found

    def _similarity(self, i: int, j: int) -> float:
        code = i * self.size + j
        if code not in self.known:
            self.known[code] = min(shingles.jaccard(i, j) for shingles in self.shingles)
        return self.known[code]


def _band_shape(threshold: float, fields: int) -> tuple[int, int]:
    """Slots per band and field, and the number of bands: as wide as RECALL allows."""
    for width in (16, 8, 4, 2):
        bands = PERMUTATIONS // width
        if 1 - (1 - threshold ** (width * fields)) ** bands >= RECALL:
            return width, bands
    return 1, PERMUTATIONS


def _signatures(rows: Sequence[Hashes]) -> Signatures:
    """MinHash signatures, (n, PERMUTATIONS) uint32."""
    from rensa import RMinHash

    blocks = []
    for top in range(0, len(rows), DIGEST_ROWS):
        some = rows[top : top + DIGEST_ROWS]
        offsets = np.zeros(len(some) + 1, dtype=np.uint64)
        np.cumsum([len(row) for row in some], out=offsets[1:])
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(
            np.concatenate(some), offsets, PERMUTATIONS, SEED
        )
        blocks.append(np.array(matrix.to_rows(), dtype=np.uint32))
    return np.vstack(blocks)


def _combined(slots: Signatures) -> Hashes:
    """One 64-bit key per row; equal rows give equal keys."""
    keys = np.zeros(len(slots), dtype=np.uint64)
    for column in slots.T:
        keys = (keys ^ column) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(32)
    return keys


def _all_pairs(buckets: Sequence[NDArray[np.int64]], n: int) -> NDArray[np.int64]:
    """Each pair inside a bucket of up to ALL_PAIRS_UP_TO rows once, as i x n + j with i < j."""
    codes = [np.zeros(0, dtype=np.int64)]
    for bucket in buckets:
        if len(bucket) <= ALL_PAIRS_UP_TO:
            i, j = np.triu_indices(len(bucket), k=1)
            codes.append(bucket[i] * n + bucket[j])
    return np.unique(np.concatenate(codes))
