"""MinHash with banding: candidates among sets that share too many phrases to list all pairs.

Deterministic, and independent of the process's hash seed.

Source: Broder 1997, "On the resemblance and containment of documents" (shingles, Jaccard, MinHash);
Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", section 3.4 (banding).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.text.alike.shingles import Rows, ShingleSets
from core.text.alike.tokens import Hashes, distinct

PERMUTATIONS: Final = 256
SEED: Final = 20_251
RECALL: Final = 0.999  # of pairs exactly at the threshold; decides the width of a band
SLACK: Final = 0.12  # how far an estimate may fall below the threshold: over five of its sigmas
ALL_PAIRS_UP_TO: Final = 32  # members of a bucket; in larger ones each meets the leaders only
MAX_LEADERS: Final = 64
MEETINGS: Final = 3_000_000  # of leaders with others, in all: fewer leaders where buckets are many
MEETING_ROWS: Final = 200  # what one leader costs beside its meetings, in meetings
PAIRS_AT_ONCE: Final = 4096  # estimates made at a time, which bounds memory

Signatures = NDArray[np.uint32]


class BandedSearch:
    """Pairs among some rows whose signatures meet in a band of every field."""

    def __init__(self, fields: Sequence[ShingleSets], rows: Rows, threshold: float) -> None:
        self._fields, self._threshold = fields, threshold
        self.rows = _with_company(fields, rows, threshold)
        self._signatures = [_signatures(field, self.rows) for field in fields]
        self._led_by = np.full(len(self.rows), -1, dtype=np.int64)  # the last leader found alike

    def pairs(self) -> tuple[Rows, Rows, NDArray[np.float64]]:
        """Left and right row and smallest similarity of the pairs that reach the threshold."""
        if len(self.rows) < 2:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        buckets = self._buckets()
        large = [bucket for bucket in buckets if len(bucket) > ALL_PAIRS_UP_TO]
        cost = sum(len(bucket) + MEETING_ROWS for bucket in large)
        leaders = min(MAX_LEADERS, max(1, MEETINGS // max(1, cost)))
        codes = [self._likely(_all_pairs(buckets, len(self.rows)))]
        codes += [self._with_leaders(bucket, leaders) for bucket in large]
        pairs = distinct(np.concatenate(codes))
        left, right = self.rows[pairs // len(self.rows)], self.rows[pairs % len(self.rows)]
        return verified(self._fields, left, right, self._threshold)

    def _buckets(self) -> list[Rows]:
        """Positions that share a band in every field, ascending; a set of them appears once."""
        width, bands = band_shape(self._threshold, len(self._fields))
        buckets: dict[bytes, Rows] = {}
        for band in range(bands):
            columns = slice(band * width, (band + 1) * width)
            keys = _combined(np.hstack([s[:, columns] for s in self._signatures]))
            order = np.argsort(keys, kind="stable")
            ordered = keys[order]
            firsts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] + np.uint64(1)))
            sizes = np.diff(firsts, append=len(ordered))
            for first, size in zip(firsts[sizes > 1], sizes[sizes > 1], strict=True):
                bucket = order[first : first + size]
                buckets[bucket.tobytes()] = bucket
        return list(buckets.values())

    def _with_leaders(self, bucket: Rows, leaders: int) -> NDArray[np.int64]:
        """The first of the bucket with its look-alikes, then the first of the rest …"""
        n = len(self.rows)
        found = [np.zeros(0, dtype=np.int64)]
        rest = bucket
        for _ in range(leaders):
            leader, rest = rest[0], rest[1:]
            rest = rest[self._led_by[rest] != leader]
            estimate = self._estimate(leader, rest)
            found.append(leader * n + rest[estimate >= self._threshold - SLACK])
            is_alike = estimate >= self._threshold
            self._led_by[rest[is_alike]] = leader
            rest = rest[~is_alike]
            if len(rest) < 2:
                break
        return np.concatenate(found)

    def _likely(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the pairs, as i x n + j, whose signatures look alike."""
        n = len(self.rows)
        kept = [np.zeros(0, dtype=np.int64)]
        for top in range(0, len(codes), PAIRS_AT_ONCE):
            some = codes[top : top + PAIRS_AT_ONCE]
            estimate = self._estimate(some // n, some % n)
            kept.append(some[estimate >= self._threshold - SLACK])
        return np.concatenate(kept)

    def _estimate(self, left: Any, right: Rows) -> NDArray[np.float64]:
        """The smallest estimated similarity over the fields, (len(right),)."""
        estimates = [(s[left] == s[right]).sum(axis=1) / PERMUTATIONS for s in self._signatures]
        smallest: NDArray[np.float64] = np.minimum.reduce(estimates)
        return smallest


def verified(
    fields: Sequence[ShingleSets], left: Rows, right: Rows, threshold: float
) -> tuple[Rows, Rows, NDArray[np.float64]]:
    """Those of the pairs whose exact similarity reaches the threshold in every field."""
    similarity = np.ones(len(left))
    for field in fields:
        some = field.jaccard(left, right)
        reached = some >= threshold
        left, right = left[reached], right[reached]
        similarity = np.minimum(similarity[reached], some[reached])
    return left, right, similarity


def band_shape(threshold: float, fields: int) -> tuple[int, int]:
    """Slots per band and field, and the number of bands: as wide as RECALL allows."""
    for width in (16, 8, 4, 2):
        bands = PERMUTATIONS // width
        if 1 - (1 - threshold ** (width * fields)) ** bands >= RECALL:
            return width, bands
    return 1, PERMUTATIONS


def _with_company(fields: Sequence[ShingleSets], rows: Rows, threshold: float) -> Rows:
    """Those of the rows that share a band with another one in every field taken alone."""
    from rensa import RMinHashLSH

    for field in fields:
        if len(rows) < 2:
            break
        _, bands = band_shape(threshold, 1)
        index = RMinHashLSH(threshold, PERMUTATIONS, bands)
        flags = index.query_duplicate_flags_matrix_one_shot(_matrix(field, rows))
        rows = rows[np.array(flags, dtype=np.bool_)]
    return rows


def _matrix(field: ShingleSets, rows: Rows) -> Any:
    from rensa import RMinHash

    phrases = field.phrases_of(rows)
    offsets = np.zeros(len(rows) + 1, dtype=np.uint64)
    np.cumsum(phrases.counts, out=offsets[1:])
    return RMinHash.digest_matrix_from_flat_token_hashes(
        phrases.hashes, offsets, PERMUTATIONS, SEED
    )


def _signatures(field: ShingleSets, rows: Rows) -> Signatures:
    """MinHash signatures, (rows, PERMUTATIONS) uint32."""
    blocks = [np.zeros((0, PERMUTATIONS), dtype=np.uint32)]
    for top in range(0, len(rows), PAIRS_AT_ONCE):
        matrix = _matrix(field, rows[top : top + PAIRS_AT_ONCE])
        blocks.append(np.array(matrix.to_rows(), dtype=np.uint32))
    return np.vstack(blocks)


def _combined(slots: Signatures) -> Hashes:
    """One 64-bit key per row; equal rows give equal keys."""
    keys = np.zeros(len(slots), dtype=np.uint64)
    for column in slots.T:
        keys = (keys ^ column) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(32)
    return keys


def _all_pairs(buckets: Sequence[Rows], n: int) -> NDArray[np.int64]:
    """Each pair inside a bucket of up to ALL_PAIRS_UP_TO rows once, as i x n + j with i < j."""
    codes = [np.zeros(0, dtype=np.int64)]
    for bucket in buckets:
        if len(bucket) <= ALL_PAIRS_UP_TO:
            i, j = np.triu_indices(len(bucket), k=1)
            codes.append(bucket[i] * n + bucket[j])
    return distinct(np.concatenate(codes))
