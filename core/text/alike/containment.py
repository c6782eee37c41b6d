"""Which texts hold most of a record: the share of the record's phrases found in the text.

Phrases are runs of PHRASE_WORDS words. Phrases that many records share say nothing and are left
out. A record of few words lies in many texts by chance: it is found only where it is all of one.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.text.alike.shingles import Rows, word_alphabet
from core.text.alike.tokens import Hashes, Tokens, distinct, grams, joined, mixed

PHRASE_WORDS: Final = 5
MIN_PHRASES: Final = 8  # of a record that can be found inside a longer text
MIN_WORDS: Final = 4  # of a record that can be all of a text
COMMON: Final = 0.01  # share of the records from which a phrase is a turn of speech
COMMON_FROM: Final = 5  # records
TEXTS_AT_ONCE: Final = 10_000
TABLE_BITS: Final = 24


class Containment(NamedTuple):
    """Per text, (n,)."""

    record: Rows  # the record it holds most of, -1 for none
    share: NDArray[np.float64]  # of that record's phrases, 0 to 1


class Records:
    """Records made ready to be looked for."""

    def __init__(self, records: Sequence[str]) -> None:
        words = _words(records)
        phrases = grams(words, PHRASE_WORDS)
        owners = np.repeat(np.arange(len(records)), phrases.counts)
        self._phrases, places = np.unique(phrases.hashes, return_inverse=True, sorted=True)
        keys = distinct(places.astype(np.int64) * max(1, len(records)) + owners)
        self.places, self.owners = keys // max(1, len(records)), keys % max(1, len(records))
        self._drop_common(len(records))
        self.sizes = np.bincount(self.owners, minlength=len(records))
        keys, rows = np.unique(_whole(words), return_index=True, sorted=True)
        self._whole, self._rows = keys, rows
        self.count = len(records)
        self._table = np.zeros(1 << TABLE_BITS, dtype=np.bool_)
        self._table[self._phrases >> np.uint64(64 - TABLE_BITS)] = True

    def _drop_common(self, records: int) -> None:
        times = np.bincount(self.places, minlength=len(self._phrases))
        is_common = times > max(COMMON_FROM, COMMON * records)
        keep = ~is_common[self.places]
        self.places, self.owners = self.places[keep], self.owners[keep]

    def held_by(self, texts: Sequence[str]) -> Containment:
        """The record that each text holds most of."""
        parts = [
            self._held_by(texts[top : top + TEXTS_AT_ONCE])
            for top in range(0, len(texts), TEXTS_AT_ONCE)
        ]
        if not parts:
            return Containment(np.zeros(0, np.int64), np.zeros(0))
        record, share = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Containment(record, share)

    def same_as(self, texts: Sequence[str]) -> Rows:
        """The first record that has exactly the words of each text, -1 for none."""
        words = _words(texts)
        at = _find(self._whole, _whole(words))
        at[words.counts < MIN_WORDS] = -1
        if self.count:
            at[at >= 0] = self._rows[at[at >= 0]]
        return at

    def _held_by(self, texts: Sequence[str]) -> Containment:
        from scipy.sparse import csr_array

        phrases = grams(_words(texts), PHRASE_WORDS)
        n = len(phrases.counts)
        owners = np.repeat(np.arange(n), phrases.counts)
        likely = self._table[phrases.hashes >> np.uint64(64 - TABLE_BITS)]
        at = _find(self._phrases, phrases.hashes[likely])
        width = max(1, len(self._phrases))
        keys = distinct(owners[likely][at >= 0] * width + at[at >= 0])
        held = csr_array(
            (np.ones(len(keys), np.int32), (keys // width, keys % width)), shape=(n, width)
        )
        has = csr_array(
            (np.ones(len(self.places), np.int32), (self.places, self.owners)),
            shape=(width, max(1, self.count)),
        )
        common = (held @ has).tocoo()
        sizes = self.sizes[common.col] if self.count else np.zeros(0)
        shares = np.where(sizes >= MIN_PHRASES, common.data / np.maximum(sizes, 1), 0.0)
        order = np.lexsort((-common.col, shares))
        record, share = np.full(n, -1, dtype=np.int64), np.zeros(n)
        rows = common.row[order]
        record[rows], share[rows] = common.col[order], shares[order]
        record[share == 0] = -1
        return Containment(record, share)


def _words(texts: Sequence[str]) -> Tokens:
    return joined(word_alphabet().blocks([text.casefold() for text in texts]))


def _whole(words: Tokens) -> Hashes:
    """One hash of all the words of each text in their order; 0 without words."""
    ends = np.cumsum(words.counts)
    place = np.arange(len(words.hashes)) - np.repeat(ends - words.counts, words.counts)
    placed = mixed(words.hashes + mixed(place.astype(np.uint64)))
    running = np.zeros(len(placed) + 1, dtype=np.uint64)
    np.cumsum(placed, out=running[1:], dtype=np.uint64)
    sums: Hashes = running[ends] - running[ends - words.counts]
    return sums


def _find(ordered: Hashes, wanted: Hashes) -> Rows:
    """Where each wanted hash stands in the sorted ones, -1 for none."""
    if not len(ordered):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    return np.where(ordered[at] == wanted, at, -1)
