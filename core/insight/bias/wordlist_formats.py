"""Association tests as others publish them, read into Seedbed's form.

Knows three: the JSON of the sentence tests (targ1, targ2, attr1, attr2, each with a category and
examples), the four lines of words that papers print, and Seedbed's own YAML or JSON. It opens no
files and stores nothing.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import yaml

from core.errors import InvalidInput
from core.insight.bias.wordlists import WordList, checked_list

MAX_TEXT_CHARS: Final = 1_000_000
SIDES: Final = ("targ1", "targ2", "attr1", "attr2")
_LINE = re.compile(r"^\s*(?:[-*•]\s*)?(?P<name>[^:]{1,100}):\s*(?P<words>\S.*)$")
REMEDY: Final = (
    "Give JSON with targ1, targ2, attr1 and attr2 (category, examples), four lines "
    "`name: word, word`, or Seedbed's YAML."
)


def read_published(text: str, name: str = "", *, source: str = "") -> WordList:
    """The list that a text holds, whatever its format; `name` is a file's or the wanted slug.

    Words come first of the two targets, then of the two attributes. Raises InvalidInput.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidInput("The word list is too long.", remedy="Import one test at a time.")
    called = name or "the list"
    data = _parsed(text)
    if isinstance(data, Mapping) and "targets" in data and "attributes" in data:
        return checked_list(dict(data), called)
    sides = _json_sides(data) if isinstance(data, Mapping) else _line_sides(text)
    if sides is None:
        raise InvalidInput(f"{called!r} has no word list that can be read.", remedy=REMEDY)
    return checked_list(_content(sides, name, source), called)


def published_text(word_list: WordList) -> str:
    """The list as the JSON of the sentence tests, which other tools read."""
    sides = {
        side: {"category": one.name, "examples": list(one.words)}
        for side, one in zip(SIDES, word_list.sets(), strict=True)
    }
    return json.dumps(sides, indent=2, ensure_ascii=False) + "\n"


def slug_of(name: str) -> str:
    """A list's slug from a title or a file's name: "WEAT 6, names.jsonl" becomes weat-6-names."""
    stem = re.sub(r"\.(jsonl?|ya?ml|txt)$", "", name.strip(), flags=re.I)
    ascii_only = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:100]


def _parsed(text: str) -> Any:
    """What JSON or YAML makes of it; None where it is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        return None


def _json_sides(data: Mapping[Any, Any]) -> list[tuple[str, list[str]]] | None:
    if set(SIDES) <= set(data):
        return [_side(data[side], side) for side in SIDES]
    if len(data) == len(SIDES) and all(isinstance(words, list) for words in data.values()):
        return [_side({"category": name, "examples": words}, name) for name, words in data.items()]
    if len(data) == len(SIDES) and all(isinstance(words, str) for words in data.values()):
        return [(str(name), _split(words)) for name, words in data.items()]
    return None


def _side(side: Any, called: object) -> tuple[str, list[str]]:
    words = side.get("examples") if isinstance(side, Mapping) else None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InvalidInput(f"{called!r} holds no list of words in `examples`.", remedy=REMEDY)
    return str(side.get("category") or called), _once(words)


def _line_sides(text: str) -> list[tuple[str, list[str]]] | None:
    """Lines `name: word, word`; a line without a name goes on with the words of the one before."""
    sides: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        found = _LINE.match(line)
        if found:
            sides.append((found["name"].strip(), _split(found["words"])))
        elif line.strip() and sides:
            sides[-1][1].extend(_split(line))
    return sides if len(sides) == len(SIDES) else None


def _split(words: str) -> list[str]:
    """Words at commas, without the full stop that ends the line."""
    return _once([word.strip() for word in words.strip().rstrip(".").split(",")])


def _once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in words if word.strip()))


def _content(sides: list[tuple[str, list[str]]], name: str, source: str) -> dict[str, Any]:
    x, y, a, b = ({"name": _readable(side), "words": words} for side, words in sides)
    title = f"{x['name']} and {y['name']}, {a['name']} and {b['name']}"
    return {
        "name": slug_of(name) or slug_of(title), "title": title[:200], "source": source,
        "targets": {"x": x, "y": y}, "attributes": {"a": a, "b": b},
    }  # fmt: skip


def _readable(category: str) -> str:
    """A category's name for a legend: MaleTerms becomes male terms."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", category.replace("_", " "))
    words = [word if word.isupper() else word.lower() for word in spaced.split()]
    return " ".join(words)[:100]
