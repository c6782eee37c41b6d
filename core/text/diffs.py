"""The difference between two texts, word by word, for a person to read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

# A word keeps the space behind it: spaces as tokens of their own would match everywhere, which
# reads badly and makes the matcher quadratic.
WORDS = re.compile(r"\S+\s*|\s+")
LINES = re.compile(r"[^\n]*\n|[^\n]+")
MAX_WORDS = 4_000  # of both texts together; longer ones are compared line by line


@dataclass(frozen=True)
class DiffPart:
    """A run of text that both have, or that only one of them has."""

    kind: Literal["same", "added", "removed"]
    text: str


def word_diff(before: str, after: str) -> list[DiffPart]:
    """Parts in reading order: without "added" they spell `before`, without "removed" `after`.

    Two empty texts give no parts.
    """
    old, new = WORDS.findall(before), WORDS.findall(after)
    if len(old) + len(new) > MAX_WORDS:
        old, new = LINES.findall(before), LINES.findall(after)
    merged = groupby(_parts(old, new), key=lambda part: part.kind)
    return [DiffPart(kind, "".join(part.text for part in parts)) for kind, parts in merged]


def _parts(old: list[str], new: list[str]) -> Iterator[DiffPart]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield DiffPart("same", "".join(old[i1:i2]))
            continue
        if i2 > i1 and j2 > j1 and old[i1].rstrip() == new[j1].rstrip():
            # The same word before other white space: the word is no difference.
            word = old[i1].rstrip()
            yield DiffPart("same", word)
            before = [old[i1][len(word) :], *old[i1 + 1 : i2]]
            after = [new[j1][len(word) :], *new[j1 + 1 : j2]]
        else:
            before, after = old[i1:i2], new[j1:j2]
        if any(before):
            yield DiffPart("removed", "".join(before))
        if any(after):
            yield DiffPart("added", "".join(after))
