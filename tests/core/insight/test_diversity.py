"""Diversity metrics against hand-worked cases, independent libraries and properties."""

import math
import warnings

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.insight.diversity.measures import (
    distinct_n,
    mean_pairwise_similarity,
    sample_rows,
    self_bleu,
    semantic_twin_rate,
    tokenise,
    twin_rate,
    vendi_score,
)

QUESTIONS = [
    "How do I activate my new card?",
    "How do I activate my new card now?",
    "Why was my transfer declined at the shop?",
    "The the the the the exchange rate looks wrong, wrong, wrong!",
    "Card",
    "My card was swallowed by the machine, and the machine said nothing.",
    "Where is my money? Where is my card? Where is my statement?",
    "I would like to close my savings account and move the money.",
]


def unit_rows(n: int, d: int, seed: int = 0) -> NDArray[np.float32]:
    x = np.random.default_rng(seed).normal(size=(n, d)) + 0.3
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def test_vendi_of_orthogonal_rows_is_their_number() -> None:
    assert vendi_score(np.eye(5, dtype=np.float32)) == pytest.approx(5)


def test_vendi_of_copies_is_one() -> None:
    assert vendi_score(np.tile(unit_rows(1, 8), (6, 1))) == pytest.approx(1, abs=1e-6)


def test_vendi_of_two_rows_is_worked_by_hand() -> None:
    # K / 2 with cosine c has the eigenvalues (1 + c) / 2 and (1 - c) / 2.
    c = 0.6
    rows = np.array([[1, 0], [c, math.sqrt(1 - c * c)]])
    entropy = -sum(p * math.log(p) for p in ((1 + c) / 2, (1 - c) / 2))
    assert vendi_score(rows) == pytest.approx(math.exp(entropy))


@pytest.mark.parametrize(("n", "d"), [(40, 12), (12, 40), (200, 384), (1, 3)])
def test_vendi_equals_the_reference_package(n: int, d: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from vendi_score import vendi
    x = unit_rows(n, d).astype(np.float64)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    assert vendi_score(x) == pytest.approx(vendi.score_dual(x), abs=1e-6)
    kernel = float(np.exp(vendi.entropy_q(np.linalg.eigvalsh(x @ x.T / n))))
    assert vendi_score(x) == pytest.approx(kernel, abs=1e-6)


@given(n=st.integers(1, 30), d=st.integers(1, 20), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_vendi_lies_between_one_and_its_bound_and_ignores_order(n: int, d: int, seed: int) -> None:
    x = unit_rows(n, d, seed)
    score = vendi_score(x)
    assert score is not None
    assert 1 - 1e-5 <= score <= min(n, d) + 1e-5
    assert vendi_score(x[::-1]) == pytest.approx(score)


def test_vendi_of_nothing_is_unknown() -> None:
    assert vendi_score(np.zeros((0, 3), dtype=np.float32)) is None


@given(n=st.integers(2, 30), d=st.integers(1, 20), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_mean_similarity_equals_the_mean_over_pairs(n: int, d: int, seed: int) -> None:
    x = unit_rows(n, d, seed)
    cosines = (x.astype(np.float64) @ x.T)[np.triu_indices(n, 1)]
    assert mean_pairwise_similarity(x) == pytest.approx(cosines.mean(), abs=1e-6)


def test_mean_similarity_needs_two_rows() -> None:
    assert mean_pairwise_similarity(unit_rows(1, 4)) is None
    assert mean_pairwise_similarity(np.eye(2)) == pytest.approx(0)


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1, 3 / 6), (2, 3 / 4), (3, 2 / 2)],
    ids=["words", "pairs", "triples"],
)
def test_distinct_n_is_worked_by_hand(n: int, expected: float) -> None:
    # a b a | a b c: words a b c; pairs ab ba ab bc; triples aba abc.
    assert distinct_n(["A b a", "a b c"], n) == pytest.approx(expected)


@given(st.lists(st.text("ab ,", max_size=12), max_size=8), st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_distinct_n_equals_counting_with_sets(texts: list[str], n: int) -> None:
    grams = [
        tuple(tokens[i : i + n])
        for tokens in map(tokenise, texts)
        for i in range(len(tokens) - n + 1)
    ]
    expected = len(set(grams)) / len(grams) if grams else None
    assert distinct_n(texts, n) == (None if expected is None else pytest.approx(expected))
    assert distinct_n(texts[::-1], n) == distinct_n(texts, n)


def test_tokens_are_words_marks_and_single_ideographs() -> None:
    assert tokenise("Don't pay 12€, 東京へ!") == [
        *("don", "'", "t", "pay", "12", "€", ",", "東", "京", "へ", "!"),
    ]


def reference_self_bleu(texts: list[str]) -> float:
    prepared = [" ".join(tokenise(text)) for text in texts]
    scores = [
        sacrebleu.sentence_bleu(
            hypothesis,
            prepared[:i] + prepared[i + 1 :],
            smooth_method="floor",
            smooth_value=0.1,
            tokenize="none",
            use_effective_order=True,
        ).score
        for i, hypothesis in enumerate(prepared)
    ]
    return float(np.mean(scores)) / 100


def test_self_bleu_equals_sacrebleu_on_all_texts() -> None:
    result = self_bleu(QUESTIONS)
    assert result.value == pytest.approx(reference_self_bleu(QUESTIONS), abs=1e-9)
    assert (result.sample_size, result.error) == (len(QUESTIONS), 0.0)


@given(st.lists(st.text("abc ", max_size=14), min_size=2, max_size=7))
@settings(max_examples=60, deadline=None)
def test_self_bleu_equals_sacrebleu_on_any_texts(texts: list[str]) -> None:
    value = self_bleu(texts).value
    assert value == pytest.approx(reference_self_bleu(texts), abs=1e-9)
    assert value is not None
    assert 0 <= value <= 1 + 1e-12
    assert self_bleu(texts[::-1]).value == pytest.approx(value)


def test_self_bleu_of_a_sample_equals_sacrebleu_on_that_sample() -> None:
    chosen = [QUESTIONS[i] for i in sample_rows(len(QUESTIONS), 5, seed=3)]
    result = self_bleu(QUESTIONS, sample=5, seed=3)
    assert result.value == pytest.approx(reference_self_bleu(chosen), abs=1e-9)
    assert result.sample_size == 5
    assert result.error > 0


def test_self_bleu_of_copies_is_one_and_of_one_text_unknown() -> None:
    assert self_bleu([QUESTIONS[0]] * 3).value == pytest.approx(1)
    assert self_bleu([QUESTIONS[0]]).value is None


def test_twin_rate_counts_every_member_of_a_group_of_two_or_more() -> None:
    assert twin_rate(np.array([0, 1, 0, 2, 3, 3, 3])).value == pytest.approx(5 / 7)
    assert twin_rate(np.array([4])).value is None


def test_semantic_twins_equal_all_pairs() -> None:
    x = unit_rows(60, 6, seed=4)
    cosines = x @ x.T
    np.fill_diagonal(cosines, -1)
    expected = (cosines.max(axis=1) >= 0.95).mean()
    result = semantic_twin_rate(x, threshold=0.95)
    assert 0 < expected < 1
    assert result.value == pytest.approx(expected)
    assert result.error == 0


def test_sampled_semantic_twins_stay_within_the_stated_error_nineteen_times_in_twenty() -> None:
    x = unit_rows(600, 7, seed=5)
    exact = semantic_twin_rate(x).value
    assert exact is not None
    inside = 0
    for seed in range(60):
        result = semantic_twin_rate(x, rows=150, seed=seed)
        assert result.sample_size == 150
        assert result.value is not None
        inside += abs(result.value - exact) <= result.error
    assert inside >= 52


def test_sampled_rows_are_seeded_sorted_and_different() -> None:
    rows = sample_rows(1_000, 50, seed=1)
    assert len(np.unique(rows)) == 50
    assert (np.diff(rows) > 0).all()
    assert (rows == sample_rows(1_000, 50, seed=1)).all()
    assert (sample_rows(3, 50, seed=1) == np.arange(3)).all()
