"""The short cut over all pairs gives what the whole matrix of cosines gives."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core.text.alike.cosine_twins import SHORT, cosine_twins, rows_with_twin, short_vectors


def rows(n: int, d: int, seed: int, twins: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * np.exp(-np.arange(d) / 40)
    x[n - twins :] = x[:twins] + 0.02 * rng.normal(size=(twins, d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x.astype(np.float32)


def expected(x: NDArray[np.float32], threshold: float) -> tuple[list[int], list[bool]]:
    cosines = np.triu(x.astype(np.float64) @ x.T.astype(np.float64), k=1)
    cosines[cosines < threshold] = 0
    earlier = [int(c.argmax()) if c.any() else -1 for c in cosines.T]
    return earlier, ((cosines > 0).any(axis=0) | (cosines > 0).any(axis=1)).tolist()


@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.97])
def test_twins_are_those_of_the_full_matrix(threshold: float) -> None:
    x = rows(3000, 200, seed=1, twins=120)
    twins = cosine_twins(x, threshold)
    earlier, has_twin = expected(x, threshold)
    assert twins.earlier.tolist() == earlier
    assert twins.has_twin.tolist() == has_twin
    found = np.flatnonzero(twins.earlier >= 0)
    exact = np.einsum("ij,ij->i", x[found], x[twins.earlier[found]])
    assert len(found) >= 100
    assert twins.cosine[found] == pytest.approx(exact, abs=1e-6)


def test_short_vectors_never_make_a_pair_less_alike() -> None:
    x = rows(400, 300, seed=2)
    short = short_vectors(x)
    assert short.shape == (400, SHORT + 1)
    assert np.linalg.norm(short, axis=1) == pytest.approx(1, abs=1e-5)
    assert (short @ short.T >= x @ x.T - 1e-5).all()


def test_labels_decide_who_may_be_twins() -> None:
    x = rows(1, 100, seed=3).repeat(4, axis=0)
    alike, apart = np.array([0, 0, 1, 0]), np.array([0, 0, 1, 2])
    assert cosine_twins(x, 0.9).earlier.tolist() == [-1, 0, 0, 0]
    assert cosine_twins(x, 0.9, alike=alike).earlier.tolist() == [-1, 0, -1, 0]
    assert cosine_twins(x, 0.9, apart=apart).earlier.tolist() == [-1, -1, 0, 0]
    assert cosine_twins(x, 0.9, alike=alike, apart=apart).earlier.tolist() == [-1, -1, -1, 0]


def test_the_most_alike_earlier_row_is_named() -> None:
    x = np.array([[1, 0], [0.8, 0.6], [0.99, 0.1411], [0, 1]], dtype=np.float32)
    assert cosine_twins(x, 0.75).earlier.tolist() == [-1, 0, 0, -1]


def test_some_rows_are_compared_with_all() -> None:
    x = rows(2500, 120, seed=4, twins=90)
    chosen = np.arange(0, 2500, 3)
    whole = cosine_twins(x, 0.95).has_twin
    assert rows_with_twin(x, chosen, 0.95).tolist() == whole[chosen].tolist()


def test_a_crowd_of_equals_needs_no_list_of_pairs() -> None:
    x = rows(1, 100, seed=5).repeat(3000, axis=0)
    twins = cosine_twins(x, 0.95)
    assert twins.earlier.tolist() == [-1] + [0] * 2999
    assert twins.has_twin.all()


def test_few_rows_are_fine() -> None:
    none = np.zeros((0, 5), dtype=np.float32)
    assert cosine_twins(none, 0.9).earlier.tolist() == []
    assert rows_with_twin(none, np.arange(0), 0.9).tolist() == []
    assert cosine_twins(rows(1, 100, seed=6), 0.9).has_twin.tolist() == [False]
