"""Numbers that a state gives to a person, told by format, check digits and the words before them.

A format that other numbers share needs a word such as "SSN" near it; one with its own separators or
letters does not.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final, NamedTuple

from core.quality.personal.checksums import (
    codice_fiscale,
    luhn,
    mod_11_10,
    verhoeff,
    weighted,
)
from core.quality.personal.leaks import Leak

CONTEXT_CHARS = 45
DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
CHINESE_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
FAKE_SSNS: Final = frozenset(("078051120", "219099999", "123456789", "111111111", "987654321"))


class NationalId(NamedTuple):
    """One country's number."""

    country: str
    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]  # of the letters and digits, in upper case
    words: re.Pattern[str] | None  # must stand before it; None: the format is enough


def national_ids(text: str) -> Iterator[Leak]:
    """The numbers of every country that `COUNTRIES` knows."""
    for country in COUNTRIES:
        for match in country.pattern.finditer(text):
            before = text[max(0, match.start() - CONTEXT_CHARS) : match.start()]
            if country.words is not None and not country.words.search(before):
                continue
            if country.is_valid(re.sub(r"[^0-9A-Za-z]", "", match.group()).upper()):
                yield Leak("national_id", match.start(), match.end())


def _american(digits: str) -> bool:
    """Source: US Social Security Administration, rules of 2011: parts that are never issued."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    is_issued = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return is_issued and digits not in FAKE_SSNS


def _british_insurance(code: str) -> bool:
    """Source: HMRC manual NIM39110: prefixes that are never issued; QQ is for examples."""
    prefix = code[:2]
    return (
        prefix not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ", "QQ")
        and prefix[0] not in "DFIQUV"
        and prefix[1] not in "DFIQUVO"
        and code[2:8] != "123456"
    )


def _british_health(digits: str) -> bool:
    """Source: NHS Data Dictionary, NHS number, modulus 11."""
    check = 11 - weighted(digits, range(10, 1, -1)) % 11
    return check != 10 and check % 11 == int(digits[9])


def _german(digits: str) -> bool:
    """Source: Bundeszentralamt für Steuern: no leading 0, ten digits with one or two repeated."""
    return digits[0] != "0" and len(set(digits[:10])) in (8, 9) and mod_11_10(digits)


def _french(code: str) -> bool:
    """Source: INSEE, numéro de sécurité sociale: key = 97 - (number mod 97); Corsica is 2A, 2B."""
    number = code[:13].replace("2A", "19").replace("2B", "18")
    month = int(code[3:5])
    is_month = 1 <= month <= 12 or 20 <= month <= 42 or month >= 50
    return is_month and 97 - int(number) % 97 == int(code[13:])


def _spanish(code: str) -> bool:
    """Source: Spanish Ministry of the Interior: letter = number mod 23; NIE starts with X, Y, Z."""
    number = int(code[:-1].translate(str.maketrans("XYZ", "012")))
    return code not in ("12345678Z", "00000000T") and DNI_LETTERS[number % 23] == code[-1]


def _italian(code: str) -> bool:
    return code != "RSSMRA80A01H501U" and codice_fiscale(code)


def _dutch(digits: str) -> bool:
    """Source: Dutch Rijksdienst voor Identiteitsgegevens, the eleven test with a last weight -1."""
    return (
        digits not in ("123456782", "111222333")
        and weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0
    )


def _brazilian(digits: str) -> bool:
    """Source: Receita Federal, CPF: two check digits modulo 11."""
    if len(set(digits)) == 1 or digits == "12345678909":
        return False
    first = weighted(digits, range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return digits[9:] == f"{first}{second}"


def _polish(digits: str) -> bool:
    """Source: Polish Ministry of Digital Affairs, PESEL: weights 1, 3, 7, 9; a month plus era."""
    month = int(digits[2:4]) % 20
    is_date = 1 <= month <= 12 and 1 <= int(digits[4:6]) <= 31
    check = -weighted(digits[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10
    return is_date and check == int(digits[10])


def _swedish(digits: str) -> bool:
    """Source: Skatteverket, personnummer: a date and Luhn over the last ten digits."""
    short = digits[-10:]
    is_date = 1 <= int(short[2:4]) <= 12 and 1 <= int(short[4:6]) <= 31
    return is_date and luhn(short)


def _chinese(code: str) -> bool:
    """Source: GB 11643-1999: a date of birth and ISO 7064 MOD 11-2."""
    try:
        date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        return False
    return "10X98765432"[weighted(code[:17], CHINESE_WEIGHTS) % 11] == code[17]


def _indian(digits: str) -> bool:
    """Source: UIDAI, Aadhaar: the first digit is 2 to 9, Verhoeff's check digit."""
    return digits[0] in "23456789" and len(set(digits)) > 1 and verhoeff(digits)


def _canadian(digits: str) -> bool:
    """Source: Service Canada, SIN: Luhn; 0 and 8 do not begin a person's number."""
    return digits[0] not in "08" and luhn(digits) and digits != "046454286"


def _words(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_SSN = r"\bssn\b|social security|tax(?:payer)? (?:id|number)"
COUNTRIES: Final = (
    NationalId("us", re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"), _american, None),
    NationalId("us", re.compile(r"(?<![\w-])\d{3} ?\d{2} ?\d{4}(?![\w-])"), _american,
               _words(_SSN)),
    NationalId("gb", re.compile(r"(?<!\w)[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)"),
               _british_insurance, None),
    NationalId("gb", re.compile(r"(?<![\w-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])"), _british_health,
               _words(r"\bnhs\b")),
    NationalId("de", re.compile(r"(?<![\w-])\d{2} ?\d{3} ?\d{3} ?\d{3}(?![\w-])"), _german,
               _words(r"steuer-?\s?(?:id|nummer)|\bidnr\b|tax (?:id|number)|\btin\b")),
    NationalId("fr", re.compile(
        r"(?<!\w)[1-478] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w)"), _french,
        None),
    NationalId("es", re.compile(r"(?<!\w)(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z](?!\w)"), _spanish,
               None),
    NationalId("it", re.compile(
        r"(?<!\w)[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)"), _italian, None),
    NationalId("nl", re.compile(r"(?<![\w-])\d{4}[ .]?\d{2}[ .]?\d{3}(?![\w-])"), _dutch,
               _words(r"\bbsn\b|burgerservicenummer|sofi-?nummer")),
    NationalId("br", re.compile(r"(?<!\w)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)"), _brazilian, None),
    NationalId("br", re.compile(r"(?<![\w-])\d{11}(?![\w-])"), _brazilian, _words(r"\bcpf\b")),
    NationalId("pl", re.compile(r"(?<![\w-])\d{11}(?![\w-])"), _polish, _words(r"\bpesel\b")),
    NationalId("se", re.compile(r"(?<![\w-])(?:19|20)?\d{6}[-+]\d{4}(?![\w-])"), _swedish, None),
    NationalId("cn", re.compile(r"(?<!\w)[1-9]\d{5}(?:19|20)\d{9}[\dXx](?!\w)"), _chinese, None),
    NationalId("in", re.compile(r"(?<![\w-])\d{4}[ -]?\d{4}[ -]?\d{4}(?![\w-]| \d)"), _indian,
               _words(r"a+dha+r|\buid(?:ai)?\b|आधार")),
    NationalId("ca", re.compile(r"(?<![\w-])\d{3}[ -]?\d{3}[ -]?\d{3}(?![\w-])"), _canadian,
               _words(r"\bsin\b|social insurance|assurance sociale|\bnas\b")),
)  # fmt: skip
