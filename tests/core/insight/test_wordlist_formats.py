"""Published formats of association tests are read alike; what cannot be read says so."""

import json

import numpy as np
import pytest
import yaml

from core.errors import InvalidInput
from core.insight.bias.statistics import weat
from core.insight.bias.wordlist_formats import published_text, read_published, slug_of
from core.insight.bias.wordlists import word_lists

SETS = {
    "HotDrinks": ["tea", "coffee"],
    "ColdDrinks": ["juice", "lemonade", "water"],
    "Morning": ["dawn", "breakfast"],
    "Evening": ["dusk", "supper"],
}
SEAT = {
    side: {"category": name, "examples": [f"This is {word}." for word in words]}
    for side, (name, words) in zip(("targ1", "targ2", "attr1", "attr2"), SETS.items(), strict=True)
}
LINES = "\n".join(f"{name}: {', '.join(words)}." for name, words in SETS.items())


def test_the_sentence_tests_json_is_read() -> None:
    found = read_published(json.dumps(SEAT), "sent-drinks.jsonl", source="a paper")
    assert (found.name, found.source) == ("sent-drinks", "a paper")
    assert found.title == "hot drinks and cold drinks, morning and evening"
    assert found.targets.y.words[2] == "This is water."
    assert found.attributes.b.name == "evening"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SETS),
        LINES,
        LINES.replace("juice, ", "juice,\n"),
        "\n".join(f"- {line}" for line in LINES.splitlines()),
        yaml.safe_dump(SETS, sort_keys=False),
    ],
    ids=["json arrays", "lines", "a wrapped line", "bullets", "yaml"],
)
def test_four_sets_of_words_are_read_in_their_order(text: str) -> None:
    found = read_published(text, "drinks.txt")
    assert [one.words for one in found.sets()] == [tuple(words) for words in SETS.values()]
    assert [one.name for one in found.sets()] == [
        "hot drinks", "cold drinks", "morning", "evening",
    ]  # fmt: skip


def test_seedbed_s_own_form_goes_out_as_published_and_comes_back() -> None:
    for own in word_lists():
        assert read_published(yaml.safe_dump(own.model_dump(mode="json"))) == own
        again = read_published(published_text(own), own.name)
        assert [one.words for one in again.sets()] == [one.words for one in own.sets()]
        assert again.name == own.name


def test_a_name_is_made_where_none_is_given() -> None:
    assert read_published(LINES).name == "hot-drinks-and-cold-drinks-morning-and-evening"
    assert slug_of("WEAT 6, Ñames.JSONL") == "weat-6-names"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "no word list"),
        ("just prose", "no word list"),
        (LINES.splitlines()[0], "no word list"),
        (json.dumps({**SEAT, "attr2": {"category": "x"}}), "examples"),
        (json.dumps({**SEAT, "attr2": {"category": "x", "examples": ["one"]}}), "attributes.b"),
        (json.dumps({**SETS, "Fifth": ["a", "b"]}), "no word list"),
        ("[" * 2000, "no word list"),
        ("x" * 1_000_001, "too long"),
    ],
    ids=["empty", "prose", "one line", "no words", "one word", "five sets", "nested", "long"],
)
def test_what_is_no_list_is_refused(text: str, place: str) -> None:
    with pytest.raises(InvalidInput, match=place):
        read_published(text, "list.txt")


def test_an_imported_sentence_test_is_measured_as_recomputed_from_its_file() -> None:
    """The definition of the sentence tests, step by step, on seeded sentence vectors."""
    found = read_published(json.dumps(SEAT), "sent-drinks")
    generator = np.random.default_rng(7)
    rows = {sentence: generator.normal(size=12) for sentence in found.words()}
    unit = {one: row / np.linalg.norm(row) for one, row in rows.items()}
    x, y, a, b = (np.stack([unit[one] for one in side.words]) for side in found.sets())
    result = weat(x, y, a, b)

    def cosine(u: str, v: str) -> float:
        return float(rows[u] @ rows[v] / np.linalg.norm(rows[u]) / np.linalg.norm(rows[v]))

    def s(sentence: str) -> float:
        sides = (SEAT["attr1"]["examples"], SEAT["attr2"]["examples"])
        first, second = (np.mean([cosine(sentence, other) for other in side]) for side in sides)
        return float(first - second)

    s_x = [s(one) for one in SEAT["targ1"]["examples"]]
    s_y = [s(one) for one in SEAT["targ2"]["examples"]]
    deviation = np.std([*s_x, *s_y], ddof=1)
    assert result.effect_size == pytest.approx((np.mean(s_x) - np.mean(s_y)) / deviation, abs=1e-12)
    everyone = [*s_x, *s_y]
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    reached = sum(everyone[i] + everyone[j] >= sum(s_x) - 1e-12 for i, j in pairs)
    assert (result.p_value, result.is_exact) == (pytest.approx(reached / 10), True)
