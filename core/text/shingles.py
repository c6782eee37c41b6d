"""A text as a set of three-word phrases, and how much two such sets have in common."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

SHINGLE_WORDS: Final = 3
# Scripts without spaces between words: each letter is a word.
WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|\w+")

Hashes = NDArray[np.uint64]


class Shingles:
    """The shingle sets of one field's texts, as sorted distinct 64-bit hashes."""

    def __init__(self, texts: Sequence[str]) -> None:
        words: dict[str, int] = {}
        self.rows: list[Hashes] = [_shingles(text, words) for text in texts]
        self._sets: dict[int, frozenset[int]] = {}

    def jaccard(self, i: int, j: int) -> float:
        a, b = self.set_of(i), self.set_of(j)
        common = len(a & b)
        return common / (len(a) + len(b) - common)

    def set_of(self, i: int) -> frozenset[int]:
        found = self._sets.get(i)
        if found is None:
            found = self._sets[i] = frozenset(self.rows[i].tolist())
        return found


def _shingles(text: str, known: dict[str, int]) -> Hashes:
    found = WORD.findall(text.casefold())
    if len(found) < SHINGLE_WORDS:
        return np.array([_hash(" ".join(found) or text.strip())], dtype=np.uint64)
    codes = np.empty(len(found), dtype=np.uint64)
    for i, word in enumerate(found):
        code = known.get(word)
        if code is None:
            code = known[word] = _hash(word)
        codes[i] = code
    return np.unique(_mixed(_mixed(codes[:-2]) + codes[1:-1]) * np.uint64(3) + codes[2:])


def _mixed(codes: Hashes) -> Hashes:
    codes = (codes ^ (codes >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return codes ^ (codes >> np.uint64(29))


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
