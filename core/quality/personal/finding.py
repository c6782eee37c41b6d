"""All personal data and secrets in a text, the most certain reading of each place first."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core.quality.personal.contacts import addresses, emails, phones
from core.quality.personal.identities import national_ids
from core.quality.personal.leaks import Leak
from core.quality.personal.payments import cards, ibans
from core.quality.personal.secrets import secrets

# Nothing below is shorter: seven digits with at most two marks between each two of them.
DIGITS = re.compile(r"\d(?:[ .()/-]{0,2}\d){6}")
CODE = re.compile(r"[A-Z]{2} ?\d{2}|[XYZ]-?\d{7}|[A-Z]{6}\d{2}")


class KnownValues:
    """What the plan itself put into a sample: no leak, however personal it looks."""

    def __init__(self, values: Iterable[Any]) -> None:
        texts = [str(value).casefold() for value in _leaves(values)]
        self._text = "\n".join(texts)
        self._digits = "\n".join(re.sub(r"\D", "", text) for text in texts)

    def __contains__(self, text: str) -> bool:
        digits = re.sub(r"\D", "", text)
        return bool(self._text) and (
            text.casefold() in self._text
            or (len(digits) >= 7 and not re.search(r"[^\W\d]", text) and digits in self._digits)
        )


def find_leaks(text: str) -> list[Leak]:
    """Every leak, by its place; where two readings overlap, the more specific one."""
    found: list[Leak] = []
    for leak in _readings(text):
        if all(leak.end <= other.start or other.end <= leak.start for other in found):
            found.append(leak)
    return sorted(found, key=lambda leak: leak.start)


def _readings(text: str) -> Iterator[Leak]:
    yield from secrets(text)
    yield from emails(text)
    yield from addresses(text)
    has_code = CODE.search(text) is not None
    if has_code:
        yield from ibans(text)
    has_number = DIGITS.search(text) is not None
    if has_number:
        yield from cards(text)
    if has_number or has_code:
        yield from national_ids(text)
    if has_number:
        yield from phones(text)


def _leaves(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, Mapping):
            yield from _leaves(value.values())
        elif isinstance(value, list | tuple):
            yield from _leaves(value)
        elif value is not None:
            yield value
