"""Clusters and their words on planted structure."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, silhouette_score

from core.insight.mapping.clusters import cluster, cluster_terms, reduce


def planted(sizes: tuple[int, ...], seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    centres = np.eye(32)[: len(sizes)]
    x = centres[truth] + generator.normal(scale=0.06, size=(len(truth), 32))
    order = generator.permutation(len(truth))
    x, truth = x[order], truth[order]
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32), truth


def test_planted_clusters_are_found_the_largest_first() -> None:
    vectors, truth = planted((80, 40, 120))
    found = cluster(vectors, seed=1)
    assert found.clusters == 3
    assert adjusted_rand_score(truth, found.labels) == pytest.approx(1)
    assert np.bincount(found.labels).tolist() == [120, 80, 40]
    assert found.silhouette == pytest.approx(
        silhouette_score(reduce(vectors, 50, 1), found.labels), abs=1e-5
    )


def test_the_same_seed_gives_the_same_clusters() -> None:
    vectors, _ = planted((30, 30, 30, 30), seed=2)
    assert (cluster(vectors, seed=5).labels == cluster(vectors, seed=5).labels).all()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7])
def test_few_rows_are_one_cluster(n: int) -> None:
    found = cluster(planted((n,))[0])
    assert found.labels.tolist() == [0] * n
    assert found.clusters == min(n, 1)
    assert found.silhouette is None


def test_copies_are_one_cluster() -> None:
    vectors = np.tile(planted((1,))[0], (200, 1))
    assert cluster(vectors).clusters == 1


def test_many_copies_of_a_few_rows_do_not_crash() -> None:
    vectors = np.repeat(planted((5, 5))[0], 30, axis=0)
    assert cluster(vectors).clusters == 2


def test_terms_are_weighted_by_class_based_tf_idf() -> None:
    texts = ["card card pin", "loan rate", "card pin pin 7777", "loan loan rate the of"]
    terms = cluster_terms(texts, np.array([0, 1, 0, 1]), top=2)
    # 11 words in two clusters: A = 5.5. card 3 · log(1 + 5.5 / 3) = pin; loan 3 beats rate 2.
    assert terms == {0: ["card", "pin"], 1: ["loan", "rate"]}


def test_a_word_of_all_clusters_ranks_below_a_word_of_one() -> None:
    texts = ["money money loan loan", "money money card card", "money money fee fee"]
    terms = cluster_terms(texts, np.array([0, 1, 2]))
    # money: 2 · log(1 + 4 / 6) = 1.02; loan: 2 · log(1 + 4 / 2) = 2.20
    assert 2 * math.log(1 + 4 / 6) < 2 * math.log(1 + 4 / 2)
    assert [words[0] for words in terms.values()] == ["loan", "card", "fee"]


@pytest.mark.parametrize("texts", [["", ""], ["the of", "12 34"]], ids=["empty", "stop words"])
def test_texts_without_words_have_no_terms(texts: list[str]) -> None:
    assert cluster_terms(texts, np.array([0, 1])) == {0: [], 1: []}
