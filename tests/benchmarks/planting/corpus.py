"""Clean records: from files of real data, or invented where there are none."""

import csv
import json
from pathlib import Path

import numpy as np

from planting.base import Record, pick, sentences

NAMES = ("Mara", "Jonas", "Priya", "Elif", "Tomás", "Ingrid", "Kwame", "Sophie", "Mateo", "Hanna")
THINGS = (
    "apples",
    "tickets",
    "notebooks",
    "plants",
    "chairs",
    "candles",
    "maps",
    "bottles",
    "lamps",
)
PLACES = ("market", "library", "harbour", "school", "garden", "museum", "station", "bakery")
DEEDS = ("bought", "sold", "counted", "packed", "found", "painted", "carried", "repaired")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHORTEST_CHARS = 20  # the default bound: what is shorter is no clean record
LEADS = ("", "", "", "According to the text, ", "The passage says this: ", "It says that ")


def gsm8k(folder: Path) -> list[Record]:
    """Word problems with worked answers."""
    with (folder / "gsm8k_train.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Record(row["question"], row["answer"].replace("#### ", "Answer: ")) for row in rows]


def banking77(folder: Path) -> list[Record]:
    """Bank customers' messages, as answers to the intent they were written for."""
    with (folder / "banking77_train.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [
        Record(
            f"Write as a customer of a bank would about: {_words(row['category'])}.", row["text"]
        )
        for row in rows
        if len(row["text"]) >= SHORTEST_CHARS
    ]


def _words(label: str) -> str:
    return label.replace("_", " ").strip("? ")


def invented(n: int, rng: np.random.Generator) -> list[Record]:
    """n little stories and a question about each, where no real data is at hand."""
    return [_story(rng) for _ in range(n)]


def _story(rng: np.random.Generator) -> Record:
    who, thing, place = pick(rng, NAMES), pick(rng, THINGS), pick(rng, PLACES)
    a, b = rng.integers(12, 400, 2).tolist()
    first = f"On {pick(rng, DAYS)} {who} {pick(rng, DEEDS)} {a} {thing} near the {place}."
    second = (
        f"A week later {pick(rng, NAMES)} {pick(rng, DEEDS)} {b} more at the {pick(rng, PLACES)}."
    )
    answer = f"There were {a} {thing} first. Then {b} were added, so that makes {a + b} {thing}."
    return Record(f"{first} {second} How many {thing} are there altogether?", answer)


def passages(records: list[Record], rng: np.random.Generator) -> list[Record]:
    """What a passage says, asked and answered in its own words: its sentences, some left out."""
    found = []
    for record in records:
        told = [part for part in sentences(record.input) if not part.endswith("?")]
        if len(told) < 2:
            continue
        count = int(rng.integers(1, min(3, len(told)) + 1))
        chosen = sorted(rng.permutation(len(told))[:count].tolist())
        text = " ".join(told[i] for i in chosen)
        found.append(Record("What does the passage say?", pick(rng, LEADS) + text, " ".join(told)))
    return found
