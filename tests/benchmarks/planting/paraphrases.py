"""The same said in other words: synonyms, an opening, another way to put the question.

Numbers and names stay, so that the meaning does. The rewording is by rule: a person's would be
freer, and harder to find.
"""

import re
from collections.abc import Sequence

import numpy as np

from core.db.workspace import Workspace
from core.quality.across.semantic_duplicates import compute_semantic_duplicates
from core.text.embedding.model import embed
from planting.base import Plant, Planted, Record, pick

SYNONYMS = {
    "how many": "what number of", "how much": "what amount", "buys": "purchases",
    "bought": "purchased", "sells": "is selling", "each": "every", "total": "overall",
    "kids": "children", "gets": "receives", "got": "received", "makes": "produces",
    "wants": "would like", "want": "would like", "needs": "requires", "also": "in addition",
    "if": "in case", "begin": "start", "my": "my own", "why": "for what reason",
    "can i": "am i able to", "how do i": "in which way do i", "is it possible to": "can i",
    "help": "assist", "wrong": "incorrect", "money": "funds", "still": "even now",
    "there": "there", "large": "big", "big": "large", "twice": "two times", "half": "one half",
    "altogether": "in all", "left": "remaining", "spend": "pay", "spent": "paid",
    "answer": "result", "costs": "is priced at", "because": "since", "so": "therefore",
}  # fmt: skip
OPENINGS = ("", "Well, ", "So: ", "Please note: ")
PHRASES = re.compile(r"\b(" + "|".join(sorted(SYNONYMS, key=len, reverse=True)) + r")\b", re.I)
MIN_CHANGES = 2


def semantic_duplicate(
    records: Sequence[Record], row: int, rng: np.random.Generator
) -> Planted | None:
    partner = (row + int(rng.integers(1, len(records)))) % len(records)
    original = records[partner]
    found = len(PHRASES.findall(original.response))
    if found < MIN_CHANGES:
        return None
    how = pick(rng, ["synonyms", "synonyms and an opening"])
    opening = pick(rng, OPENINGS[1:]) if how.endswith("opening") else ""
    response = opening + PHRASES.sub(_other, original.response)
    return Planted(
        records[row]._replace(input=PHRASES.sub(_other, original.input), response=response),
        how,
        partner,
    )


def _other(found: re.Match[str]) -> str:
    word = SYNONYMS[found[0].lower()]
    return word.capitalize() if found[0][0].isupper() else word


def compute(workspace: Workspace, batch_id: str) -> None:
    """The check over the whole batch, every text embedded."""
    compute_semantic_duplicates(workspace, batch_id, embed)


PLANTERS: dict[str, Plant] = {"semantic_duplicate": semantic_duplicate}
