"""What a record is before a defect is planted in it, and what a planter gives back.

A planter is a module with `CHECK`, the name of the check that must find it, and `plant`:

    plant(records, row, rng) -> Planted | None

It reads clean records, and returns the one that takes the place of `records[row]`, or None where
this record cannot carry the defect. `how` names the variant, so that recall can be split by it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

# Variant of phrases that were kept aside while the checks were made; counted apart.
UNSEEN = "unseen phrases"


class Record(NamedTuple):
    """One sample as the model answers it."""

    input: str
    response: str
    passage: str = ""  # what its source chunk says; "" stands for input and response
    variables: Mapping[str, Any] = {}  # columns beside it: known to the plan
    raw: str | None = None  # the whole answer instead of {"response": …}


class Planted(NamedTuple):
    """A record with one defect."""

    record: Record
    how: str  # the variant
    # Row of a clean record that it is the twin of: whichever of the two is flagged, it was found.
    partner: int | None = None


Plant = Callable[[Sequence[Record], int, np.random.Generator], Planted | None]


def pick(rng: np.random.Generator, options: Sequence[Any]) -> Any:
    """One of the options, each as likely."""
    return options[int(rng.integers(len(options)))]


def sentences(text: str) -> list[str]:
    """The sentences of a text, roughly: cut after . ? ! and at line ends."""
    parts = text.replace("! ", "!\n").replace("? ", "?\n").replace(". ", ".\n").splitlines()
    return [part.strip() for part in parts if part.strip()]


def inserted(rng: np.random.Generator, text: str, addition: str) -> str:
    """The text with a sentence added at its beginning, its end or between two of its sentences."""
    parts = sentences(text)
    place = int(rng.integers(len(parts) + 1))
    return " ".join([*parts[:place], addition, *parts[place:]])
