"""Tokens in arrays are those that a regular expression finds, text by text."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text.alike import tokens as module
from core.text.alike.tokens import Alphabet, Tokens, distinct, grams, ordered

ALPHABET = Alphabet(r"\w", "[東京]")
PATTERN = re.compile(r"[東京]|(?:(?![東京])\w)+")
WRITTEN = [15750908406972887623, 13495896266554773857]
LETTERS = "abß Ω,.\n東京é\ud800"


def rows(tokens: Tokens) -> list[list[int]]:
    ends = np.cumsum(tokens.counts)[:-1]
    return [part.tolist() for part in np.split(tokens.hashes, ends)]


@given(st.lists(st.text(LETTERS, max_size=15), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_equal_words_have_equal_hashes_and_others_do_not(texts: list[str]) -> None:
    found = [PATTERN.findall(text) for text in texts]
    got = rows(ALPHABET.tokens(texts))
    pairs = {
        (word, h) for a, b in zip(found, got, strict=True) for word, h in zip(a, b, strict=True)
    }
    assert len(pairs) == len({word for word, _ in pairs}) == len({h for _, h in pairs})


def test_blocks_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"word{i % 7} und {i} weitere 東京" * (i % 5) for i in range(400)]
    whole = ALPHABET.tokens(texts)
    monkeypatch.setattr(module, "BLOCK_CHARS", 300)
    parts = ALPHABET.tokens(texts)
    assert np.array_equal(whole.hashes, parts.hashes)
    assert np.array_equal(whole.counts, parts.counts)


def test_hashes_are_the_same_in_every_process() -> None:
    # Written down: a stored hash, or a golden result, depends on it.
    assert ALPHABET.tokens(["seed bed"]).hashes.tolist() == WRITTEN


@given(st.lists(st.text("ab ", max_size=14), min_size=1, max_size=8), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_grams_stay_inside_their_text(texts: list[str], n: int) -> None:
    tokens = ALPHABET.tokens(texts)
    found = grams(tokens, n)
    assert found.counts.tolist() == [max(0, len(text.split()) - n + 1) for text in texts]
    runs = [
        tuple(words[i : i + n])
        for words in map(str.split, texts)
        for i in range(len(words) - n + 1)
    ]
    pairs = set(zip(runs, found.hashes.tolist(), strict=True))
    assert len(pairs) == len(set(runs)) == len(set(found.hashes.tolist()))


@given(st.lists(st.integers(0, 2**64 - 1), max_size=40))
@settings(max_examples=200, deadline=None)
def test_ordering_puts_equals_together(values: list[int]) -> None:
    # Hashes that differ in their last bits alone share a place in the fast sort.
    hashes = np.array(values + [v ^ 1 for v in values] + values, dtype=np.uint64)
    places = ordered(hashes)
    assert sorted(places.tolist()) == list(range(len(hashes)))
    runs = [
        h for i, h in enumerate(hashes[places].tolist()) if i == 0 or h != hashes[places][i - 1]
    ]
    assert len(runs) == len(set(hashes.tolist()))
    assert distinct(hashes.copy()).tolist() == sorted(set(hashes.tolist()))
