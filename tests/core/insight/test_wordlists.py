"""The shipped word lists are usable, and a broken one says where."""

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.insight.bias.wordlists import read_word_list, word_lists

GOOD = """
name: tea-coffee
title: Tea and coffee
source: own
targets:
  x: {name: tea, words: [green, black]}
  y: {name: coffee, words: [espresso, latte]}
attributes:
  a: {name: calm, words: [slow, quiet]}
  b: {name: rush, words: [fast, loud]}
"""


def test_shipped_lists_are_balanced_and_share_no_word_between_sides() -> None:
    lists = word_lists()
    assert [one.name for one in lists] == ["career-family", "pleasant-unpleasant", "science-arts"]
    for one in lists:
        sides = [one.targets.x, one.targets.y, one.attributes.a, one.attributes.b]
        assert len({len(side.words) for side in sides}) == 1
        assert len(one.words()) == sum(len(side.words) for side in sides)


def test_a_list_is_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "tea.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_word_list(path).targets.y.words == ("espresso", "latte")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (GOOD.replace("[slow, quiet]", "[slow]"), "attributes.a.words"),
        (GOOD.replace("title", "headline"), "title"),
        (GOOD + "extra: 1\n", "extra"),
        ("- 1\n", "the file"),
        ("a: [", "not YAML"),
    ],
    ids=["one word", "missing", "unknown key", "a list", "not yaml"],
)
def test_a_broken_list_names_the_field(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"broken\.yaml") as caught:
        read_word_list(path)
    assert place in str(caught.value)
