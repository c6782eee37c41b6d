"""Names, dates, amounts and codes in a text, by their form. Pure; linear in the text's length.

Only what is safe to tell by form alone: a person has a title or a common first name, an
organisation a telling word, a place a name that is no word. The rest of a text's names has the
kind `name`. Every pattern has bounded repetition, so no text makes it slow.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import yaml

LISTS_FILE = Path(__file__).resolve().parents[3] / "data" / "lexicon" / "names.yaml"
ENTITY_KINDS: Final = (
    "person", "organization", "place", "name", "date", "money", "percent", "email", "code",
)  # fmt: skip
NAME_LOCALES: Final = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT")
COUNTRY_LOCALES: Final = ("en_GB", "de_DE")
TITLE_CASE_SHARE = 0.6  # a line with more capital words is a title: its words are no names

UPPER: Final = "A-ZÀ-ÖØ-Þ"
LOWER: Final = "a-zß-öø-ÿ"
NAME_WORD: Final = rf"[{UPPER}][{LOWER}{UPPER}'’&-]{{0,29}}"
SPACE: Final = r"[ \u00a0]"
MONTH: Final = (
    r"(?:Jan(?:uary|uar)?|Feb(?:ruary|ruar)?|Mar(?:ch)?|März|Apr(?:il)?|May|Mai|June?|Juni|July?|Juli"
    r"|Aug(?:ust)?|Sep(?:t|tember)?|O[ck]t(?:ober)?|Nov(?:ember)?|De[cz](?:ember)?)\b\.?"
)
CURRENCY: Final = r"(?:€|\$|£|¥|EUR|USD|GBP|CHF|JPY)"
CURRENCY_WORD: Final = (
    r"(?:euros?|dollars?|pounds?(?: sterling)?|francs?|Euro|Franken|EUR|USD|GBP|CHF|JPY|€|\$|£)"
)
NUMBER: Final = r"\d{1,12}(?:[.,'’\u00a0]\d{1,6}){0,4}"
SCALE: Final = r"(?:\s(?:thousand|million|billion|Millionen|Mio\.?|Milliarden|Mrd\.?|k|m|bn))?"
DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"

PATTERNS: Final = (
    ("email", re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}\b")),
    ("date", re.compile(
        rf"\b(?:\d{{4}}-[01]\d-[0-3]\d|{DAY}\.[ ]?[01]?\d\.[ ]?(?:\d{{4}}|\d{{2}})"
        rf"|{DAY}/[01]?\d/\d{{4}}|[01]?\d/{DAY}/\d{{4}}"
        rf"|{DAY}(?:st|nd|rd|th|\.)?{SPACE}{MONTH}(?:{SPACE}\d{{4}})?"
        rf"|{MONTH}{SPACE}{DAY}(?:st|nd|rd|th)?(?:,?{SPACE}\d{{4}})|{MONTH}{SPACE}\d{{4}}"
        rf"|Q[1-4][ /]\d{{4}})(?![\w])"
    )),
    ("money", re.compile(
        rf"(?<![\w]){CURRENCY}{SPACE}?{NUMBER}{SCALE}(?!\w)"
        rf"|(?<![\w.,]){NUMBER}{SCALE}{SPACE}?{CURRENCY_WORD}(?!\w)"
    )),
    ("percent", re.compile(
        rf"(?<![\w.,]){NUMBER}{SPACE}?(?:%|percent\b|per cent\b|Prozent\b|pour cent\b)"
    )),
    ("code", re.compile(
        r"(?<![\w./-])(?=[A-Z0-9/_-]{4})(?=[A-Z0-9/_-]{0,18}\d)(?=[A-Z0-9/_-]{0,18}[A-Z])[A-Z0-9]{1,10}"
        r"(?:[-/_][A-Z0-9]{1,10}){0,3}(?![\w/-])"
    )),
)  # fmt: skip
ORGANIZATION_WORDS: Final = (
    r"(?:Inc|Ltd|Limited|LLC|LLP|PLC|plc|Corp|Corporation|Company|GmbH|AG|SE|KG|OHG|mbH|eG|e\.V\."
    r"|S\.A\.|SA|SAS|SARL|S\.p\.A\.|B\.V\.|N\.V\.|AB|Oy|Bank|Group|Holding|Holdings|University"
    r"|Institute|Agency|Authority|Association|Commission|Committee|Council|Court|Department"
    r"|Federation|Foundation|Ministry|Parliament|Union|Universität|Hochschule|Institut|Verband"
    r"|Bundesamt|Ministerium|Stiftung|Behörde|Kommission|Versicherung|Sparkasse)"
)
ORGANIZATION: Final = re.compile(
    rf"\b(?:{NAME_WORD}{SPACE}(?:&{SPACE})?){{1,4}}{ORGANIZATION_WORDS}"
    rf"(?![\w])|\b(?:University|Bank|Institute|Ministry|Department|Universität|Ministerium)"
    rf"{SPACE}(?:of|für|der|de){SPACE}(?:the{SPACE})?{NAME_WORD}(?:{SPACE}{NAME_WORD}){{0,2}}"
)
TITLED: Final = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Lord|Lady|Herr|Herrn|Frau|Monsieur|Madame|Señor|"
    rf"Señora)\.?{SPACE}(?:(?:Dr|Prof)\.?{SPACE}){{0,2}}(?P<name>{NAME_WORD}(?:{SPACE}{NAME_WORD})"
    r"{0,2})"
)
CAPITALS: Final = re.compile(rf"\b{NAME_WORD}(?:{SPACE}{NAME_WORD}){{0,4}}")
SENTENCE_BEFORE: Final = re.compile(r"(?:^|[.!?:;\"“”'„(\[|>*#-]|\n)\s*$")


class Entity(NamedTuple):
    """One mention; `text` is what stands in the text between `start` and `end`, on one line."""

    kind: str  # one of ENTITY_KINDS
    text: str
    start: int
    end: int


def find_entities(text: str, *, nouns_are_capitalised: bool = False) -> list[Entity]:
    """The entities of a text in order, none inside of another.

    Where all nouns are capitalised, as in German, a capital letter alone makes no `name`.
    """
    taken = bytearray(len(text))
    found: list[Entity] = []
    for kind, pattern in PATTERNS:
        _take(found, taken, ((kind, m.start(), m.end()) for m in pattern.finditer(text)), text)
    _take(found, taken, _titled(text), text)
    _take(found, taken, _organizations(text, nouns_are_capitalised), text)
    _take(found, taken, _names(text, nouns_are_capitalised), text)
    return sorted(found, key=lambda entity: entity.start)


def _take(
    found: list[Entity], taken: bytearray, spans: Iterator[tuple[str, int, int]], text: str
) -> None:
    for kind, start, end in spans:
        if end > start and not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            found.append(Entity(kind, " ".join(text[start:end].split()), start, end))


def _titled(text: str) -> Iterator[tuple[str, int, int]]:
    for match in TITLED.finditer(text):
        yield "person", match.start("name"), match.end("name")


def _organizations(text: str, nouns_are_capitalised: bool) -> Iterator[tuple[str, int, int]]:
    for match in ORGANIZATION.finditer(text):
        start = match.start() + _article_chars(match[0])
        is_named = " " in text[start : match.end()]
        if is_named and not _is_title(text, start, nouns_are_capitalised):
            yield "organization", start, match.end()


def _article_chars(name: str) -> int:
    """How many characters an article or preposition with a capital takes at a name's beginning."""
    first, _, rest = name.partition(" ")
    return len(first) + 1 if rest and first.lower() in _lists()["leading_words"] else 0


def _names(text: str, nouns_are_capitalised: bool) -> Iterator[tuple[str, int, int]]:
    first_names, places = _first_names(), _places()
    for match in CAPITALS.finditer(text):
        start, end = match.start() + _article_chars(match[0]), match.end()
        words = text[start:end].split()
        if not words or _is_title(text, start, nouns_are_capitalised):
            continue
        yield from _places_in(text, start, end, places)
        if len(words) < 2:
            continue
        if words[0] in first_names and len(words) <= 3:
            yield "person", start, end
        elif (
            not nouns_are_capitalised
            and not text[start:end].isupper()
            and not _begins_sentence(text, start)
        ):
            yield "name", start, end


def _places_in(
    text: str, start: int, end: int, places: frozenset[str]
) -> Iterator[tuple[str, int, int]]:
    words = [(m.start(), m.end()) for m in re.finditer(r"\S+", text[start:end])]
    for size in (3, 2, 1):
        for place in range(len(words) - size + 1):
            first, last = start + words[place][0], start + words[place + size - 1][1]
            if " ".join(text[first:last].split()) in places:
                yield "place", first, last


def _begins_sentence(text: str, start: int) -> bool:
    return SENTENCE_BEFORE.search(text[max(0, start - 6) : start]) is not None


def _is_title(text: str, place: int, nouns_are_capitalised: bool) -> bool:
    """Whether the place is in a heading, or in a line of its own whose words have capitals."""
    begin = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    line = text[begin : min(end if end >= 0 else len(text), begin + 300)]
    if line.lstrip().startswith("#"):
        return True
    before, after = text[max(0, begin - 2) : begin], text[end : end + 2] if end >= 0 else ""
    is_alone = before in ("", "\n", "\n\n") and after in ("", "\n", "\n\n")
    if nouns_are_capitalised or not is_alone or line.rstrip().endswith((".", ",", ";", "!", "?")):
        return False
    words = re.findall(r"[^\W\d_]{4,}", line)
    capital = sum(word[0].isupper() for word in words)
    return 2 <= len(words) <= 12 and capital > TITLE_CASE_SHARE * len(words)


@cache
def _first_names() -> frozenset[str]:
    # Imported on first use: only the compute worker needs it.
    from importlib import import_module

    found: set[str] = set()
    for locale in NAME_LOCALES:
        found.update(import_module(f"faker.providers.person.{locale}").Provider.first_names)
    return frozenset(name for name in found if len(name) > 2) - _lists()["ambiguous_first_names"]


@cache
def _lists() -> dict[str, frozenset[str]]:
    found = yaml.safe_load(LISTS_FILE.read_text(encoding="utf-8"))
    return {name: frozenset(values) for name, values in found.items()}


@cache
def _places() -> frozenset[str]:
    from importlib import import_module

    found = set(_lists()["cities"])
    for locale in COUNTRY_LOCALES:
        found.update(import_module(f"faker.providers.address.{locale}").Provider.countries)
    return frozenset(found) - _lists()["ambiguous_countries"]
