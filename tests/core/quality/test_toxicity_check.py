"""Insults and threats are found in several languages, disguised or not; ordinary words are left."""

import time
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.quality.check import Subject, Surroundings
from core.quality.checks import toxicity
from core.quality.toxic_words import ToxicWords, brought_lists, own_list, read_toxic_list
from core.templates.definition import CheckSettings

WORDS = ToxicWords()


def severity(text: str, *languages: str) -> float:
    return max((hit.severity for hit in WORDS.hits(text, languages)), default=0.0)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("You are an idiot.", "en"),
        ("What the f*ck is this?", "en"),
        ("This sh1t is from an a$$hole", "en"),
        ("IDIOOOOT", "en"),
        ("I will kill you.", "en"),
        ("Halt die Fresse, du Arschloch", "de"),
        ("Eres un gilipollas", "es"),
        ("Ta gueule, connard !", "fr"),
        ("Sei uno stronzo", "it"),
        ("Seu filho da puta", "pt"),
        ("Wat een klootzak", "nl"),
        ("Ты мудак", "ru"),
        ("你这个白痴", "zh"),
        ("黙れ、クソ野郎", "ja"),
    ],
)
def test_abuse_is_toxic_by_default(text: str, language: str) -> None:
    assert severity(text, language) >= CheckSettings().toxicity


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The classic assumption about Scunthorpe's cockpit and Essex was passed.", "en"),
        ("Moby Dick is a whale. The shiitake was expensive.", "en"),
        ("Die Karte ist dick, und der Hahn kräht.", "de"),
        ("Le train a du retard, espèce de poisson, une bite d'amarrage.", "fr"),
        ("Slut på filmen.", "sv"),
        ("Un pedazo de pan con queso.", "es"),
        ("Compute 4*5*6 and x*y; it costs $10 @ home!", "en"),
        ("I will kill the process. Kill him softly, said the song.", "en"),
        ("Damn, that was a silly mistake.", "en"),
    ],
)
def test_ordinary_words_stay_below_the_threshold(text: str, language: str) -> None:
    assert severity(text, language) < CheckSettings().toxicity


def test_the_worst_words_come_first_with_their_place() -> None:
    around = Surroundings(WORDS, {}, languages={"en": 1.0})
    text = "This damn thing. Kill yourself, idiot."
    value, evidence = toxicity.measure(Subject(None, "", text, "", (), surroundings=around))
    assert value == 1.0
    first, second = evidence["spans"][:2]
    assert (first["text"], first["severity"]) == ("Kill yourself", 1.0)
    assert text[second["start"] : second["end"]] == "idiot"
    assert toxicity.rate(value, CheckSettings(toxicity=1.0)) == 0
    assert toxicity.rate(0.5, CheckSettings(toxicity=0.8)) == 1


def test_a_project_adds_words_and_pardons_others() -> None:
    own = ToxicWords([own_list({"words": {"0.9": ["muggle"]}, "innocent": ["idiot"]})])
    assert [hit.severity for hit in own.hits("A muggle!", ["en"])] == [0.9]
    assert own.hits("Dostoevsky wrote The Idiot.", ["en"]) == []


@pytest.mark.parametrize(
    "content",
    [
        {"words": {"2": ["x"]}},
        {"words": {"0.5": ["a*"]}},
        {"severity": 1},
        {"words": {"0.5": [""]}},
    ],
)
def test_a_list_that_does_not_fit_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        own_list(content)


def test_a_file_that_is_no_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "xx.yaml"
    path.write_text("words: [")
    with pytest.raises(InvalidInput, match=r"xx\.yaml"):
        read_toxic_list(path)


def test_every_brought_list_names_another_language() -> None:
    codes = [listed.language for listed in brought_lists()]
    assert len(codes) == len(set(codes)) >= 10
    assert {"en", "de", "fr", "es", "it", "pt"} <= set(codes)


@pytest.mark.parametrize("piece", ["f*", "a$", "fuck", "@", "x" * 50, "no one likes "])
def test_hostile_text_takes_no_more_than_a_moment(piece: str) -> None:
    text = piece * (50_000 // len(piece))
    started = time.process_time()
    WORDS.hits(text, [])
    assert time.process_time() - started < 2
