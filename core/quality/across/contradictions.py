"""How likely two answers to one question contradict each other, read from their words alone.

Sentences that speak of the same thing are laid side by side; there a number, a name or a yes and no
that differs is a contradiction. What only one of them says is none. Nothing is known of the world:
two wrong answers that agree pass, and so does a contradiction in other words.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Kind = Literal["answer", "number", "name", "negation"]

SENTENCE_END: Final = re.compile(r"(?<=[.!?。！？])\s+|\n+")
WORD: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
FINAL: Final = re.compile(
    r"(?:####\s*|\b(?:answer|result|total)\s*(?:is|:|=)\s*)[$€£]?\s*(-?\d+(?:[.,]\d+)*)",
    re.IGNORECASE,
)
YES: Final = frozenset(["yes", "yeah", "true", "correct", "ja", "oui", "sí", "si", "sim", "так"])
NO: Final = frozenset(["no", "nope", "false", "incorrect", "nein", "non", "não", "ні"])
NEGATIONS: Final = frozenset((
    "not", "no", "never", "cannot", "can't", "don't", "doesn't", "didn't", "isn't", "aren't",
    "wasn't", "weren't", "won't", "wouldn't", "shouldn't", "couldn't", "hasn't", "haven't",
    "without", "nicht", "kein", "keine", "nie", "pas", "jamais", "nunca", "nessun",
))  # fmt: skip
STOPWORDS: Final = frozenset((
    "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "and", "or", "is", "are",
    "was", "were", "be", "been", "has", "have", "had", "it", "its", "this", "that", "with",
    "as", "from", "he", "she", "they", "we", "you", "i", "his", "her", "their", "our", "your",
    "so", "then", "each", "per", "will", "would", "do", "does", "der", "die", "das", "und",
    "ist", "ein", "eine", "le", "la", "les", "et", "est", "un", "une", "el", "los", "y", "es",
))  # fmt: skip
MIN_SHARED: Final = 3  # content words that two sentences must share to speak of the same thing
SAME_SUBJECT: Final = 0.5  # share of their content words
LABEL_WORDS: Final = 3  # an answer of at most so many words is taken as a label
AGREED: Final = 0.45  # what another number counts where both final answers are the same


class Contradiction(NamedTuple):
    """Where two answers part."""

    likelihood: float  # 0 to 1
    kind: Kind
    claim: str  # of the first answer
    other: str  # of the second


class Sentence(NamedTuple):
    """What one sentence says, as sets."""

    text: str
    content: frozenset[str]  # words that carry meaning, without numbers and names
    numbers: frozenset[str]
    names: frozenset[str]
    is_negated: bool


def contradiction(first: str, second: str) -> Contradiction | None:
    """The likeliest contradiction between two answers to one question; None where there is none."""
    if plain(first) == plain(second):
        return None
    finals = _final(first), _final(second)
    if None not in finals and finals[0] != finals[1]:
        return Contradiction(0.95, "answer", str(finals[0]), str(finals[1]))
    found = [*_polarity(first, second), *_labels(first, second)]
    if not found:
        found = list(_details(sentences(first), sentences(second)))
        if None not in finals:
            found = [_on_the_way(c) for c in found]
    return max(found, key=lambda c: c.likelihood, default=None)


def plain(text: str) -> str:
    """The words alone, in small letters."""
    return " ".join(WORD.findall(text.casefold()))


def facts(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The numbers and the names in a text."""
    read = sentences(text)
    numbers = frozenset().union(*(s.numbers for s in read)) if read else frozenset[str]()
    return numbers, frozenset().union(*(s.names for s in read)) if read else frozenset[str]()


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text that hold a word."""
    return tuple(
        _sentence(part) for part in SENTENCE_END.split(text) if WORD.search(part) is not None
    )


def _sentence(text: str) -> Sentence:
    words = WORD.findall(text)
    numbers = frozenset(_number(word) for word in words if word[0].isdigit())
    names = frozenset(
        word.casefold() for i, word in enumerate(words) if i and word[0].isupper() and len(word) > 1
    )
    small = {word.casefold() for word in words if not word[0].isdigit()}
    content = frozenset(small - names - STOPWORDS - NEGATIONS)
    return Sentence(text.strip(), content, numbers, names, bool(small & NEGATIONS))


def _number(word: str) -> str:
    """1,000 and 1000 are one number, as are 2.0 and 2."""
    digits = re.sub(r",(?=\d{3}(?:\D|$))", "", word).replace(",", ".")
    return digits.rstrip("0").rstrip(".") if digits.count(".") == 1 else digits


def _final(text: str) -> str | None:
    """The number that a text states as its final answer."""
    found = FINAL.findall(text)
    return _number(found[-1]) if found else None


def _polarity(first: str, second: str) -> list[Contradiction]:
    openings = [plain(text).partition(" ")[0] for text in (first, second)]
    is_split = any(openings[i] in YES and openings[1 - i] in NO for i in (0, 1))
    return [Contradiction(0.9, "answer", *openings)] if is_split else []


def _labels(first: str, second: str) -> list[Contradiction]:
    words = [re.findall(r"[^\W_]+", text.casefold()) for text in (first, second)]
    if all(1 <= len(some) <= LABEL_WORDS for some in words) and not set(words[0]) & set(words[1]):
        return [Contradiction(0.7, "answer", first.strip(), second.strip())]
    labels = [first.strip(), second.strip()]
    if all("_" in label and " " not in label for label in labels) and labels[0] != labels[1]:
        return [Contradiction(0.7, "answer", *labels)]
    return []


def _details(first: Sequence[Sentence], second: Sequence[Sentence]) -> list[Contradiction]:
    numbers = [frozenset(n for s in part for n in s.numbers) for part in (first, second)]
    words = [frozenset(w for s in part for w in s.content | s.names) for part in (first, second)]
    found = []
    for sentence in first:
        other = max(second, key=lambda s: _overlap(sentence, s), default=None)
        if other is None or len(sentence.content & other.content) < MIN_SHARED:
            continue
        overlap = _overlap(sentence, other)
        if overlap < SAME_SUBJECT:
            continue
        if _differ(sentence.numbers, other.numbers, numbers):
            found.append(Contradiction(overlap, "number", sentence.text, other.text))
        if _differ(sentence.names, other.names, words):
            found.append(Contradiction(0.9 * overlap, "name", sentence.text, other.text))
        if sentence.is_negated != other.is_negated:
            found.append(Contradiction(0.8 * overlap, "negation", sentence.text, other.text))
    return found


def _on_the_way(found: Contradiction) -> Contradiction:
    """Two ways to one result pass through other numbers."""
    if found.kind != "number":
        return found
    return found._replace(likelihood=found.likelihood * AGREED)


def _differ(first: frozenset[str], second: frozenset[str], whole: Sequence[frozenset[str]]) -> bool:
    """Whether each holds one that the whole other answer lacks."""
    return bool(first - whole[1]) and bool(second - whole[0])


def _overlap(first: Sentence, second: Sentence) -> float:
    common = len(first.content & second.content)
    return common / (len(first.content | second.content) or 1)
