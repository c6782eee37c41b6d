"""Choices that depend on nothing but a digest: the same request gives the same text anywhere."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


class Draw:
    """A stream of choices from a 64-bit seed. Source: SplitMix64, Steele et al. 2014, figure 16."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & MASK

    def bits(self) -> int:
        """The next 64 bits."""
        self._state = (self._state + GOLDEN) & MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return mixed ^ (mixed >> 31)

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1; n must be positive."""
        return self.bits() % n

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included; low where the range is empty."""
        return low + self.below(max(high - low, 0) + 1)

    def share(self) -> float:
        """A number from 0 up to but not including 1."""
        return (self.bits() >> 11) / 2**53

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.share() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, which must not be empty."""
        return options[self.bits() % len(options)]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """Up to `count` different options, in drawn order."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]


def seed_of(*parts: bytes) -> int:
    """A seed from the SHA-256 of the parts, each kept apart from the next."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return int.from_bytes(digest.digest()[:8])
