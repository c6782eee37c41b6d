"""Bank accounts and cards, told by their check digits. Published examples are no leaks."""

import re
from collections.abc import Iterator

from core.quality.personal.checksums import luhn, mod_97
from core.quality.personal.leaks import Leak

# Source: SWIFT IBAN Registry, release 99: length by country.
LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28,
    "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
    "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30,
    "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22,
    "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23,
    "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
# Source: the examples of the SWIFT IBAN Registry and of banks' own pages.
EXAMPLE_IBANS = frozenset(
    ("DE89370400440532013000", "GB29NWBK60161331926819", "GB82WEST12345698765432",
     "FR1420041010050500013M02606", "FR7630006000011234567890189", "ES9121000418450200051332",
     "IT60X0542811101000000123456", "NL91ABNA0417164300", "AT611904300234573201",
     "CH9300762011623852957", "BE68539007547034", "PL61109010140000071219812874",
     "DE75512108001245126199", "DE02120300000000202051", "SE4550000000058398257466")
)  # fmt: skip
CARD = re.compile(r"(?<![\w.,-])(?:\d[ -]?){12,18}\d(?![\w]|[.,-]\d)")
# Source: ISO/IEC 7812 issuer ranges as their networks publish them.
ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})$|5[1-5]\d{14}$|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}$"
    r"|3[47]\d{13}$|6(?:011|5\d\d|4[4-9]\d)\d{12}$|35(?:2[89]|[3-8]\d)\d{12}$"
    r"|3(?:0[0-5]|[68]\d)\d{11}$|(?:50|5[6-8]|63|67)\d{11,17}$|62\d{14,17}$"
)
# Source: the test numbers that card networks and payment services publish.
TEST_CARDS = frozenset(
    ("4111111111111111", "4012888888881881", "4242424242424242", "4000056655665556",
     "4222222222222", "4000000000000002", "5555555555554444", "5105105105105100",
     "5200828282828210", "2223003122003222", "378282246310005", "371449635398431",
     "378734493671000", "6011111111111117", "6011000990139424", "30569309025904",
     "38520000023237", "3530111333300000", "3566002020360505", "4539578763621486",
     "4532015112830366", "4916338506082832", "4024007103939509", "4556737586899855")
)  # fmt: skip
GROUPS = frozenset(((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 1)))


def ibans(text: str) -> Iterator[Leak]:
    """Account numbers whose length fits their country and whose check digits hold."""
    for match in IBAN.finditer(text):
        length = LENGTHS.get(match.group()[:2])
        end = _end_of(text, match.start(), length) if length else None
        if end is None or (end < len(text) and text[end].isalnum()):
            continue
        code = re.sub(r"[ -]", "", text[match.start() : end]).upper()
        if code not in EXAMPLE_IBANS and mod_97(code):
            yield Leak("iban", match.start(), end)


def _end_of(text: str, start: int, length: int) -> int | None:
    """Where the `length`-th letter or digit from `start` ends; None where the text ends before."""
    seen = 0
    for place in range(start, len(text)):
        seen += text[place].isalnum()
        if seen == length:
            return place + 1
    return None


def cards(text: str) -> Iterator[Leak]:
    """Card numbers of a known issuer whose check digit holds."""
    for match in CARD.finditer(text):
        groups = tuple(map(len, re.split(r"[ -]", match.group())))
        digits = re.sub(r"\D", "", match.group())
        if len(groups) > 1 and groups not in GROUPS:
            continue
        if ISSUER.match(digits) and digits not in TEST_CARDS and luhn(digits):
            yield Leak("card", match.start(), match.end())
