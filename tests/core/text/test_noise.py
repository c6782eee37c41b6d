"""Slips of the keyboard: deterministic, as many as asked for, and never in a figure."""

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text.noise import KEY_ROWS, NEIGHBOURS, NOISE_KINDS, add_noise

TEXT = (
    "Hello, my card has not arrived yet and I am worried about it. I ordered it on 12 May, see "
    "https://bank.example/AB-123 for the order. What should I do now, please?"
)


@settings(deadline=None)
@given(text=st.text(max_size=200), rate=st.floats(0, 1), seed=st.integers(0, 2**40))
def test_any_text_can_be_noised_and_the_same_seed_gives_the_same(
    text: str, rate: float, seed: int
) -> None:
    assert add_noise(text, rate=rate, seed=seed) == add_noise(text, rate=rate, seed=seed)


def test_another_process_makes_the_same_slips() -> None:
    script = f"from core.text.noise import add_noise; print(add_noise({TEXT!r}, rate=0.2, seed=5))"
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.rstrip("\n") == add_noise(TEXT, rate=0.2, seed=5)


def test_figures_and_links_stay_and_something_changes() -> None:
    for seed in range(200):
        noisy = add_noise(TEXT, rate=0.3, seed=seed)
        assert noisy != TEXT
        assert re.findall(r"\S*\d\S*", noisy) == re.findall(r"\S*\d\S*", TEXT)


def test_the_rate_is_met_on_average() -> None:
    words = " ".join(f"word{'abcdefghij'[i % 10]}" for i in range(4000)).replace(" ", "  ")
    noisy = add_noise(words, rate=0.1, seed=3, kinds=["typo", "neighbour", "case"])
    changed = sum(a != b for a, b in zip(words.split(), noisy.split(), strict=True))
    assert 0.08 < changed / 4000 < 0.12


@pytest.mark.parametrize("kind", list(NOISE_KINDS))
def test_each_kind_changes_what_it_says(kind: str) -> None:
    noisy = [add_noise(TEXT, rate=0.2, seed=seed, kinds=[kind]) for seed in range(30)]
    assert all(text != TEXT for text in noisy)
    for text in noisy:
        before, after = TEXT.split(), text.split()
        if kind == "case":
            assert text.casefold() == TEXT.casefold()
        elif kind == "drop":
            assert len(after) < len(before)
            assert [word for word in after if word not in before] == []
        elif kind == "space":
            assert text.replace(" ", "") == TEXT.replace(" ", "")
        else:
            assert len(after) == len(before)


def test_a_neighbour_lies_beside_its_key() -> None:
    assert sorted(NEIGHBOURS["g"]) == list("bfhtvy")
    assert sorted(NEIGHBOURS) == sorted("".join(KEY_ROWS))
    assert all(key in NEIGHBOURS[near] for key, nears in NEIGHBOURS.items() for near in nears)


def test_nothing_happens_without_a_rate_or_a_word() -> None:
    assert add_noise(TEXT, rate=0, seed=1) == TEXT
    assert add_noise("12 + 34 = 46", rate=1, seed=1) == "12 + 34 = 46"
    with pytest.raises(ValueError, match="unknown kinds"):
        add_noise(TEXT, rate=0.1, seed=1, kinds=["smudge"])
    with pytest.raises(ValueError, match="from 0 to 1"):
        add_noise(TEXT, rate=2, seed=1)
