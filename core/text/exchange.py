"""Values exchanged in a text, everywhere and at once. Pure.

A value is exchanged where it stands verbatim as whole words; its first letter may be a capital.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

LEAST_CHARS: Final = 3  # a shorter value stands in a text by chance
LEAST_DIGITS: Final = 2
# Not within an amount, a decimal, a date or a range.
WHOLE_NUMBER: Final = (r"(?<![$€£.,:/-])(?<![$€£] )", r"(?![.,:/-]?\d|[%€])")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One value that became another."""

    variable: str  # with its part, where it has parts: customer.name
    before: str
    after: str


def leaves(name: str, value: Any) -> dict[str, str]:
    """The texts within a variable's value, by dotted name: `customer.city` of a persona.

    Whole numbers count within a value of several parts, such as a person's age.
    """
    if isinstance(value, str):
        return {name: value}
    if not isinstance(value, Mapping):
        return {}
    found: dict[str, str] = {}
    for part, inner in value.items():
        is_number = isinstance(inner, int) and not isinstance(inner, bool)
        found |= leaves(f"{name}.{part}", str(inner) if is_number else inner)
    return found


def exchangeable(own: Any, other: Any, name: str, texts: Sequence[str]) -> list[Exchange]:
    """What exchanging this variable's value for the other one would change in the texts.

    Empty where no part of it stands in a text, or where the other value lacks a part that does.
    """
    new = leaves(name, other)
    found = []
    for part, before in leaves(name, own).items():
        if not any(_pattern([before]).search(text) for text in texts if _is_telling(before)):
            continue
        after = new.get(part, "")
        if not after.strip():
            return []
        if after.casefold() != before.casefold():
            found.append(Exchange(part, before, after))
    return found


def exchange(text: str, exchanges: Iterable[Exchange]) -> str:
    """The text with every one of these values exchanged in one pass, the longest first."""
    after = {item.before.casefold(): item.after for item in exchanges}
    if not after:
        return text
    befores = sorted(after, key=len, reverse=True)

    def replaced(match: re.Match[str]) -> str:
        new = after[match[0].casefold()]
        return new[:1].upper() + new[1:] if match[0][:1].isupper() else new

    return _pattern(befores).sub(replaced, text)


def _is_telling(value: str) -> bool:
    if value.isdigit():
        return len(value) >= LEAST_DIGITS
    return len(value.strip()) >= LEAST_CHARS and any(letter.isalpha() for letter in value)


def _pattern(values: Sequence[str]) -> re.Pattern[str]:
    """Whole words, in any case: a value opens a sentence with a capital."""
    inner = "|".join(
        rf"{WHOLE_NUMBER[0]}{value}{WHOLE_NUMBER[1]}" if value.isdigit() else re.escape(value)
        for value in values
    )
    return re.compile(rf"(?<!\w)(?:{inner})(?!\w)", re.IGNORECASE)
