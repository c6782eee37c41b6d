"""Keyed randomness: a value depends on its key alone, on any platform and in any order.

Everything comes from SHA-256 over canonical JSON of the key and a counter.
"""

import hashlib
import json

WORD = 2**64
ROUNDS = 6


def keyed(*key: str | int) -> bytes:
    """32 bytes that depend on the key alone."""
    return hashlib.sha256(json.dumps(key, separators=(",", ":")).encode()).digest()


class Stream:
    """Random numbers of one key, in a fixed order."""

    __slots__ = ("_counter", "_key", "_words")

    def __init__(self, *key: str | int) -> None:
        self._key = keyed(*key)
        self._counter = 0
        self._words: list[int] = []

    def word(self) -> int:
        """A whole number from 0 to 2**64 - 1."""
        if not self._words:
            block = hashlib.sha256(self._key + self._counter.to_bytes(8, "big")).digest()
            self._counter += 1
            self._words = [int.from_bytes(block[k : k + 8], "big") for k in (24, 16, 8, 0)]
        return self._words.pop()

    def below(self, bound: int) -> int:
        """A whole number from 0 to bound - 1, all exactly equally likely, for any bound >= 1."""
        if bound <= WORD:
            limit = WORD - WORD % bound
            while (word := self.word()) >= limit:
                pass
            return word % bound
        words = (bound.bit_length() + 63) // 64
        limit = WORD**words - WORD**words % bound
        while (value := self._long(words)) >= limit:
            pass
        return value % bound

    def _long(self, words: int) -> int:
        value = 0
        for _ in range(words):
            value = value * WORD + self.word()
        return value


class Permutation:
    """A shuffled order of 0 … n-1 of which any place is computed alone.

    A Feistel network over the next even number of bits, walked until the value is below n.
    Source: Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002, section 3 (cycle
    walking) and section 4 (Feistel).
    """

    __slots__ = ("_base", "_half_bits", "_mask", "_n")

    def __init__(self, n: int, *key: str | int) -> None:
        self._n = n
        self._base = hashlib.blake2b(key=keyed("permutation", *key), digest_size=8)
        self._half_bits = max(1, ((n - 1).bit_length() + 1) // 2)
        self._mask = (1 << self._half_bits) - 1

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, place: int) -> int:
        """The value at a place; both run from 0 to n-1.

        Raises IndexError outside of that.
        """
        if not 0 <= place < self._n:
            raise IndexError(f"{place} is not in 0 … {self._n - 1}")
        value = self._shuffled(place)
        while value >= self._n:
            value = self._shuffled(value)
        return value

    def _shuffled(self, value: int) -> int:
        left, right = value >> self._half_bits, value & self._mask
        for number in range(ROUNDS):
            digest = self._base.copy()
            digest.update(((number << 64) | right).to_bytes(9, "big"))
            left, right = right, left ^ (int.from_bytes(digest.digest(), "big") & self._mask)
        return (left << self._half_bits) | right
