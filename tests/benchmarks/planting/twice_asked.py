"""The question of another record once more, with an answer that contradicts the first one.

Only questions that are asked once are taken: what many customers say about one matter has no single
true answer. Four variants: another final answer, another number on the way, another name, a denial.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from core.db.workspace import Workspace
from core.quality.across.consistency import compute_consistency
from planting.base import Plant, Planted, Record, pick

NUMBER = re.compile(r"\d+")
FINAL = re.compile(r"(Answer: |makes )(\d+)")
NAME = re.compile(r"(?<=[a-z] )[A-Z][a-z]{2,}\b")
VERB = re.compile(r"\b(is|are|was|were|has|can|will)\b(?! not)")
NAMES = ("Ursula", "Bertram", "Xenia", "Ottokar")


def consistency(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted | None:
    partner = (row + int(rng.integers(1, len(records)))) % len(records)
    original = records[partner]
    if _asked(tuple(record.input for record in records))[original.input] > 1:
        return None
    hows = {
        "final answer": FINAL.search(original.response),
        "a name": NAME.search(original.response),
        "a denial": VERB.search(original.response),
    }
    how = pick(rng, [name for name, found in hows.items() if found] or ["none"])
    if how == "none":
        return None
    return Planted(
        records[row]._replace(input=original.input, response=_changed(original.response, how, rng)),
        how,
        partner,
    )


def _changed(text: str, how: str, rng: np.random.Generator) -> str:
    if how == "final answer":
        found = FINAL.search(text)
        assert found is not None
        value = str(int(found[2]) + int(rng.integers(1, 40)))
        # The whole calculation goes wrong with it, as a model's would.
        return re.sub(rf"\b{found[2]}\b", value, text)
    if how == "a name":
        found = NAME.search(text)
        assert found is not None
        return re.sub(rf"\b{found[0]}\b", str(pick(rng, NAMES)), text)
    return VERB.sub(r"\1 not", text, count=1)


@lru_cache(maxsize=2)
def _asked(inputs: tuple[str, ...]) -> Counter[str]:
    return Counter(inputs)


def compute(workspace: Workspace, batch_id: str) -> None:
    """The check over the whole batch."""
    compute_consistency(workspace, batch_id)


PLANTERS: dict[str, Plant] = {"consistency": consistency}
