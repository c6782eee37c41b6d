"""Words and phrases that insult, threaten or degrade, with their severity. Read from YAML.

Owns the lists in `data/lexicon/toxicity` and how a project's own words join them. A list says
nothing about irony, or about hatred in polite words: that takes a judge.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import InvalidInput

FOLDER: Final = Path(__file__).resolve().parents[2] / "data" / "lexicon" / "toxicity"
EVERYWHERE: Final = ""  # language of a list that holds in every text
UNSPACED: Final = frozenset(("zh", "ja"))
LONGEST_WORD_CHARS = 40  # of a word that is looked up; longer ones are no words
FEWEST_STEM_CHARS = 3  # before a *, so that no entry stands for half of a language

# How people hide a word from a list.
DISGUISES: Final = str.maketrans("@$013457!|", "asoieast" + "il")
TOKEN: Final = re.compile(r"[^\W_](?:[\w'’*@$!|-]*[\w*])?|[@$][\w*@$!]+")
STARRED: Final = re.compile(r"^[^\W\d_]+[*]+[^\W\d_]*$")
LENGTHENED: Final = re.compile(r"([^\W\d_])\1{2,}")


class ToxicList(BaseModel):
    """One list as it is written: words and phrases by severity, 0 to 1."""

    model_config = ConfigDict(extra="forbid")

    language: str = Field(EVERYWHERE, description="ISO 639-1 code; empty for every language.")
    words: dict[float, list[str]] = Field(
        default_factory=dict, description="Single words by severity; a final * takes any ending."
    )
    phrases: dict[float, list[str]] = Field(
        default_factory=dict, description="Several words in a row, by severity; {a|b} is either."
    )
    innocent: list[str] = Field(
        default_factory=list, description="Words of other lists that are harmless here."
    )

    @field_validator("words", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {k: v.split() if isinstance(v, str) else v for k, v in value.items()}

    @field_validator("innocent", mode="before")
    @classmethod
    def _split_text(cls, value: object) -> object:
        return value.split() if isinstance(value, str) else value

    @field_validator("words", "phrases")
    @classmethod
    def _bounded(cls, value: dict[float, list[str]]) -> dict[float, list[str]]:
        if any(not 0 < severity <= 1 for severity in value):
            raise ValueError("a severity is above 0 and at most 1")
        for entry in (entry for entries in value.values() for entry in entries):
            if len(entry.rstrip("*").strip()) < (FEWEST_STEM_CHARS if "*" in entry else 1):
                raise ValueError(f"{entry!r} is too short")
        return value


class Hit(NamedTuple):
    """A toxic word or phrase in a text."""

    start: int
    end: int
    severity: float


@dataclass
class _Words:
    """The words and phrases of one language, ready to be looked up."""

    whole: dict[str, float] = field(default_factory=dict)
    stems: dict[str, float] = field(default_factory=dict)
    # By their first word: the words of the phrase, its severity.
    phrases: dict[str, list[tuple[tuple[str, ...], float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    unspaced: dict[str, float] = field(default_factory=dict)
    innocent: set[str] = field(default_factory=set)

    def add(self, listed: ToxicList) -> None:
        self.innocent |= {word.casefold() for word in listed.innocent}
        for severity, words in listed.words.items():
            for word in words:
                target = self.stems if word.endswith("*") else self.whole
                target[word.rstrip("*").casefold()] = severity
        for severity, phrases in listed.phrases.items():
            for phrase in itertools.chain.from_iterable(map(alternatives, phrases)):
                if listed.language in UNSPACED:
                    self.unspaced[phrase] = severity
                    continue
                words_of = tuple(tokens_of(phrase))
                self.phrases[words_of[0]].append((words_of, severity))

    @cached_property
    def stem_sizes(self) -> list[int]:
        return sorted({len(stem) for stem in self.stems})


class ToxicWords:
    """The lists of all languages, with a project's own words over them."""

    def __init__(self, own: Iterable[ToxicList] = ()) -> None:
        self._by_language: dict[str, _Words] = {}
        for listed in (*brought_lists(), *own):
            self._by_language.setdefault(listed.language, _Words()).add(listed)

    def hits(self, text: str, languages: Iterable[str]) -> list[Hit]:
        """What the lists of these languages, English's and the project's know, by place.

        Without languages every list is asked: the text's own is not known.
        """
        asked = list(languages) or list(self._by_language)
        lists = [
            words
            for code in dict.fromkeys((*asked, "en", EVERYWHERE))
            if (words := self._by_language.get(code)) is not None
        ]
        innocent = set().union(*(words.innocent for words in lists if words.innocent))
        own = self._by_language.get(EVERYWHERE)
        found = list(_unspaced_hits(text, lists))
        spans = [(m.start(), m.end(), m.group()) for m in TOKEN.finditer(text)]
        is_long = LENGTHENED.search(text) is not None
        tokens = [_plain(word, is_long) for *_, word in spans]
        for place, token in enumerate(tokens):
            is_innocent = token in innocent and not (own and token in own.whole)
            severity = 0.0 if is_innocent else max((_of_word(token, w) for w in lists), default=0.0)
            length = 1
            for words in lists:
                for phrase, grade in words.phrases.get(token, ()):
                    if grade > severity and tuple(tokens[place : place + len(phrase)]) == phrase:
                        severity, length = grade, len(phrase)
            if severity:
                found.append(Hit(spans[place][0], spans[place + length - 1][1], severity))
        return sorted(found)


def alternatives(phrase: str) -> list[str]:
    """Every phrase that one with alternatives stands for: "{you|he} {lied|left}" is four."""
    parts = [part.split("|") for part in re.split(r"[{}]", phrase)]
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def _unspaced_hits(text: str, lists: Iterable[_Words]) -> Iterator[Hit]:
    if text.isascii():
        return
    for words in lists:
        for phrase, severity in words.unspaced.items():
            for match in re.finditer(re.escape(phrase), text):
                yield Hit(match.start(), match.end(), severity)


def tokens_of(text: str) -> list[str]:
    """The words of a text as the lists know them."""
    return [_plain(match.group()) for match in TOKEN.finditer(text)]


def _plain(word: str, may_be_lengthened: bool = True) -> str:
    word = word[:LONGEST_WORD_CHARS].casefold().replace("’", "'")
    if word.isalpha():
        return LENGTHENED.sub(r"\1", word) if may_be_lengthened and len(word) > 3 else word
    has_letter = any(sign.isalpha() for sign in word)
    if has_letter and not word[0].isdigit() and not STARRED.match(word):
        word = word.translate(DISGUISES)
    return word


def _of_word(token: str, words: _Words) -> float:
    """The severity of one word, 0 where the list does not know it."""
    severity = words.whole.get(token)
    if severity is not None:
        return severity
    for size in words.stem_sizes:
        if size > len(token):
            break
        severity = words.stems.get(token[:size])
        if severity is not None:
            return severity
    return _of_starred(token, words) if "*" in token else 0.0


def _of_starred(token: str, words: _Words) -> float:
    """The severity of a word with stars for letters, such as sh*t."""
    if not STARRED.match(token):
        return 0.0
    whole = [grade for word, grade in words.whole.items() if _fits(token, word)]
    stems = [grade for word, grade in words.stems.items() if _fits(token[: len(word)], word)]
    return max((*whole, *stems), default=0.0)


def _fits(token: str, word: str) -> bool:
    """Whether the two are equal but for the stars."""
    return len(token) == len(word) and all(a in (b, "*") for a, b in zip(token, word, strict=True))


def read_toxic_list(path: Path) -> ToxicList:
    """A list from a YAML file. Raises InvalidInput naming the file and the problem."""
    try:
        return ToxicList.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise InvalidInput(f"{path.name} is no list of toxic words: {error}") from error


@cache
def brought_lists() -> tuple[ToxicList, ...]:
    """The lists that Seedbed brings, by file name."""
    return tuple(read_toxic_list(path) for path in sorted(FOLDER.glob("*.yaml")))


def own_list(content: Mapping[str, Any]) -> ToxicList:
    """A project's own list as it is stored. Raises InvalidInput."""
    try:
        return ToxicList.model_validate(content)
    except ValidationError as error:
        raise InvalidInput(f"The list of toxic words does not fit: {error}") from error
