"""The filters that templates may use. Pure: JSON values in, JSON values out, sizes bounded."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from jinja2 import Undefined

MAX_FILTERED_CHARS = 2**20


class TooLong(ValueError):
    """A filter's result would be longer than MAX_FILTERED_CHARS."""

    def __init__(self, name: str) -> None:
        super().__init__(f"| {name} gives more than {MAX_FILTERED_CHARS:,} characters")


def size_of(value: Any) -> int:
    """What handling the value costs: characters of a text, items of a list."""
    return len(value) if isinstance(value, str | list | tuple | dict | range) else 1


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise TypeError(f"a text is needed, not {type(value).__name__}")


def _items(value: Any) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"a list is needed, not {type(value).__name__}")
    return list(value)


def _replace(value: Any, old: Any, new: Any) -> str:
    text, before, after = _text(value), _text(old), _text(new)
    if len(text) + text.count(before) * len(after) > MAX_FILTERED_CHARS:
        raise TooLong("replace")
    return text.replace(before, after)


def _join(value: Any, separator: Any = "") -> str:
    texts = [_text(item) for item in _items(value)]
    between = _text(separator)
    if sum(map(len, texts)) + len(between) * len(texts) > MAX_FILTERED_CHARS:
        raise TooLong("join")
    return between.join(texts)


def _truncate(value: Any, length: int = 255, end: str = "…") -> str:
    text, ending = _text(value), _text(end)
    if len(text) <= length:
        return text
    return text[: max(0, length - len(ending))].rstrip() + ending


def _default(value: Any, fallback: Any = "", boolean: bool = False) -> Any:
    is_missing = isinstance(value, Undefined) or (boolean and not value)
    return fallback if is_missing else value


def _tojson(value: Any) -> str:
    pieces: list[str] = []
    length = 0
    for piece in json.JSONEncoder(ensure_ascii=False, allow_nan=False).iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length > MAX_FILTERED_CHARS:
            raise TooLong("tojson")
    return "".join(pieces)


def _int(value: Any, fallback: int = 0) -> int:
    try:
        return int(float(value)) if not isinstance(value, int) else value
    except (TypeError, ValueError, OverflowError):
        return fallback


def _float(value: Any, fallback: float = 0.0) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return fallback


def _round(value: Any, precision: int = 0) -> float:
    return round(float(value), max(-15, min(15, precision)))


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if not isinstance(value, Mapping):
        raise TypeError(f"a mapping is needed, not {type(value).__name__}")
    return list(value.items())


def _sum(value: Any) -> float:
    return sum(item for item in _items(value) if isinstance(item, int | float))


def _length(value: Any) -> int:
    if not isinstance(value, str | list | tuple | Mapping | range):
        raise TypeError(f"{type(value).__name__} has no length")
    return len(value)


def _end(value: Any, place: int) -> Any:
    items = value if isinstance(value, str) else _items(value)
    if not items:
        raise ValueError("an empty list has no first or last item")
    return items[place]


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "abs": lambda value: abs(value) if isinstance(value, int | float) else abs(float(value)),
    "capitalize": lambda value: _text(value).capitalize(),
    "count": _length,
    "d": _default,
    "default": _default,
    "first": lambda value: _end(value, 0),
    "float": _float,
    "int": _int,
    "items": _pairs,
    "join": _join,
    "last": lambda value: _end(value, -1),
    "length": _length,
    "list": _items,
    "lower": lambda value: _text(value).lower(),
    "max": lambda value: max(_items(value)),
    "min": lambda value: min(_items(value)),
    "replace": _replace,
    "reverse": lambda value: _items(value)[::-1],
    "round": _round,
    "sort": lambda value: sorted(_items(value)),
    "string": _text,
    "sum": _sum,
    "title": lambda value: _text(value).title(),
    "tojson": _tojson,
    "trim": lambda value: _text(value).strip(),
    "truncate": _truncate,
    "unique": lambda value: list(dict.fromkeys(_items(value))),
    "upper": lambda value: _text(value).upper(),
    "wordcount": lambda value: len(_text(value).split()),
}
