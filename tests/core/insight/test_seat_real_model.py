"""An imported sentence test with the real embedding model, recomputed from its definition."""

import json
from itertools import combinations

import numpy as np
import pytest

from core.insight.bias.groups import batch_bias
from core.insight.bias.wordlist_formats import read_published
from core.text.embedding.embeddings import embed

SETS = {
    "targ1": ("Flowers", ["a rose", "a tulip", "a lily", "a daisy"]),
    "targ2": ("Insects", ["a wasp", "a cockroach", "a mosquito", "a flea"]),
    "attr1": ("Pleasant", ["love", "joy", "a gift", "a friend"]),
    "attr2": ("Unpleasant", ["hatred", "disease", "a disaster", "an enemy"]),
}
FILE = {
    side: {"category": name, "examples": [f"This is {word}." for word in words]}
    for side, (name, words) in SETS.items()
}


def test_a_sentence_test_equals_its_own_definition() -> None:
    found = read_published(json.dumps(FILE), "sent-flowers.jsonl")
    vectors = dict(zip(found.words(), embed(found.words()), strict=True))
    (result,) = batch_bias([], [], np.zeros((0, 384)), [found], vectors).words

    def s(sentence: str) -> float:
        def near(side: str) -> float:
            rows = [vectors[one].astype(float) for one in FILE[side]["examples"]]
            word = vectors[sentence].astype(float)
            lengths = [np.linalg.norm(word) * np.linalg.norm(row) for row in rows]
            return float(np.mean([word @ row / n for row, n in zip(rows, lengths, strict=True)]))

        return near("attr1") - near("attr2")

    s_x, s_y = ([s(one) for one in FILE[side]["examples"]] for side in ("targ1", "targ2"))
    every = [*s_x, *s_y]
    effect = (np.mean(s_x) - np.mean(s_y)) / np.std(every, ddof=1)
    assert result.effect_size == pytest.approx(effect, abs=1e-6)
    assert result.effect_size is not None
    assert result.effect_size > 0.5
    sums = [sum(every[i] for i in chosen) for chosen in combinations(range(8), 4)]
    reached = sum(total >= sum(s_x) - 1e-9 for total in sums) / len(sums)
    assert (result.p_value, result.is_exact, result.permutations) == (
        pytest.approx(reached), True, 70,
    )  # fmt: skip
