"""E-mail addresses, telephone numbers and IP addresses that may belong to a person.

Left alone: addresses and numbers reserved for examples and fiction, mailboxes of a function
(support@), numbers that a company answers free of charge, and networks that reach nobody.
"""

import ipaddress
import re
from collections.abc import Iterator

from core.quality.personal.leaks import Leak

EMAIL = re.compile(
    r"(?<![\w.+%@/-])(?P<name>[A-Za-z0-9][\w.+%-]{0,63})@"
    r"(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24})(?![\w@])"
)
# Source: RFC 2606 and RFC 6761, names reserved for documentation and testing.
RESERVED_DOMAIN = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|net|org|edu|[a-z]{2}|co\.[a-z]{2}))?|test|invalid|localhost"
    r"|local)$"
)
FUNCTIONS = re.compile(
    r"^(?:e?mail|no-?reply|do-?not-?reply|support|info|help(?:desk)?|contact|service|customer[._-]?"
    r"(?:service|care|support|relations)|kunden(?:service|dienst)|kontakt|contacto|contato|contatto"
    r"|contatti|hello|hi|hola|sales|billing|accounts?|payments?|finance|office|team|press|media"
    r"|privacy|security|fraud|phishing|abuse|legal|compliance|complaints?|feedback|returns?|orders?"
    r"|claims?|careers?|jobs|hr|marketing|newsletter|webmaster|postmaster|hostmaster|admin"
    r"|administrator|root|servicio|atencion|soporte|ayuda|service-?client|aide|assistenza|klant"
    r"enservice|user|username|your[._-]?name|name|you|someone|me|name\.surname"
    r"|first(?:name)?[._-]?last(?:name)?|example|test|demo|cards?|loans?|mortgages?|insurance"
    r"|reception|booking|reservations?|enquiries|inquiries|alerts?|notifications?|updates)$",
    re.IGNORECASE,
)

PHONE = re.compile(r"(?<![\w.+/#-])(?:\+|\()?\d(?:[ .()/-]{0,2}\d){6,14}(?![\w%]|[.,]\d|[-/]\d)")
AMERICAN = re.compile(r"(?:\+?1[ .-]?)?(?:\(([2-9]\d\d)\) ?|([2-9]\d\d)[ .-])([2-9]\d\d)[ .-]\d{4}")
NATIONAL = re.compile(r"\(?0\d{1,5}\)?(?:[ ./-]{1,2}\d{2,8}){1,5}")
FRENCH = re.compile(r"0[1-9](?:([ .-])\d\d)(?:\1\d\d){3}")
DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|(?:19|20)\d\d[./-]\d{1,2}")
SOCIAL_SECURITY = re.compile(r"\d{3}-\d{2}-\d{4}")
CALLED = re.compile(
    r"(?:\b(?:tele)?phone|\bphone|\btel\b|\bmobile|\bcell(?:phone)?\b|\bcall(?: me| us| back)?\b"
    r"|\btext me\b|\bwhatsapp|\bfax\b|\breach me\b|\bring me\b|\bcontact number|\btelefon"
    r"|\bhandy|\brufnummer|\bmobil|\btéléphone|\bportable\b|\bappele[zr]|\bteléfono|\btelefone"
    r"|\bmóvil|\bcelular|\bllám|\bcellulare|\bchiam|\btelefoon|\bbel me\b|☎|📞"
    r"|电话|手机|電話|전화|телефон)[^\d\n]{0,30}$",
    re.IGNORECASE,
)
# Source: numbers kept for drama and documentation by NANPA (555), Ofcom and the Bundesnetzagentur.
FICTIONAL = re.compile(
    r"(?:(?:\+|00)?44|0)(?:7700900\d{3}|1632960\d{3}|(?:113|114|115|116|117|118|121|131|141|151|161)"
    r"4960\d{3}|2079460\d{3}|8081570\d{3}|9098790\d{3}|3069990\d{3})"
    r"|(?:(?:\+|00)?49|0)(?:3023125\d{3}|691?90009\d{3}|4066969\d{3}|2214710\d{3}|8999998\d{3}"
    r"|17139200\d{2}|176040690\d{2}|174\d?9464308|15228817386|15228895456)"
    r"|(?:(?:\+|00)?61|0)(?:[2378]5550\d{4}|[2378]7010\d{4}|491570\d{3}|491571\d{3})"
    r"|(?:(?:\+|00)?33|0)"
    r"(?:19900\d{4}|261910\d{3}|353010\d{3}|465710\d{3}|536490\d{3}|639980\d{3})"
)
FREE = re.compile(
    r"(?:\+?1)?(?:800|888|877|866|855|844|833)\d{7}|(?:\+\d{2})?0?(?:800|808|900|1800)\d{5,8}"
)
FEWEST_DIGITS, MOST_DIGITS = 9, 15  # Source: ITU-T E.164; shorter ones are told by their context
FEWEST_CALLED = 7

IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)(?!\.\d)")
IPV6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![\w:])")
VERSION = re.compile(
    r"(?:\bv|version|release|firmware|build|section|clause|§)\.? ?$", re.IGNORECASE
)


def emails(text: str) -> Iterator[Leak]:
    """Addresses of persons."""
    if "@" not in text:
        return
    for match in EMAIL.finditer(text):
        domain = match["domain"].lower()
        if not RESERVED_DOMAIN.search(domain) and not FUNCTIONS.match(match["name"]):
            yield Leak("email", match.start(), match.end())


def phones(text: str) -> Iterator[Leak]:
    """Numbers written as telephone numbers are, or that the text says are called."""
    for match in PHONE.finditer(text):
        written = match.group()
        digits = re.sub(r"\D", "", written)
        number = ("+" if written.lstrip("(").startswith("+") else "") + digits
        if _is_unlisted(number) and _is_phone(written, number, text[: match.start()]):
            yield Leak("phone", match.start(), match.end())


def _is_unlisted(number: str) -> bool:
    american = re.fullmatch(r"\+?1?\d{3}555\d{4}|555\d{4}", number)
    digits = number.lstrip("+")
    is_pattern = len(set(digits)) <= 2 or digits in "01234567890123456789"
    return not (american or is_pattern or FICTIONAL.fullmatch(number) or FREE.fullmatch(number))


def _is_phone(written: str, number: str, before: str) -> bool:
    digits = number.lstrip("+")
    if number.startswith("+"):
        return 8 <= len(digits) <= MOST_DIGITS and digits[0] != "0"
    if DATE.match(written) or SOCIAL_SECURITY.fullmatch(written):
        return False
    if CALLED.search(before[-50:]) and ("/" not in written or digits[0] == "0"):
        return FEWEST_CALLED <= len(digits) <= MOST_DIGITS
    if AMERICAN.fullmatch(written) or FRENCH.fullmatch(written):
        return True
    if number.startswith("00"):
        return len(digits) >= FEWEST_DIGITS + 2 and not written.isdigit()
    is_national = NATIONAL.fullmatch(written) is not None
    return is_national and FEWEST_DIGITS <= len(digits) <= 12


def addresses(text: str) -> Iterator[Leak]:
    """Public internet addresses."""
    if text.count(".") >= 3:
        for match in IPV4.finditer(text):
            if not VERSION.search(text[max(0, match.start() - 12) : match.start()]):
                yield from _public(match)
    if text.count(":") >= 2:
        for match in IPV6.finditer(text):
            if match.group().count(":") == 7 or "::" in match.group():
                yield from _public(match)


def _public(match: re.Match[str]) -> Iterator[Leak]:
    try:
        address = ipaddress.ip_address(match.group())
    except ValueError:
        return
    # `is_global` leaves out documentation, private, loopback and link-local ranges.
    if address.is_global and not address.is_multicast and match.group() not in KNOWN_SERVERS:
        yield Leak("ip", match.start(), match.end())


KNOWN_SERVERS = frozenset(("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "1.2.3.4"))
