"""Answers that say what their passage does not."""

import re
from collections.abc import Sequence

import numpy as np

from planting.base import Plant, Planted, Record, pick, sentences

NUMBER = re.compile(r"\d+")
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
OTHER_NAMES = ("Ottilie", "Bartholomew", "Xiomara", "Thorsten", "Ngozi", "Peregrine", "Ludmila")
INVENTED = (
    "The offer ends on the last day of the current quarter.",
    "Customers praised the friendly staff.",
    "A recent survey confirmed this trend across Europe.",
    "The mayor opened the building in person.",
    "Experts expect prices to rise sharply next spring.",
    "The weather had been unusually rainy.",
    "Her grandmother taught her how to do it.",
    "An insurance company paid for the damage.",
    "Scientists are still debating the cause.",
    "The museum stays closed during renovations.",
)


def groundedness(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted | None:
    record = records[row]
    parts = sentences(record.response)
    place = int(rng.integers(len(parts)))
    how = pick(rng, ["another number", "another name", "an invented sentence", "another passage"])
    if how == "another number":
        numbers = list(NUMBER.finditer(record.response))
        if not numbers:
            return None
        match = numbers[int(rng.integers(len(numbers)))]
        value = str(int(match.group()) + int(rng.integers(3, 90)))
        if value in record.passage:
            return None
        text = record.response[: match.start()] + value + record.response[match.end() :]
        return Planted(record._replace(response=text), how)
    if how == "another name":
        names = list(NAME.finditer(record.response))
        if not names:
            return None
        match = names[int(rng.integers(len(names)))]
        text = (
            record.response[: match.start()]
            + pick(rng, OTHER_NAMES)
            + record.response[match.end() :]
        )
        return Planted(record._replace(response=text), how)
    if how == "an invented sentence":
        parts.insert(place, pick(rng, INVENTED))
        return Planted(record._replace(response=" ".join(parts)), how)
    other = records[int(rng.integers(len(records)))]
    if other.passage == record.passage:
        return None
    return Planted(record._replace(response=other.response), how)


PLANTERS: dict[str, Plant] = {"groundedness": groundedness}
