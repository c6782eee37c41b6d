"""New values for a list, without a model: from word lists, from Faker, and by recombination.

Plausible at best. Half of a recombination reads well; a person reviews every value before use.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.providers.offline.draw import Draw
from core.providers.offline.slots import CITIES, COUNTRIES, MONTHS, WEEKDAYS, faker_pool

# The first pattern that occurs in a variable's name, else in its description, wins.
LISTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"mood|emotion|feeling|sentiment", (
        "anxious", "relieved", "impatient", "grateful", "confused", "hopeful", "annoyed", "curious",
        "disappointed", "polite but firm", "tired", "embarrassed", "sceptical", "cheerful",
        "resigned", "suspicious", "overwhelmed", "indifferent", "proud", "hurried")),
    (r"tone|style|register|voice", (
        "formal", "friendly", "matter-of-fact", "brief", "warm", "dry", "playful", "cautious",
        "encouraging", "technical", "plain", "respectful", "direct", "humorous", "neutral",
        "enthusiastic", "reserved", "patient")),
    (r"channel|medium", (
        "a phone call", "a letter", "a text message", "a web form", "a branch visit",
        "a video call", "a social media message", "the help page", "a voice message", "a forum",
        "a survey comment", "a callback request")),
    (r"difficulty|level|complexity", (
        "beginner", "elementary", "intermediate", "upper intermediate", "advanced", "expert",
        "specialist", "mixed")),
    (r"severity|priority|urgency", (
        "trivial", "low", "moderate", "considerable", "high", "severe", "critical", "blocking")),
    (r"language", (
        "English", "French", "German", "Spanish", "Polish", "Turkish", "Japanese", "Arabic",
        "Hindi", "Portuguese", "Italian", "Dutch", "Swedish", "Korean", "Greek", "Czech")),
    (r"industry|sector|domain", (
        "logistics", "education", "energy", "construction", "hospitality", "agriculture",
        "insurance", "public administration", "telecommunications", "tourism", "publishing",
        "pharmaceuticals", "aviation", "waste management", "real estate", "textiles")),
    (r"genre", (
        "mystery", "romance", "science fiction", "slapstick", "fable", "noir", "western", "horror",
        "coming of age", "satire", "adventure", "slice of life", "historical drama", "fairy tale")),
    (r"occupation|profession|\bjob\b", ("@job",)),
    (r"company|employer|merchant|brand", ("@company",)),
    (r"city|town|place|location|setting", CITIES),
    (r"country|nation", COUNTRIES),
    (r"weekday|day of", WEEKDAYS),
    (r"month", MONTHS),
    (r"\bname\b|person|customer$", ("@name",)),
)  # fmt: skip
JOINTS = (" that ", " which ", " with ", " without ", " after ", " before ", " for ", " of ",
          " from ", " to ", " on ", " in ", ": ")  # fmt: skip
CIRCUMSTANCES = (
    "for the second time", "while travelling abroad", "just before a deadline",
    "on behalf of a relative", "at a small company", "after a recent change", "over a weekend",
    "with incomplete papers", "for someone new to it", "with a language barrier",
    "in a shared household", "after a long wait", "despite an earlier promise",
    "with two conflicting answers", "on an old device", "for a minor", "after a move",
)  # fmt: skip
MOST_DRAWS = 400


def propose(target: Mapping[str, Any], count: int, draw: Draw) -> list[str]:
    """Up to `count` values, different from each other and from those present."""
    present = [str(value) for value in target.get("present") or ()]
    taken = {_key(value) for value in (*present, *(target.get("avoid") or ()))}
    found: list[str] = []
    for value in _candidates(target, present, draw):
        if _key(value) not in taken:
            taken.add(_key(value))
            found.append(value)
        if len(found) >= count:
            break
    return found or [f"{present[0] if present else 'another case'}, {draw.pick(CIRCUMSTANCES)}"]


def _key(value: object) -> str:
    return " ".join(str(value).casefold().split())


def _candidates(target: Mapping[str, Any], present: Sequence[str], draw: Draw) -> Iterator[str]:
    listed = _listed(f"{target.get('variable', '')}".replace("_", " "))
    if not listed:
        listed = _listed(str(target.get("description", "")))
    yield from draw.some(listed, len(listed))
    # A short value names one of a few kinds: a circumstance makes no other kind of it.
    phrases = [value for value in present if len(value.split()) > 2]
    if not phrases:
        return
    for _ in range(MOST_DRAWS):
        one, other = draw.pick(phrases), draw.pick(phrases)
        yield _recombined(one, other) or f"{one}, {draw.pick(CIRCUMSTANCES)}"


def _listed(text: str) -> tuple[str, ...]:
    for pattern, words in LISTS:
        if re.search(pattern, text.lower()):
            return faker_pool(words[0][1:]) if words[0].startswith("@") else words
    return ()


def _recombined(one: str, other: str) -> str:
    """The beginning of one value with the end of another that is joined alike; "" where none is."""
    for joint in JOINTS:
        if joint in one and joint in other:
            start, end = one.split(joint, 1)[0], other.split(joint, 1)[1]
            return f"{start}{joint}{end}"
    return ""
