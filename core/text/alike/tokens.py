"""Words of many texts at once, as 64-bit hashes in flat arrays: a tenth of the time of a loop.

The hashes are the same on every machine and in every process. Two different words share one with
a chance of about n² / 2^65 among n words: one in a million for six million.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK_CHARS: Final = 2**18  # letters handled at a time: their arrays stay in the cache
CODE_POINTS: Final = 0x110000
SPACE, LETTER, ALONE = 0, 1, 2  # what a character is: between words, part of one, one by itself
BASE: Final = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2^64
INVERSE: Final = pow(BASE, -1, 2**64)

Hashes = NDArray[np.uint64]
Counts = NDArray[np.int64]
Places = NDArray[np.int64]


class Tokens(NamedTuple):
    """The tokens of n texts, one text after the other."""

    hashes: Hashes  # (tokens,)
    counts: Counts  # (n,): tokens of each text


class Alphabet:
    """Which characters make words: runs of `letter`, and each `alone` by itself.

    Both are regular expressions of one character; one that fits both is alone.
    """

    def __init__(self, letter: str, alone: str) -> None:
        self.kinds = _kinds(letter, alone)

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """The tokens of the texts as they stand: fold the case before."""
        return joined(self.blocks(texts))

    def blocks(self, texts: Sequence[str]) -> Iterator[Tokens]:
        """The same, some texts at a time, so that what is done with them stays in the cache."""
        for block in _blocks(texts):
            yield self._tokens(block)

    def _tokens(self, texts: Sequence[str]) -> Tokens:
        text = "\n".join(texts) + "\n"
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        kinds = self.kinds[codes]
        is_letter = kinds == LETTER
        first, last = is_letter.copy(), is_letter
        first[1:] &= ~is_letter[:-1]
        last = is_letter.copy()
        last[:-1] &= ~is_letter[1:]
        is_alone = kinds == ALONE
        starts = np.flatnonzero(first | is_alone)
        ends = np.flatnonzero(last | is_alone)
        powers, inverses = _powers(len(codes))
        # A run's hash is its part of one running sum, moved to where every run begins.
        weighed = mixed(codes.astype(np.uint64) + np.uint64(1)) * powers
        running = np.cumsum(weighed, dtype=np.uint64)
        hashes = mixed((running[ends] - running[starts] + weighed[starts]) * inverses[starts])
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        bounds = np.searchsorted(starts, np.cumsum(lengths + 1))
        return Tokens(hashes, np.diff(bounds, prepend=0))


def joined(parts: Iterable[Tokens]) -> Tokens:
    """The tokens of all texts of the parts."""
    hashes, counts = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.int64)]
    for part in parts:
        hashes.append(part.hashes)
        counts.append(part.counts)
    return Tokens(np.concatenate(hashes), np.concatenate(counts))


def mixed(codes: Hashes) -> Hashes:
    """64-bit numbers stirred one to one, so that neighbours end up far apart."""
    codes = (codes ^ (codes >> np.uint64(31))) * np.uint64(BASE)
    return codes ^ (codes >> np.uint64(29))


def grams(tokens: Tokens, n: int) -> Tokens:
    """The runs of n tokens inside each text, in order; a text of fewer has none."""
    counts = np.maximum(tokens.counts - (n - 1), 0)
    if not counts.sum():
        return Tokens(np.zeros(0, dtype=np.uint64), counts)
    size = len(tokens.hashes) - (n - 1)
    hashes = tokens.hashes[:size].copy()
    for k in range(1, n):
        hashes = mixed(hashes) + tokens.hashes[k : size + k]
    if n > 1:
        ends = np.cumsum(tokens.counts)
        is_inside = np.ones(size + n, dtype=np.bool_)
        for k in range(1, n):  # the last tokens of a text begin no run; short texts overlap
            is_inside[np.maximum(ends - k, 0)[tokens.counts >= k]] = False
        hashes = hashes[is_inside[:size]]
    return Tokens(hashes, counts)


def ordered(hashes: Hashes) -> Places:
    """The places of the hashes, (m,), so that equal ones stand together.

    As `argsort`, in half its time: hash and place share one number, which is sorted in place. The
    few hashes that differ only where the place is written are put in order afterwards.
    """
    low = np.uint64((1 << max(1, len(hashes) - 1).bit_length()) - 1)
    keys = (hashes & ~low) | np.arange(len(hashes), dtype=np.uint64)
    keys.sort()
    places = (keys & low).astype(np.int64)
    keys &= ~low
    full = hashes[places]
    mixed_up = np.flatnonzero((keys[1:] == keys[:-1]) & (full[1:] != full[:-1]))
    for key in dict.fromkeys(keys[mixed_up].tolist()):
        first = np.searchsorted(keys, np.uint64(key), "left")
        end = np.searchsorted(keys, np.uint64(key), "right")
        places[first:end] = places[first:end][np.argsort(full[first:end], kind="stable")]
    return places


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Sorted distinct numbers; faster than `unique` by ten where most differ. Sorts in place."""
    values.sort()
    is_first = np.ones(len(values), dtype=np.bool_)
    is_first[1:] = values[1:] != values[:-1]
    return values[is_first]


def _blocks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    top = size = 0
    for i, text in enumerate(texts):
        size += len(text) + 1
        if size >= BLOCK_CHARS:
            yield texts[top : i + 1]
            top, size = i + 1, 0
    if top < len(texts):
        yield texts[top:]


def _kinds(letter: str, alone: str) -> NDArray[np.uint8]:
    every = "".join(map(chr, range(CODE_POINTS)))
    kinds = np.full(CODE_POINTS, SPACE, dtype=np.uint8)
    for kind, members in ((LETTER, letter), (ALONE, alone)):
        for run in re.finditer(f"(?:{members})+", every):
            kinds[run.start() : run.end()] = kind
    return kinds


def _powers(size: int) -> tuple[Hashes, Hashes]:
    powers, inverses = _power_table(1 << max(size - 1, BLOCK_CHARS).bit_length())
    return powers[:size], inverses[:size]


@lru_cache(maxsize=2)
def _power_table(size: int) -> tuple[Hashes, Hashes]:
    def table(base: int) -> Hashes:
        factors = np.full(size, base, dtype=np.uint64)
        factors[0] = 1
        return np.cumprod(factors, dtype=np.uint64)

    return table(BASE), table(INVERSE)
