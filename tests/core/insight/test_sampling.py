"""What a sample says of all: by its strata, and with an error that holds what it promises."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core.insight.diversity.measures import mean_pairwise_similarity, vendi_score
from core.insight.diversity.sampling import sampled_similarity, sampled_vendi, stratified_rows

N, DIMENSIONS, DRAWS = 6_000, 64, 40


@pytest.fixture(scope="module")
def population() -> NDArray[np.float32]:
    generator = np.random.default_rng(7)
    centres = generator.normal(size=(12, DIMENSIONS))
    rows = centres[generator.integers(0, 12, N)] + generator.normal(size=(N, DIMENSIONS))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_every_stratum_is_there_by_its_share() -> None:
    strata = np.repeat([0, 1, 2], [700, 200, 100])
    rows = stratified_rows(strata, 100, seed=1)
    assert np.bincount(strata[rows]).tolist() == [70, 20, 10]
    assert len(set(rows.tolist())) == 100
    assert (np.diff(rows) > 0).all()


def test_a_sample_larger_than_all_is_all_of_them() -> None:
    assert stratified_rows(np.zeros(5, dtype=np.int64), 9, seed=0).tolist() == [0, 1, 2, 3, 4]


def test_the_vendi_score_of_all_lies_within_the_stated_error(
    population: NDArray[np.float32],
) -> None:
    exact, held, off, plain = vendi_score(population), 0, [], []
    assert exact is not None
    for seed in range(DRAWS):
        rows = population[np.random.default_rng(seed).choice(N, 500, replace=False)]
        found = sampled_vendi(rows, N)
        assert found.value is not None
        assert found.sample_size == 500
        held += abs(found.value - exact) <= found.error
        off.append(abs(found.value - exact))
        plain.append(abs((vendi_score(rows) or 0) - exact))
    assert held >= 0.9 * DRAWS
    assert np.mean(off) < 0.5 * np.mean(plain)  # the correction is worth having


def test_the_mean_similarity_of_all_lies_within_the_stated_error(
    population: NDArray[np.float32],
) -> None:
    exact, held = mean_pairwise_similarity(population), 0
    assert exact is not None
    for seed in range(DRAWS):
        rows = population[np.random.default_rng(100 + seed).choice(N, 500, replace=False)]
        found = sampled_similarity(rows, N)
        assert found.value is not None
        held += abs(found.value - exact) <= found.error
    assert held >= 0.9 * DRAWS


def test_all_texts_have_no_error(population: NDArray[np.float32]) -> None:
    assert sampled_vendi(population, N).error == 0
    assert sampled_vendi(population, N).value == vendi_score(population)
    assert sampled_similarity(population[:300], 300).error == 0
