"""Faker, keyed per sample: single facts and whole persons. Faker is imported on first use."""

import re
import threading
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from core.templates.randomness import Stream
from core.templates.samplers.contacts import contact_details

# What these return depends on today's date, on the disk, or is no text.
UNSTABLE_PROVIDERS: Final = ("faker.providers.date_time",)
STABLE_DATE_METHODS: Final = frozenset(["century", "timezone", "pytimezone"])
REFUSED_METHODS: Final = frozenset(
    [
        "credit_card_expire", "credit_card_full", "binary", "csv", "dsv", "psv", "tsv",
        "fixed_width", "image", "json", "json_bytes", "tar", "zip", "xml", "enum",
        "passport_full", "passport_dates",
    ]
)  # fmt: skip
GENDERS: Final = {"woman": "female", "female": "female", "man": "male", "male": "male"}
OTHER_GENDERS: Final = ("nonbinary", "non-binary", "other")
OLDEST: Final = 95
ADULT_AGES: Final = (18, 85)

PERSONA_FIELDS: Final = (
    "name", "first_name", "last_name", "gender", "age", "occupation", "city", "email", "phone",
    "username",
)  # fmt: skip

_local = threading.local()


class CannotDraw(ValueError):
    """A sampler cannot work, or drew something that is not JSON."""


def draw_faker(method: str, locale: str, stream: Stream) -> str | int | float | bool:
    """What Faker's method returns for this stream.

    Raises CannotDraw where that is not a text, number or truth value.
    """
    value = getattr(_seeded(locale, stream), method)()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str | int | float):
        return value
    raise CannotDraw(f"faker.{method} gives a {type(value).__name__}, not a text or number")


def draw_persona(locale: str, gender: str | None, age: str | int | None, stream: Stream) -> Any:
    """A person whose gender and age follow the given values where there are any."""
    low, high = ADULT_AGES if age is None else _age_range(str(age))
    years = low + stream.below(high - low + 1)
    gender = ("woman", "man")[stream.below(2)] if gender is None else gender
    faker = _seeded(locale, stream)
    suffix = GENDERS.get(gender.lower(), "nonbinary")
    first_name = getattr(faker, f"first_name_{suffix}", faker.first_name)()
    last_name = getattr(faker, f"last_name_{suffix}", faker.last_name)()
    person = {
        "name": f"{first_name} {last_name}",
        "first_name": first_name,
        "last_name": last_name,
        "gender": gender,
        "age": years,
        "occupation": _spoken(faker.job(), locale),
        "city": faker.city(),
    }
    return {**person, **contact_details(first_name, last_name, locale, faker, stream)}


@lru_cache(maxsize=1000)
def check_faker(method: str, locale: str) -> None:
    """Pass silently when Faker has the locale and the method, and the method is reproducible.

    Raises CannotDraw saying why not.
    """
    try:
        faker = _generator(locale)
    except AttributeError as error:
        raise CannotDraw(f"Faker has no locale {locale!r}; try en_US") from error
    owner = next((p for p in faker.get_providers() if hasattr(p, method)), None)
    if owner is None or not callable(getattr(faker, method, None)) or method == "random_element":
        raise CannotDraw(f"Faker has no method {method!r}; see faker.readthedocs.io")
    is_dated = type(owner).__module__.startswith(UNSTABLE_PROVIDERS)
    if (is_dated and method not in STABLE_DATE_METHODS) or method in REFUSED_METHODS:
        raise CannotDraw(f"faker.{method} is not reproducible text; for dates use `kind: date`")
    try:
        draw_faker(method, locale, Stream("check", method))
    except (TypeError, AttributeError, ImportError, NotImplementedError) as error:
        raise CannotDraw(f"faker.{method} does not work without arguments: {error}") from error


def check_gender_value(value: str) -> None:
    """Raises CannotDraw for a text that is no gender a persona can take."""
    if value.lower() not in GENDERS and value.lower() not in OTHER_GENDERS:
        known = ", ".join([*GENDERS, *OTHER_GENDERS])
        raise CannotDraw(f"{value!r} is no gender that a persona knows; use one of {known}")


def check_age_value(value: str) -> None:
    """Raises CannotDraw for a text that is no age or range of ages."""
    _age_range(value)


def _age_range(text: str) -> tuple[int, int]:
    if match := re.fullmatch(r"(\d{1,2})\s*(?:-|–|to)\s*(\d{1,3})", text.strip()):
        low, high = int(match[1]), int(match[2])
        if low <= high <= 120:
            return low, high
    if match := re.fullmatch(r"(\d{1,2})(\+?)", text.strip()):
        low = int(match[1])
        return (low, max(low, OLDEST)) if match[2] else (low, low)
    raise CannotDraw(f"{text!r} is no age; write 34, 18-29 or 65+")


def _spoken(job: str, locale: str) -> str:
    """`Engineer, petroleum` as a person would say it: `petroleum engineer`. English only."""
    if not locale.startswith("en"):
        return job
    noun, comma, kind = job.partition(", ")
    parts = [kind, noun] if comma and "," not in kind else [job]
    return " ".join(part if part[1:2].isupper() else part[:1].lower() + part[1:] for part in parts)


def _seeded(locale: str, stream: Stream) -> Any:
    faker = _generator(locale)
    faker.seed_instance(stream.word())
    return faker


def _generator(locale: str) -> Any:
    """This thread's Faker for a locale: seeding is not safe across threads."""
    if not hasattr(_local, "generators"):
        _local.generators = {}
    if locale not in _local.generators:
        from faker import Factory

        _local.generators[locale] = Factory.create(locale, use_weighting=True)
    return _local.generators[locale]
