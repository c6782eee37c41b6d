"""How a made-up person can be reached: addresses and numbers that belong to nobody."""

import re
from functools import lru_cache
from typing import Any, Final

from core.templates.randomness import Stream

# Reserved for documentation. Source: RFC 2606, section 3.
EMAIL_DOMAINS: Final = ("example.com", "example.net", "example.org")
# Set aside for fiction; each # is a drawn digit. Sources: NANPA (555-0100 to 555-0199), Ofcom
# "Telephone numbers for use in TV and radio drama programmes", Bundesnetzagentur "Rufnummern für
# Medienproduktionen", ARCEP decision 2018-0881, ACMA "Phone numbers for use in TV shows, films".
FICTIONAL_NUMBERS: Final = {
    "en_US": ("(202) 555-01##", "(212) 555-01##", "(312) 555-01##", "(415) 555-01##"),
    "en_CA": ("(416) 555-01##", "(604) 555-01##"),
    "en_GB": ("07700 900###", "020 7946 0###", "0161 496 0###"),
    "de_DE": ("030 23125 ###", "040 66969 ###", "0221 4710 ###", "089 99998 ###"),
    "fr_FR": ("06 39 98 ## ##", "01 99 00 ## ##"),
    "en_AU": ("0491 570 156", "0491 570 157", "0491 570 158", "0491 570 159", "0491 570 110"),
}
SEPARATORS: Final = (".", "_", "")
MOST_DRAWN_DIGITS: Final = 4


def contact_details(
    first_name: str, last_name: str, locale: str, faker: Any, stream: Stream
) -> dict[str, str]:
    """{email, phone, username} that fit the name and the locale.

    The phone number is one set aside for fiction where the locale's regulator has any, else what
    Faker makes up.
    """
    first, last = _letters(first_name, "user"), _letters(last_name, "name")
    choice, digits = divmod(stream.below(900), 100)
    domain, separator = EMAIL_DOMAINS[choice % 3], SEPARATORS[choice // 3]
    return {
        "email": f"{first}.{last}@{domain}",
        "phone": _phone(locale, faker, stream),
        "username": f"{first}{separator}{last}{digits:02}",
    }


@lru_cache(maxsize=5000)
def _letters(name: str, fallback: str) -> str:
    """A name in the letters that every mail server takes."""
    from faker.decode import unidecode

    return re.sub(r"[^a-z0-9]", "", str(unidecode(name)).lower()) or fallback


def _phone(locale: str, faker: Any, stream: Stream) -> str:
    shapes = FICTIONAL_NUMBERS.get(locale)
    if shapes is None:
        return str(faker.phone_number())
    digits, place = divmod(stream.below(len(shapes) * 10**MOST_DRAWN_DIGITS), len(shapes))
    shape = shapes[place]
    drawn = f"{digits:0{MOST_DRAWN_DIGITS}}"[: shape.count("#")]
    return shape.replace("#", "%s") % tuple(drawn)
