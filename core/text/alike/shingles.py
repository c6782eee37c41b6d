"""Texts as sets of three-word phrases, and how much any two of them have in common.

A phrase that occurs once in all texts cannot be common to two: it is counted and not kept.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.text.alike.tokens import (
    Alphabet,
    Counts,
    Hashes,
    Tokens,
    distinct,
    grams,
    joined,
    mixed,
    ordered,
)

SHINGLE_WORDS: Final = 3
# Scripts without spaces between words: each letter is a word.
UNSPACED: Final = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
)
PAIRS_AT_ONCE: Final = 20_000

Rows = NDArray[np.int64]


class ShingleSets:
    """The shingle sets of n texts: their sizes, and the phrases that occur more than once.

    `ids` holds the kept phrases of all texts, those of text i from `starts[i]` to `starts[i + 1]`,
    ascending; a smaller id is a rarer phrase.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.phrases = _phrases(texts)  # with repetitions
        n = len(self.phrases.counts)
        owners = np.repeat(np.arange(n), self.phrases.counts)
        places, ranks, self._hash_of = _shared(self.phrases.hashes)
        keys = distinct((owners[places] << 32) | ranks)
        self.ids = keys & np.int64(0xFFFFFFFF)
        kept = np.bincount(keys >> 32, minlength=n)
        self.starts: Rows = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(kept)])
        # Phrases that no other place holds: all of a text's, less its places of shared ones.
        self.single: Rows = self.phrases.counts - np.bincount(owners[places], minlength=n)
        self.sizes: Rows = kept + self.single

    def words_key(self) -> Hashes:
        """Equal numbers for equal sets, (n,) uint64."""
        running = np.zeros(len(self.ids) + 1, dtype=np.uint64)
        np.cumsum(mixed(self._hash_of[self.ids]), out=running[1:], dtype=np.uint64)
        sums = running[self.starts[1:]] - running[self.starts[:-1]]
        # A set with a phrase of its own equals no other.
        alone = mixed(np.arange(1, len(sums) + 1, dtype=np.uint64)) * np.uint64(3)
        return np.where(self.single > 0, mixed(sums ^ alone), sums)

    def jaccard(self, left: Rows, right: Rows) -> NDArray[np.float64]:
        """The Jaccard similarity of each pair of texts, (pairs,), exact."""
        table = self._table
        common = np.zeros(len(left), dtype=np.int64)
        for top in range(0, len(left), PAIRS_AT_ONCE):
            chosen = slice(top, top + PAIRS_AT_ONCE)
            common[chosen] = table[left[chosen]].multiply(table[right[chosen]]).sum(axis=1)
        return common / (self.sizes[left] + self.sizes[right] - common)

    @cached_property
    def _table(self) -> Any:
        from scipy.sparse import csr_array

        ones = np.ones(len(self.ids), dtype=np.int32)
        ids, starts = self.ids.astype(np.int32), self.starts.astype(np.int32)
        return csr_array((ones, ids, starts), shape=(len(self.sizes), max(1, len(self._hash_of))))

    def phrases_of(self, rows: Rows) -> Tokens:
        """The phrases of some texts with repetitions, in the order of `rows`."""
        counts = self.phrases.counts[rows]
        first = (np.cumsum(self.phrases.counts) - self.phrases.counts)[rows]
        places = np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        return Tokens(self.phrases.hashes[places], counts)


@lru_cache(maxsize=1)
def word_alphabet() -> Alphabet:
    """Words of any script; each letter of the unspaced ones by itself."""
    return Alphabet(r"\w", UNSPACED)


def _phrases(texts: Sequence[str]) -> Tokens:
    """Three-word phrases; a text of fewer words is one phrase, one without words itself."""
    folded = [text.casefold() for text in texts]
    parts, top = [], 0
    for words in word_alphabet().blocks(folded):
        parts.append(_block_phrases(words, texts[top : top + len(words.counts)]))
        top += len(words.counts)
    return joined(parts)


def _block_phrases(words: Tokens, texts: Sequence[str]) -> Tokens:
    found = grams(words, SHINGLE_WORDS)
    short = np.flatnonzero(words.counts < SHINGLE_WORDS)
    if not len(short):
        return found
    firsts = (np.cumsum(words.counts) - words.counts)[short]
    whole = np.empty(len(short), dtype=np.uint64)
    for k, (row, first, count) in enumerate(
        zip(short.tolist(), firsts.tolist(), words.counts[short].tolist(), strict=True)
    ):
        some = words.hashes[first : first + count].tolist()
        whole[k] = _hash(",".join(map(str, some)) if some else texts[row].strip())
    counts = found.counts.copy()
    at = (np.cumsum(counts) - counts)[short]
    counts[short] = 1
    return Tokens(np.insert(found.hashes, at, whole), counts)


def _shared(hashes: Hashes) -> tuple[Rows, Rows, Hashes]:
    """Places of the hashes that occur more than once, the rank of each (rarest first), and the
    hash of each rank.
    """
    order = ordered(hashes)
    sorted_hashes = hashes[order]
    is_first = np.ones(len(order), dtype=np.bool_)
    is_first[1:] = sorted_hashes[1:] != sorted_hashes[:-1]
    firsts = np.flatnonzero(is_first)
    sizes: Counts = np.diff(firsts, append=len(order))
    is_shared = sizes > 1
    by_size = np.argsort(sizes[is_shared], kind="stable")
    ranks = np.empty(len(by_size), dtype=np.int64)
    ranks[by_size] = np.arange(len(by_size))
    places = order[np.repeat(is_shared, sizes)]
    hash_of = sorted_hashes[firsts[is_shared]][by_size]
    return places, np.repeat(ranks, sizes[is_shared]), hash_of


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
