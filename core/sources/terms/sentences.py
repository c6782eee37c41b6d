"""A text as sentences of words with their places. Pure; every language, one pass."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_SENTENCE_WORDS = 200  # a longer run without an end is cut: tables, lists, damaged text
# Scripts without spaces between words: each letter is a word.
SPACELESS: Final = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
TOKEN: Final = re.compile(
    r"(?P<link>\b(?:https?://|www\.)[^\s<>\"')\]]{1,500}|[\w.+-]{1,64}@[\w.-]{1,100})"
    rf"|(?P<letter>[{SPACELESS}])"
    r"|(?P<odd>\w*[\d_]\w*(?:[.,:/-]\w+)*)"
    rf"|(?P<word>[^\W\d_{SPACELESS}]+(?:(?:-|['’](?!s\b))[^\W\d_{SPACELESS}]+)*)"
    r"|(?P<end>[.!?…。！？]|\n[ \t]*\n|\n(?=[ \t]*(?:[#*>|+-]|\d+[.)]))|(?<=\n)#)"
    r"|(?P<mark>[^\s\w])"
)
SPACELESS_LETTER: Final = re.compile(rf"[{SPACELESS}]")


class Token(NamedTuple):
    """One word; a mark or number between words has an empty `lower`."""

    text: str
    lower: str
    start: int
    end: int


def sentences(text: str) -> Iterator[list[Token]]:
    """The sentences of a text, each a list of words and of the marks that part them."""
    found: list[Token] = []
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "end" or len(found) >= MAX_SENTENCE_WORDS:
            if found:
                yield found
            found = []
        if kind != "end":
            word = match[0]
            is_word = kind in ("word", "letter")
            start, end = match.span()
            found.append(Token(word, word.lower() if is_word else "", start, end))
    if found:
        yield found


def joined(words: list[str]) -> str:
    """Words as they are written: with spaces, or without where their script has none."""
    separator = "" if len(words[0]) == 1 and SPACELESS_LETTER.match(words[0]) else " "
    return separator.join(words)
