"""What a leak is, and how its text is masked before it is stored or shown."""

import re
from typing import NamedTuple

from core.templates.definition import PII_KINDS

KEPT_AT_END = 2  # characters that stay readable, so that a person recognises the value
KEPT_OF_SECRET = 4  # the start of a key says whose it is
MASK = "•"
BITS = {kind: 1 << place for place, kind in enumerate(PII_KINDS)}


class Leak(NamedTuple):
    """One piece of personal data or one secret in a text."""

    kind: str  # one of PII_KINDS
    start: int
    end: int


def masked(kind: str, text: str) -> str:
    """The value with most of its letters and digits hidden; its length and marks stay."""
    if kind == "email":
        name, _, domain = text.partition("@")
        host, dot, ending = domain.rpartition(".")
        return f"{_hidden(name, 1)}@{_hidden(host, 1)}{dot}{ending}"
    if kind == "secret":
        return _hidden(text, KEPT_OF_SECRET)
    end = text[-KEPT_AT_END:]
    return _hidden(text[:-KEPT_AT_END], 0) + end


def _hidden(text: str, kept: int) -> str:
    return text[:kept] + re.sub(r"[^\W_]", MASK, text[kept:])


def kinds_value(kinds: set[str]) -> float:
    """The kinds as one number: the sum of 1, 2, 4 … in the order of PII_KINDS.

    So that a check can leave a kind out later without looking at the text again.
    """
    return float(sum(BITS[kind] for kind in kinds))


def kinds_of(value: float) -> list[str]:
    """The kinds that `kinds_value` made this number of."""
    return [kind for kind in PII_KINDS if int(value) & BITS[kind]]
