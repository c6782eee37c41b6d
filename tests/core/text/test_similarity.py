"""Near-duplicates agree with exact Jaccard computed the slow way."""

import itertools
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text.alike.similarity import (
    Pair,
    jaccard,
    near_duplicate_groups,
    near_duplicate_pairs,
    union_groups,
)

FOX = "the quick brown fox jumps over the lazy dog near the river"
WORDS = [f"w{i}" for i in range(400)]


def sentences(n: int, words: int, seed: int) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[WORDS[k] for k in rng.integers(0, len(WORDS), words)] for _ in range(n)]


def slow_jaccard(a: str, b: str) -> float:
    def shingles(text: str) -> set[tuple[str, ...]]:
        words = text.lower().split()
        return set(zip(words, words[1:], words[2:], strict=False))

    return len(shingles(a) & shingles(b)) / len(shingles(a) | shingles(b))


def test_jaccard_of_a_hand_worked_pair() -> None:
    # a b c d e: abc bcd cde; a b c d f: abc bcd cdf; 2 in common of 4.
    assert jaccard("a b c d e", "a b c d f") == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (FOX, FOX.upper() + "!", 1.0),
        ("yes", "Yes.", 1.0),
        ("yes", "no", 0.0),
        ("thank you", "you thank", 0.0),
        ("yes", FOX, 0.0),
        ("", "", 1.0),
        ("", "!", 0.0),
        ("银行卡被锁定后请重新设置", "银行卡被锁定后请重新设定", 9 / 11),
    ],
)
def test_jaccard_at_the_edges(a: str, b: str, expected: float) -> None:
    assert jaccard(a, b) == pytest.approx(expected)


def test_only_pairs_above_the_threshold_are_grouped() -> None:
    close = " ".join(WORDS[:100])
    texts = [close, close + " end", FOX, close.replace("w50 ", "x "), FOX + "!"]
    assert near_duplicate_groups(texts).tolist() == [0, 0, 2, 0, 2]


def test_no_text_and_one_text_are_fine() -> None:
    assert near_duplicate_groups([]).tolist() == []
    assert near_duplicate_groups(["alone"]).tolist() == [0]
    assert near_duplicate_pairs([], []) == []


def test_similarity_is_the_exact_one_of_all_planted_pairs() -> None:
    base = sentences(300, 60, seed=1)
    changed = [[*row[:k], "zebra", *row[k + 1 :]] for k, row in enumerate(base[:60])]
    texts = [" ".join(row) for row in base + changed]
    expected = {
        (i, i + 300): slow_jaccard(texts[i], texts[i + 300])
        for i in range(60)
        if slow_jaccard(texts[i], texts[i + 300]) >= 0.85
    }
    found = {pair[:2]: pair.similarity for pair in near_duplicate_pairs(texts)}
    assert len(expected) >= 50
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.85, 0.95])
def test_no_pair_is_missed_or_invented_at_any_threshold(threshold: float) -> None:
    rng = np.random.default_rng(3)
    base = sentences(40, 40, seed=2)
    rows = [list(row) for row in base for _ in range(4)]
    for row in rows:
        for _ in range(int(rng.integers(0, 6))):
            row[int(rng.integers(len(row)))] = WORDS[int(rng.integers(len(WORDS)))]
    texts = [" ".join(row) for row in rows]
    expected = {
        (i, j)
        for i, j in itertools.combinations(range(len(texts)), 2)
        if slow_jaccard(texts[i], texts[j]) >= threshold
    }
    found = near_duplicate_pairs(texts, threshold=threshold)
    # Records with the same words are paired with their first alone, so groups are compared.
    assert (
        near_duplicate_groups(texts, threshold).tolist()
        == union_groups(len(texts), iter(expected)).tolist()
    )
    assert {pair[:2] for pair in found} <= expected


def test_the_answer_does_not_depend_on_the_order_of_texts() -> None:
    base = sentences(60, 40, seed=4)
    texts = [" ".join(row) for row in base + [[*row[:-1], "z"] for row in base[:30]]]
    order = np.random.default_rng(5).permutation(len(texts))
    straight = near_duplicate_groups(texts)
    mixed = near_duplicate_groups([texts[i] for i in order])
    same = straight[order][:, None] == straight[order][None, :]
    assert np.array_equal(same, mixed[:, None] == mixed[None, :])


def test_every_field_must_be_alike() -> None:
    passage = " ".join(WORDS)
    inputs = [f"{passage} question one", f"{passage} question two", f"{passage} question one"]
    responses = [
        "The fee is two percent.",
        "A branch can do that today.",
        "The fee is two percent!",
    ]
    assert near_duplicate_pairs(inputs, responses) == [Pair(0, 2, 1.0)]
    assert near_duplicate_pairs(["Yes."] * 3, [FOX, passage, FOX]) == [Pair(0, 2, 1.0)]


def test_fields_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        near_duplicate_pairs(["a"], ["a", "b"])


def test_a_large_bucket_of_look_alikes_becomes_one_group() -> None:
    frame = " ".join(WORDS[:120])
    texts = [f"{frame} case {i}" for i in range(300)]
    assert set(near_duplicate_groups(texts).tolist()) == {0}


@settings(max_examples=50)
@given(st.lists(st.text(alphabet="ab ", max_size=30), max_size=12), st.floats(0.2, 1.0))
def test_groups_are_named_by_their_first_member(texts: Sequence[str], threshold: float) -> None:
    groups = near_duplicate_groups(texts, threshold)
    assert len(groups) == len(texts)
    for i, group in enumerate(groups.tolist()):
        assert group <= i
        assert groups[group] == group


def test_union_groups_follows_chains() -> None:
    assert union_groups(6, iter([(3, 4), (1, 3), (5, 2)])).tolist() == [0, 1, 2, 1, 1, 2]


def test_ten_thousand_texts_take_seconds() -> None:
    texts = [" ".join(row) for row in sentences(10_000, 60, seed=7)]
    started = time.process_time()
    groups = near_duplicate_groups(texts)
    assert time.process_time() - started < 5
    assert len(set(groups.tolist())) == 10_000
