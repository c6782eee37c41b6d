"""Defects of form: broken schema, nothing said, too short or long, an echo, a loop."""

import json
from collections.abc import Sequence

import numpy as np

from planting.base import Plant, Planted, Record, pick, sentences

NOTHING = ("N/A", "n/a.", "...", "—", "None", "null", "-", '"undefined"', "???", "(empty)",
           "`none`",
           "**N/A**", "[]", "{}", "nil", "TEXT", "…")  # fmt: skip
ASIDES = ("", "", "Q: ", "Question: ", "You asked: ", "User: ", "> ", "Input: ", '"')


def schema(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted:
    record = records[row]
    good = json.dumps({"response": record.response})
    broken = {
        "cut off": good[: int(len(good) * 0.7)],
        "other field": json.dumps({"answer": record.response}),
        "other type": json.dumps({"response": [record.response]}),
        "more fields": json.dumps({"response": record.response, "score": 5}),
        "no JSON": record.response,
        "empty object": "{}",
        "null": json.dumps({"response": None}),
    }
    how = pick(rng, list(broken))
    return Planted(record._replace(raw=broken[how]), how)


def empty(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted:
    how = pick(rng, NOTHING)
    return Planted(records[row]._replace(response=how), "nothing")


def length(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted:
    record = records[row]
    if rng.random() < 0.5:
        words = record.response.split()
        text = ""
        while words and len(text) + len(words[0]) + 1 < 20:
            text = f"{text} {words.pop(0)}".strip()
        return Planted(record._replace(response=text or "Yes."), "cut to a few words")
    pool = [records[int(i)].response for i in rng.integers(0, len(records), 20_000 // 20)]
    text, i = record.response, 0
    while len(text) <= 20_500:
        text, i = f"{text}\n{pool[i % len(pool)]}", i + 1
    return Planted(record._replace(response=text), "far too long")


def echo(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted:
    record = records[row]
    text = record.input
    how = pick(rng, ["same", "with an aside", "other case", "a word dropped", "twice"])
    if how == "with an aside":
        aside = pick(rng, ASIDES[2:])
        text = f"{aside}{text}{chr(34) if aside == chr(34) else ''}"
    elif how == "other case":
        text = text.upper() if rng.random() < 0.5 else text.lower()
    elif how == "a word dropped":
        words = text.split()
        words.pop(int(rng.integers(len(words))))
        text = " ".join(words)
    elif how == "twice":
        text = f"{text}\n\n{text}"
    return Planted(record._replace(response=text), how)


def repetition(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted:
    record = records[row]
    parts = sentences(record.response)
    how = pick(rng, ["last sentence", "whole answer", "last words", "paragraph in the middle"])
    times = int(rng.integers(4, 15))
    if how == "last sentence":
        text = " ".join([*parts, *[parts[-1]] * times])
    elif how == "whole answer":
        text = " ".join([record.response] * max(3, times // 2))
    elif how == "last words":
        words = record.response.split()
        tail = " ".join(words[-int(rng.integers(2, 6)) :])
        text = f"{record.response} " + " ".join([tail] * (times + 6))
    else:
        place = int(rng.integers(len(parts)))
        text = " ".join([*parts[: place + 1], *[parts[place]] * times, *parts[place + 1 :]])
    return Planted(record._replace(response=text), how)


PLANTERS: dict[str, Plant] = {
    "schema": schema, "empty": empty, "length": length, "echo": echo, "repetition": repetition,
}  # fmt: skip
