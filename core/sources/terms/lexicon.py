"""What extraction knows of a language: function words, signals of nouns and verbs. Read from YAML.

A text in another language gets a lexicon of what the text itself shows: its most frequent words.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

FOLDER = Path(__file__).resolve().parents[3] / "data" / "lexicon"
LANGUAGES: Final = ("en", "de", "fr", "es")
LEAST_SHARE = 0.2  # of a text's words are function words of its language; else it is another
UNKNOWN_FUNCTION_SHARE = 0.008  # a word this frequent in an unknown language carries no meaning
SHORT_CHARS = 2
MIN_SAMPLE_WORDS = 200
WORD_FIELDS: Final = ("function", "weak", "nominal", "verbal", "verbs", "articles", "links")


class _File(BaseModel):
    """One language's file."""

    model_config = ConfigDict(extra="forbid")

    language: str
    nouns_are_capitalised: bool = False
    head_is_first: bool = Field(False, description="The noun stands before what describes it.")
    function: frozenset[str]
    weak: frozenset[str] = frozenset()
    nominal: frozenset[str] = frozenset()
    verbal: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()
    articles: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()

    @field_validator(*WORD_FIELDS, mode="before")
    @classmethod
    def _words(cls, text: object) -> object:
        return frozenset(text.split()) if isinstance(text, str) else text


@dataclass(frozen=True)
class Lexicon:
    """A language for `terms` and `relations`; all words are in lower case."""

    language: str  # en, de … or "" for another
    function: frozenset[str]  # never at a term's edge
    weak: frozenset[str] = frozenset()  # no term alone, nor a term's head
    nominal: frozenset[str] = frozenset()  # stand before nouns
    verbal: frozenset[str] = frozenset()  # stand before verbs
    verbs: frozenset[str] = frozenset()  # frequent verbs, in forms that link two nouns
    articles: frozenset[str] = frozenset()  # no part of a predicate's end
    links: frozenset[str] = frozenset()  # may stand inside a term
    nouns_are_capitalised: bool = False
    head_is_first: bool = False


@cache
def lexicon(language: str, folder: Path = FOLDER) -> Lexicon:
    """The lexicon of one of LANGUAGES."""
    text = (folder / f"{language}.yaml").read_text(encoding="utf-8")
    values = _File.model_validate(yaml.safe_load(text)).model_dump()
    return Lexicon(**{**values, "language": language})


def lexicon_for(words: Iterable[str]) -> Lexicon:
    """The lexicon of the language that these lower-case words are written in.

    Where none of LANGUAGES explains enough of them, what is most frequent counts as function words.
    """
    counts = Counter(words)
    total = sum(counts.values())
    best, best_share = None, 0.0
    for language in LANGUAGES:
        known = lexicon(language)
        share = sum(counts[word] for word in known.function if word in counts) / max(total, 1)
        if share > best_share:
            best, best_share = known, share
    if best is not None and best_share >= LEAST_SHARE:
        return best
    is_long = total >= MIN_SAMPLE_WORDS
    frequent = (
        word
        for word, count in counts.items()
        if (is_long and count > UNKNOWN_FUNCTION_SHARE * total)
        or (len(word) <= SHORT_CHARS and word.isascii())
    )
    return Lexicon("", frozenset(frequent))
