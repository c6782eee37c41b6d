"""Personal data and keys are found by form and check digits; examples and fiction are left."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.quality.check import Subject, Surroundings
from core.quality.checks import pii
from core.quality.personal.checksums import (
    codice_fiscale,
    luhn,
    mod_11_10,
    mod_97,
    verhoeff,
)
from core.quality.personal.finding import KnownValues, find_leaks
from core.quality.personal.leaks import kinds_of, kinds_value, masked
from core.quality.toxic_words import ToxicWords
from core.templates.definition import PII_KINDS, CheckSettings

LEAKS = [
    ("Write to Anna.Schmidt@web.de please.", "email", "Anna.Schmidt@web.de"),
    ("o'neill, j.doe+news@mail.uni-bremen.de", "email", "j.doe+news@mail.uni-bremen.de"),
    ("Call me on (212) 664-7665 tonight", "phone", "(212) 664-7665"),
    ("It is +49 171 4839201.", "phone", "+49 171 4839201"),
    ("Ruf an: 0171 4839201", "phone", "0171 4839201"),
    ("Mon numéro : 06 34 56 71 09", "phone", "06 34 56 71 09"),
    ("My phone is 6647665", "phone", "6647665"),
    ("to DE21 3012 0400 0000 0152 28 now", "iban", "DE21 3012 0400 0000 0152 28"),
    ("card 4929 1242 1083 8460", "card", "4929 1242 1083 8460"),
    ("SSN 536-90-4399", "national_id", "536-90-4399"),
    ("my CPF is 529.982.247-25", "national_id", "529.982.247-25"),
    ("DNI 87654321X", "national_id", "87654321X"),
    ("ID 11010519491231002X", "national_id", "11010519491231002X"),
    ("codice MRTMTT91D08F205J ok", "national_id", "MRTMTT91D08F205J"),
    ("Steuer-ID 86 095 742 719", "national_id", "86 095 742 719"),
    ("NI number AB 20 45 67 C.", "national_id", "AB 20 45 67 C"),
    ("from 84.17.62.9 at noon", "ip", "84.17.62.9"),
    ("key AKIAQX4BIHZD7T2NPW9R leaked", "secret", "AKIAQX4BIHZD7T2NPW9R"),
    ("password: hT7!kq29Lm", "secret", "hT7!kq29Lm"),
    ("postgres://app:Zx81qPw0rt@db.internal/main", "secret", "Zx81qPw0rt"),
]
HARMLESS = [
    "Write to jane@example.com, support@bank.com or noreply@shop.de.",
    "Call 555-0123, (212) 555-0188, 020 7946 0321 or 1-800-829-4933.",
    "Test with 4242 4242 4242 4242 or 4111-1111-1111-1111.",
    "The example account is DE89 3704 0044 0532 0130 00.",
    "Servers at 192.0.2.17, 10.0.0.8, 127.0.0.1 and 203.0.113.9 answered.",
    "Version 12.4.11.3 was released on 2024-03-15 at 10:30:45.",
    "There are 1,250,000 people; 100 - 20 - 30 = 50; 3/4 of 1200 is 900.",
    "Order 2024-000481-77, invoice 20240315001, room 305-3054.",
    "The ISBN is 978-3-16-148410-0 and the article number 4006381333931.",
    "Set your password to something long. The token is missing. Enter your PIN.",
    "Use api_key=YOUR_API_KEY_HERE_12345 or sk-xxxxxxxxxxxxxxxxxxxxxxxx.",
    "password: ********, token=<your token>",
    "SSN 000-12-3456 and 078-05-1120 are never issued.",
    "From 01.02.2024 to 28/02/2024, 08:00-17:30.",
    "card 1234 5678 9012 3456",
]


def found(text: str) -> list[tuple[str, str]]:
    return [(leak.kind, text[leak.start : leak.end]) for leak in find_leaks(text)]


def measured(response: str, input: str = "", **variables: object) -> pii.Measure:
    around = Surroundings(ToxicWords(), variables)
    return pii.measure(Subject(None, input, response, "", (), surroundings=around))


@pytest.mark.parametrize(("text", "kind", "words"), LEAKS, ids=[words for *_, words in LEAKS])
def test_a_leak_is_found_with_its_place(text: str, kind: str, words: str) -> None:
    assert found(text) == [(kind, words)]


@pytest.mark.parametrize("text", HARMLESS)
def test_examples_fiction_and_other_numbers_are_no_leak(text: str) -> None:
    assert found(text) == []


def test_check_digits_hold_for_published_numbers_and_fail_after_a_slip() -> None:
    for holds, number in (
        (luhn, "79927398713"),
        (mod_97, "GB82WEST12345698765432"),
        (mod_11_10, "86095742719"),
        (verhoeff, "2363"),
        (codice_fiscale, "RSSMRA80A01H501U"),
    ):
        assert holds(number)
        last = "A" if number[-1].isalpha() else str((int(number[-1]) + 1) % 10)
        assert not holds(number[:-1] + last)


@given(st.text("0123456789", min_size=2, max_size=20), st.integers(0, 30))
def test_luhn_sees_every_slip_of_one_digit(body: str, place: int) -> None:
    number = next(body + digit for digit in "0123456789" if luhn(body + digit))
    at = place % len(number)
    slipped = number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]
    assert not luhn(slipped)


def test_what_the_plan_put_there_is_no_leak() -> None:
    text = "I am Ada, ada@lovelace.io, call +49 171 4839201."
    assert kinds_of(measured(text).value) == ["email", "phone"]
    person = {"name": "Ada", "contact": {"mail": "Ada@Lovelace.io", "phone": "+491714839201"}}
    assert measured(text, customer=person) == (0.0, {})
    assert "peter@lovelace.io" not in KnownValues([person])


def test_evidence_is_masked_and_says_where() -> None:
    value, evidence = measured("fine", "Mail anna.schmidt@web.de")
    (span,) = evidence["spans"]
    assert value == 1
    assert span == {
        "field": "input",
        "start": 5,
        "end": 24,
        "kind": "email",
        "text": "a•••.•••••••@w••.de",
    }
    assert masked("card", "4929 1242 1083 8460") == "•••• •••• •••• ••60"
    assert masked("secret", "AKIAQX4BIHZD7T2NPW9R") == "AKIA••••••••••••••••"


def test_kinds_are_chosen_without_looking_again() -> None:
    value = kinds_value({"email", "ip"})
    assert kinds_of(value) == ["email", "ip"]
    assert pii.rate(value, CheckSettings()) == 0
    assert pii.rate(value, CheckSettings(pii=["ip"])) == 0
    assert pii.rate(value, CheckSettings(pii=["card", "phone"])) == 1
    assert all(kinds_of(kinds_value({kind})) == [kind] for kind in PII_KINDS)


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "1-", "+1(", "a@", "a.", "1.", ":", "f:", "AB12 ", "key=", "eyJ"]
)
def test_hostile_text_takes_no_more_than_a_moment(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    started = time.process_time()
    find_leaks(text)
    assert time.process_time() - started < 1


@given(st.text(max_size=200))
def test_any_text_is_read_and_places_lie_inside_it(text: str) -> None:
    for leak in find_leaks(text):
        assert 0 <= leak.start < leak.end <= len(text)
        assert leak.kind in PII_KINDS
