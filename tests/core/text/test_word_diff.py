"""Word diffs."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.diffs import DiffPart, word_diff

texts = st.text(alphabet="ab \n", max_size=60)


@given(before=texts, after=texts)
def test_the_parts_spell_both_texts(before: str, after: str) -> None:
    parts = word_diff(before, after)
    assert "".join(part.text for part in parts if part.kind != "added") == before
    assert "".join(part.text for part in parts if part.kind != "removed") == after
    assert all(one.kind != other.kind for one, other in itertools.pairwise(parts))


def test_one_changed_word_is_the_only_change() -> None:
    assert word_diff("Open the old app now", "Open the new app now") == [
        DiffPart("same", "Open the "),
        DiffPart("removed", "old "),
        DiffPart("added", "new "),
        DiffPart("same", "app now"),
    ]


@pytest.mark.parametrize("text", ["", "the same words"], ids=["empty", "text"])
def test_equal_texts_have_no_change(text: str) -> None:
    assert {part.kind for part in word_diff(text, text)} <= {"same"}


def test_long_texts_are_compared_by_line_within_a_second() -> None:
    lines = [f"line {i} says {i * i}\n" for i in range(5_000)]
    before = "".join(lines)
    after = before.replace("line 77 says", "line 77 said")
    start = time.perf_counter()
    parts = word_diff(before, after)
    assert time.perf_counter() - start < 1
    assert [part.text for part in parts if part.kind == "removed"] == ["line 77 says 5929\n"]
