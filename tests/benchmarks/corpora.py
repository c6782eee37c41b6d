"""Distinct texts by the hundred thousand, with near-duplicates at a known rate.

`written` recombines sentences of a JSON Lines file of questions and answers, with their numbers
drawn anew; `invented` needs no file: words by Zipf's law that follow each other by habit.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]
VOCABULARY = 20_000
HABIT = 0.5  # chance that a word is followed by its favourite
NUMBER = re.compile(r"\d+")
SENTENCE_END = re.compile(r"(?<=[.?!])\s+|\n")


class Corpus(NamedTuple):
    """Texts, and which of them were made from an earlier one by changing a word or two."""

    texts: list[str]
    twins: list[tuple[int, int]]  # original, near-duplicate


def invented(n: int, seed: int = 0, words: int = 60, near: float = 0.02) -> Corpus:
    """n texts of about `words` words, a share `near` of them near-duplicates."""
    rng = np.random.default_rng(seed)
    vocabulary = _words(rng)
    weights = 1 / np.arange(3, VOCABULARY + 3)
    favourites = rng.integers(0, VOCABULARY, VOCABULARY)
    lengths = rng.integers(words // 2, words + words // 2, n)
    tokens = rng.choice(VOCABULARY, int(lengths.sum()), p=weights / weights.sum())
    follows = rng.random(len(tokens)) < HABIT
    tokens[1:] = np.where(follows[1:], favourites[tokens[:-1]], tokens[1:])
    ends = np.cumsum(lengths)
    spelled = vocabulary[tokens]
    texts = [
        " ".join(spelled[end - length : end])
        for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
    ]
    return _with_twins(texts, near, rng)


def written(path: Path, n: int, seed: int = 0, sentences: int = 6, near: float = 0.02) -> Corpus:
    """n texts of about as many sentences of the file's records, in a new order and new numbers."""
    rng = np.random.default_rng(seed)
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    pool = [
        sentence
        for record in records
        for sentence in SENTENCE_END.split(f"{record['question']} {record['answer']}")
        if len(sentence.split()) > 3
    ]
    texts = []
    for _ in range(n):
        chosen = rng.integers(0, len(pool), rng.integers(sentences - 3, sentences + 4))
        values = iter(rng.integers(2, 900, 200).tolist())
        text = " ".join(pool[i] for i in chosen.tolist())
        texts.append(NUMBER.sub(lambda _, values=values: str(next(values, 7)), text))
    return _with_twins(texts, near, rng)


def _words(rng: np.random.Generator) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    lengths = rng.integers(1, 5, VOCABULARY)
    picks = rng.integers(0, len(SYLLABLES), (VOCABULARY, 5))
    made = [
        "".join(SYLLABLES[k] for k in row[:length]) + (str(i % 97) if length == 1 else "")
        for i, (row, length) in enumerate(zip(picks.tolist(), lengths.tolist(), strict=True))
    ]
    return np.array(made, dtype=object)


def _with_twins(texts: list[str], near: float, rng: np.random.Generator) -> Corpus:
    """The last of the texts become copies of first ones with one word in forty changed."""
    count = int(len(texts) * near)
    twins = []
    for k, original in enumerate(rng.choice(len(texts) - count, count, replace=False).tolist()):
        place = len(texts) - count + k
        texts[place] = _changed(texts[original].split(), rng)
        twins.append((original, place))
    return Corpus(texts, twins)


def _changed(words: Sequence[str], rng: np.random.Generator) -> str:
    edited = list(words)
    for at in rng.choice(len(edited), max(1, len(edited) // 40), replace=False).tolist():
        edited[at] = f"{edited[at]}x"
    return " ".join(edited)
