"""Reading JSON out of a model's answer: strictly first, then from a code fence or from prose."""

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

MAX_STARTS = 20  # places in prose where an object is looked for
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}]', re.DOTALL)
OBJECT_START = re.compile(r'\{\s*"')
LIST_START = re.compile(r'\s*\[\s*[\[{"]')
FENCE = re.compile(r"```[ \t]*(?:json[c5]?)?[ \t]*\r?\n(.*?)```", re.DOTALL | re.IGNORECASE)


def parse_json(text: str) -> Any:
    """The JSON value of an answer: the whole text, else the first fenced block that is JSON, else
    the first complete object in the prose. Part of an object that was cut off is no answer.

    Raises ValueError where there is none, and for JSON that has no one meaning or no place in a
    database: a key twice in one object, NaN or an infinity, a NUL or half a surrogate pair in a
    string, nesting beyond about a thousand levels.
    """
    try:
        return _strict(text)
    except ValueError as error:
        first = error
    for candidate in _candidates(text):
        try:
            return _strict(candidate)
        except ValueError:
            continue
    raise ValueError(f"the answer is not JSON: {first}") from first


def _strict(text: str) -> Any:
    value = orjson.loads(text)  # refuses NaN, infinities, half surrogates and deep nesting
    try:  # orjson keeps the last of two equal keys without a word
        json.loads(text, object_pairs_hook=_unique)
        has_nul = "\\u0000" in text and any("\0" in string for string in _strings(value))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if has_nul:
        raise ValueError("a text in it contains a NUL character")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} appears twice")
    return found


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _candidates(text: str) -> Iterator[str]:
    for match in FENCE.finditer(text):
        yield match.group(1)
    if LIST_START.match(text):
        return
    position = 0
    for _ in range(MAX_STARTS):
        start = text.find("{", position)
        if start < 0:
            return
        end = _end_of_object(text, start)
        if end:
            yield text[start:end]
        elif OBJECT_START.match(text, start):
            return
        position = end or start + 1


def _end_of_object(text: str, start: int) -> int:
    """The position after the brace that closes the one at `start`; 0 when none does."""
    depth = 0
    for token in TOKEN.finditer(text, start):
        mark = token.group()
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth == 0:
                return token.end()
    return 0
