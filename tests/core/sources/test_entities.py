"""Names, dates, amounts and codes by their form, in English and German."""

import time
from itertools import pairwise

import pytest

from core.sources.terms.entities import find_entities

ENGLISH = (
    "On 3 March 2026 Mr. John Smith of Northwind Trading Ltd paid EUR 1,250.50 and $3 million "
    "(4.5 %) in New York and Germany. Write to a.b@example.co.uk about order AB-1234 by March 31, "
    "2026. Anna Weber called. The Consumer Credit Act applies; the European Central Bank knows."
)
GERMAN = (
    "Frau Dr. Anna Weber leitet die Beschwerdestelle der Erlenbank AG in Berlin. Sie antwortet bis "
    "zum 31. März 2026. Eine Rücklastschrift kostet 4,50 Euro, also 3 % mehr. Das Modell KX-200 "
    "liest die Karte. Die Neue Karte kommt am 01.04.2026."
)


def pairs(text: str, **options: bool) -> set[tuple[str, str]]:
    return {(entity.kind, entity.text) for entity in find_entities(text, **options)}


def test_an_english_text_gives_its_names_dates_and_amounts() -> None:
    assert pairs(ENGLISH) == {
        ("date", "3 March 2026"), ("person", "John Smith"),
        ("organization", "Northwind Trading Ltd"), ("money", "EUR 1,250.50"),
        ("money", "$3 million"), ("percent", "4.5 %"), ("place", "New York"),
        ("place", "Germany"), ("email", "a.b@example.co.uk"), ("code", "AB-1234"),
        ("date", "March 31, 2026"), ("person", "Anna Weber"), ("name", "Consumer Credit Act"),
        ("organization", "European Central Bank"),
    }  # fmt: skip


def test_german_nouns_are_no_names() -> None:
    assert pairs(GERMAN, nouns_are_capitalised=True) == {
        ("person", "Anna Weber"), ("organization", "Erlenbank AG"), ("place", "Berlin"),
        ("date", "31. März 2026"), ("money", "4,50 Euro"), ("percent", "3 %"), ("code", "KX-200"),
        ("date", "01.04.2026"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "# Opening A New Account\n",
        "Opening A New Account\n\nText follows here.",
        "Every Monday the Bank opens at 9.",
        "May I ask? Will the app help?",
        "The PIN and the IBAN are needed.",
        "Version 2.3.1 costs nothing.",
    ],
)
def test_what_only_looks_like_a_name_is_left_out(text: str) -> None:
    assert find_entities(text) == []


def test_places_are_exact_and_do_not_overlap() -> None:
    found = find_entities(ENGLISH)
    for entity, following in pairwise(found):
        assert entity.end <= following.start
    for entity in found:
        assert " ".join(ENGLISH[entity.start : entity.end].split()) == entity.text


@pytest.mark.parametrize(
    "text",
    ["A" * 100_000, "Aa " * 35_000, "1." * 50_000, "a@" * 50_000, "Of " * 35_000, "A-" * 50_000,
     "Dr. " * 25_000, "1 000 " * 17_000, "#" * 100_000],
    ids=lambda text: repr(text[:5]),
)  # fmt: skip
def test_no_text_makes_a_pattern_slow(text: str) -> None:
    begun = time.process_time()
    find_entities(text)
    assert time.process_time() - begun < 3
