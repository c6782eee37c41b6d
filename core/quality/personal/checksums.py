"""The check digits by which numbers of cards, accounts and people are told from other numbers.

Pure functions over strings of digits; none of them looks at separators.
"""

import string
from collections.abc import Sequence
from typing import Final

VERHOEFF_MULTIPLIED: Final = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
VERHOEFF_PERMUTED: Final = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870",
    "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def luhn(digits: str) -> bool:
    """Whether the digits satisfy the Luhn formula. Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def mod_97(text: str) -> bool:
    """Whether an IBAN's characters, the first four moved to the end, leave 1 modulo 97.

    Source: ISO 13616 with ISO 7064 MOD 97-10; letters count from A = 10.
    """
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def mod_11_10(digits: str) -> bool:
    """Whether the last digit is the hybrid check digit. Source: ISO 7064 MOD 11,10."""
    rest = 10
    for digit in digits[:-1]:
        rest = ((rest + int(digit)) % 10 or 10) * 2 % 11
    return (11 - rest) % 10 == int(digits[-1])


def weighted(digits: str, weights: Sequence[int]) -> int:
    """The sum of the digits times their weights; the shorter of the two decides the length."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def verhoeff(digits: str) -> bool:
    """Whether the digits satisfy the dihedral check. Source: Verhoeff 1969, over the group D5."""
    state = 0
    for place, digit in enumerate(reversed(digits)):
        permuted = int(VERHOEFF_PERMUTED[place % 8][int(digit)])
        state = int(VERHOEFF_MULTIPLIED[state][permuted])
    return state == 0


def codice_fiscale(code: str) -> bool:
    """Whether the last letter of an Italian tax code follows from the 15 before it.

    Source: decree of the Italian Ministry of Finance, 23 December 1976, article 4.
    """
    odd = dict(zip(string.digits, (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True))
    letters = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25,
               24, 23)  # fmt: skip
    odd |= dict(zip(string.ascii_uppercase, letters, strict=True))
    total = 0
    for place, sign in enumerate(code[:15]):
        even = int(sign) if sign.isdigit() else ord(sign) - ord("A")
        total += even if place % 2 else odd[sign]
    return chr(ord("A") + total % 26) == code[15]
