"""Copies of another record: letter for letter, or with little of it changed."""

from collections.abc import Sequence

import numpy as np

from core.db.workspace import Workspace
from core.quality.across.duplicates import compute_duplicates
from planting.base import Plant, Planted, Record, pick

MIN_WORDS = 20  # of a response in which one word may change and leave it almost the same


def exact_duplicate(
    records: Sequence[Record], row: int, rng: np.random.Generator
) -> Planted | None:
    partner = _partner(records, row, rng)
    return Planted(records[row]._replace(**_said(records[partner])), "same letters", partner)


def near_duplicate(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted | None:
    partner = _partner(records, row, rng)
    original = records[partner]
    words = original.response.split()
    hows = ["case and marks"]
    if len(words) >= MIN_WORDS:
        hows += ["a word changed", "a word dropped", "a word added"]
    how = pick(rng, hows)
    if how == "case and marks":
        text = original.response.upper() if rng.random() < 0.5 else f"“{original.response}” …"
        if text == original.response:
            return None
        return _twin(records[row], original, text, how, partner)
    at = int(rng.integers(1, len(words) - 1))
    edits = {
        "a word changed": [*words[:at], "otherwise", *words[at + 1 :]],
        "a word dropped": [*words[:at], *words[at + 1 :]],
        "a word added": [*words[:at], "indeed", *words[at:]],
    }
    return _twin(records[row], original, " ".join(edits[how]), how, partner)


def _twin(own: Record, original: Record, response: str, how: str, partner: int) -> Planted:
    return Planted(own._replace(input=original.input, response=response), how, partner)


def _said(record: Record) -> dict[str, str]:
    return {"input": record.input, "response": record.response}


def _partner(records: Sequence[Record], row: int, rng: np.random.Generator) -> int:
    return (row + int(rng.integers(1, len(records)))) % len(records)


def compute(workspace: Workspace, batch_id: str) -> None:
    """The check over the whole batch."""
    compute_duplicates(workspace, batch_id)


PLANTERS: dict[str, Plant] = {
    "exact_duplicate": exact_duplicate,
    "near_duplicate": near_duplicate,
}
