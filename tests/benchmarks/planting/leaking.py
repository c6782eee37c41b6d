"""Records of an evaluation set inside samples: as they are, wrapped in talk, or lightly edited.

The evaluation set is made of the planted records themselves and of many that leaked nowhere.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson

from core.db.workspace import Workspace
from core.quality.across.leakage import compute_leakage
from core.sources.evaluation import keep_for_evaluation
from core.sources.importing import import_source
from planting.base import Plant, Planted, Record, pick
from planting.corpus import invented

MIN_WORDS = 8
OTHERS = 1_000
KEPT: list[str] = []  # questions of the evaluation set; one run of the benchmark is one process


def leakage(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted | None:
    record = records[row]
    secret = max((record.input, record.response), key=len)
    words = secret.split()
    if len(words) < MIN_WORDS or sum(secret in (r.input, r.response) for r in records) > 1:
        return None
    how = pick(rng, ["as it is", "inside other talk", "a word changed"])
    text = secret
    if how == "inside other talk":
        text = f"Here is one I remember: {secret} What do you think of it?"
    if how == "a word changed":
        at = int(rng.integers(len(words)))
        text = " ".join([*words[:at], "something", *words[at + 1 :]])
    KEPT.append(secret)
    if secret == record.input:
        return Planted(record._replace(input=text), how)
    return Planted(record._replace(response=text), how)


def compute(workspace: Workspace, batch_id: str) -> None:
    """Keep the evaluation set as a source of its own, and run the check."""
    others = [record.input for record in invented(OTHERS, np.random.default_rng(99))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evaluation.jsonl"
        path.write_bytes(b"\n".join(orjson.dumps({"question": q}) for q in [*KEPT, *others]))
        source = import_source(workspace, path, text_column="question")
    keep_for_evaluation(workspace, source.source_id, True)
    compute_leakage(workspace, batch_id)


PLANTERS: dict[str, Plant] = {"leakage": leakage}
