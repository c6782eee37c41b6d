"""Wording metrics against scipy, gzip and counting by hand."""

import gzip
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from core.insight.diversity.measures import tokenise, wording_metrics
from core.insight.diversity.ngrams import compression_ratio, metric_tokens, ngram_figures

TEXTS = [
    "The fee is two percent, and the fee is due today.",
    "Two percent is the fee?! 東京へ wire it.",
    "",
    "A straße in GÜTERSLOH; a STRASSE there.",
    "ΟΔΥΣΣΕΥΣ left. ΟΔΥΣΣΕΥΣ came back",
]


def counted(texts: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple(tokens[i : i + n])
        for tokens in map(tokenise, texts)
        for i in range(len(tokens) - n + 1)
    )


@pytest.mark.parametrize("order", [1, 2, 3])
def test_entropy_equals_scipy_on_counted_grams(order: int) -> None:
    counts = counted(TEXTS, order)
    expected = entropy(list(counts.values()), base=2)
    assert ngram_figures(TEXTS)[order].entropy == pytest.approx(expected, abs=1e-9)


def test_entropy_is_worked_by_hand() -> None:
    # a a b b: two words of a half each are one bit; pairs aa ab bb are log2 3.
    found = ngram_figures(["a a b b"])
    assert found[1].entropy == pytest.approx(1)
    assert found[2].entropy == pytest.approx(1.584962500721156)
    assert found[1].distinct == pytest.approx(0.5)


@given(st.lists(st.text("aB ,東\n\x00", max_size=12), max_size=8), st.sampled_from([1, 2, 3]))
@settings(max_examples=150, deadline=None)
def test_figures_equal_counting_tuples(texts: list[str], order: int) -> None:
    counts = counted(texts, order)
    found = ngram_figures(texts)[order]
    if not counts:
        assert found == (None, None)
        return
    assert found.distinct == pytest.approx(len(counts) / counts.total())
    assert found.entropy == pytest.approx(entropy(list(counts.values()), base=2), abs=1e-9)


@given(st.lists(st.text(max_size=20), max_size=6))
@settings(max_examples=150, deadline=None)
def test_every_text_has_as_many_tokens_as_the_regular_expression_finds(texts: list[str]) -> None:
    assert metric_tokens(texts).counts.tolist() == [len(tokenise(text)) for text in texts]


def test_the_compression_ratio_is_that_of_gzip() -> None:
    texts = [f"{text} {i % 7}" for i, text in enumerate(TEXTS * 700)]
    whole = "\n".join(texts).encode()
    expected = len(whole) / len(gzip.compress(whole, compresslevel=6))
    assert compression_ratio(texts) == pytest.approx(expected, abs=1e-6)
    assert compression_ratio([]) is None
    assert compression_ratio(["", ""]) is not None


def test_copies_compress_better_and_have_less_entropy_per_word() -> None:
    same, other = wording_metrics([TEXTS[0]] * 40), wording_metrics(TEXTS * 8)
    assert (same["compression_ratio"].value or 0) > (other["compression_ratio"].value or 0)
    assert (same["entropy_2"].value or 0) < (other["entropy_2"].value or 0)
    assert same["distinct_1"].sample_size == 40
