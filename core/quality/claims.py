"""The claims of a text, and which of them another text covers.

A claim is a sentence. It is covered when the ground has its numbers, its names and most of its
other words, in any order and inflection. That sees invented figures, people and facts; it does not
see a claim that turns the same words around, and takes a free paraphrase for an invention.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from core.sources.terms.lexicon import LANGUAGES, lexicon

COVERED_WORDS = 0.5  # least share of a claim's words that the ground must have
FEWEST_WORDS = 3  # a sentence with fewer, without numbers and names, claims nothing
STEM_SHARE, SHORTEST_STEM = 0.7, 4  # two words that begin so much alike are inflections of one

SENTENCE: Final = re.compile(
    r"[^.!?。！？\n]+(?:\.(?=\d)[^.!?。！？\n]*|[.!?](?=\w)[^.!?。！？\n]*)*[.!?。！？]*"
)
WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
NUMBER: Final = re.compile(r"(?<![\w.])\d+(?:[.,'\u00a0\u202f ]\d{3})*(?:[.,]\d+)?|\d+")
WORD_INSIDE: Final = re.compile(r"(?<=[^\W\d_] )[^\W\d_]{4,}|(?<=, )[^\W\d_]{4,}")
MANY_CAPITALS = 0.3  # of such words: nouns are written so, and a capital shows no name
LIST_MARK: Final = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
BARE_MARK: Final = re.compile(r"\(?(?:\d{1,2}|[a-zA-Z])[.)]?")
UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
SPEAKING: Final = re.compile(
    r"\b(?:thank you|thanks|i hope|hope (?:this|that)|let me know|feel free|happy to help|glad to"
    r"|sorry to|i understand|great question|good question|please (?:contact|let|do not hesitate)"
    r"|gern geschehen|ich hoffe|vielen dank|espero que|j'espère|merci)\b",
    re.IGNORECASE,
)
SPELT: Final = {
    word: str(number)
    for words in (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty",
        "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
        "fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig",
        "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze "
        "seize",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince",
    )
    for number, word in enumerate(words.split())
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
     "ninety": "90", "hundred": "100", "thousand": "1000", "million": "1000000", "half": "0.5",
     "dozen": "12", "twice": "2", "double": "2", "once": "1", "triple": "3",
     "dreißig": "30", "vierzig": "40", "fünfzig": "50", "hundert": "100", "tausend": "1000",
     "trente": "30", "cent": "100", "mille": "1000", "treinta": "30", "cien": "100",
     "mil": "1000"}  # fmt: skip


# Words that report what a source says, and are not to be found in it.
_REPORTING = """
according text passage article document source section paragraph excerpt chunk states stated
mentions mentioned describes described explains explained says said reports following based
provided given context information answer question holds laut text abschnitt dokument artikel steht
selon texte passage document según texto pasaje documento
"""
REPORTING: Final = frozenset(_REPORTING.split())


class Uncovered(NamedTuple):
    """A claim that the ground does not have."""

    start: int
    end: int
    missing: list[str]  # numbers, names or words that are not there


class Ground:
    """The texts that claims are looked for in: the chunk, and what was asked about it."""

    def __init__(self, chunk: str, others: Iterable[str] = ()) -> None:
        text = "\n".join((chunk, *others))
        lowered = text.casefold()
        self._text = lowered
        self.numbers = {_canonical(match.group()) for match in NUMBER.finditer(text)}
        words = {match.group().casefold() for match in WORD.finditer(text)}
        words |= {part for word in words for part in re.split(r"['’-]", word)}
        self.numbers |= {SPELT[word] for word in words if word in SPELT}
        self.capitalises = _capitalised_share(chunk) > MANY_CAPITALS
        self._starts = {word[:size] for word in words for size in range(2, len(word) + 1)}

    def has_number(self, number: str) -> bool:
        """Whether it has this number, in figures or in words."""
        return number in self.numbers

    def has_word(self, word: str) -> bool:
        """Whether it has this word in some inflection."""
        if UNSPACED.search(word):
            return word in self._text
        size = max(min(SHORTEST_STEM, len(word)), round(STEM_SHARE * len(word)))
        return word[:size] in self._starts


def _capitalised_share(text: str) -> float:
    """Share of the longer words inside sentences that begin with a capital."""
    inside = WORD_INSIDE.findall(text)
    return sum(word[0].isupper() for word in inside) / len(inside) if inside else 0.0


def uncovered(text: str, ground: Ground) -> tuple[int, list[Uncovered]]:
    """The number of claims in the text, and those that the ground does not cover."""
    count, missing = 0, []
    for start, end in _sentences(text):
        sentence = text[start:end]
        numbers, names, words = _contents(sentence, ground.capitalises)
        is_claim = numbers or names or len(words) >= FEWEST_WORDS
        if not is_claim or (SPEAKING.search(sentence) and not numbers):
            continue
        count += 1
        lacking = [n for n in numbers if not ground.has_number(_canonical(n))]
        lacking += [n for n in names if not ground.has_word(n.casefold())]
        strange = [word for word in words if not ground.has_word(word)]
        if not lacking and words and len(strange) > (1 - COVERED_WORDS) * len(words):
            lacking = strange
        if lacking:
            missing.append(Uncovered(start, end, list(dict.fromkeys(lacking))[:8]))
    return count, missing


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    for match in SENTENCE.finditer(text):
        mark = LIST_MARK.match(match.group())
        start = match.start() + (mark.end() if mark else 0)
        start += len(text[start : match.end()]) - len(text[start : match.end()].lstrip())
        piece = text[start : match.end()].strip()
        if piece and not BARE_MARK.fullmatch(piece):
            yield start, match.end()


def _contents(sentence: str, nouns_are_capitalised: bool) -> tuple[list[str], list[str], list[str]]:
    """Numbers in figures, names, and the other words that carry meaning, in lower case."""
    numbers = [match.group() for match in NUMBER.finditer(sentence)]
    names, words = [], []
    for match in WORD.finditer(sentence):
        word = match.group()
        lowered = word.casefold()
        if UNSPACED.search(word):
            words += [word[i : i + 2] for i in range(0, len(word) - 1, 2)]
        elif lowered in _function_words() or lowered in REPORTING or len(word) < 3:
            continue
        elif word[0].isupper() and match.start() > 0 and not nouns_are_capitalised:
            names.append(re.sub(r"['’]s$", "", word))
        else:
            words.append(lowered)
    return numbers, names, words


def _canonical(number: str) -> str:
    """A number without marks between thousands and with a point for decimals: 1,500.0 is 1500."""
    plain = re.sub(r"[\u00a0\u202f ']", "", number)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", plain):
        plain = re.sub(r"[.,]", "", plain)
    elif re.fullmatch(r"\d{1,3}(?:,\d{3})+\.\d+", plain):
        plain = plain.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+", plain):
        plain = plain.replace(".", "").replace(",", ".")
    else:
        plain = plain.replace(",", ".")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain.lstrip("0") or "0"


@lru_cache(maxsize=1)
def _function_words() -> frozenset[str]:
    return frozenset().union(*(lexicon(code).function for code in LANGUAGES))
