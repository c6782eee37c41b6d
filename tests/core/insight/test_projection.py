"""The projection keeps what is near together, and is the same for the same seed."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from core.insight.mapping import projection
from core.insight.mapping.projection import project


def rows(n: int, d: int = 24, seed: int = 0) -> NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    x = np.eye(d)[generator.integers(0, 3, n)] + generator.normal(scale=0.1, size=(n, d))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 9, 10, 12, 60])
def test_any_number_of_rows_has_a_finite_point_each(n: int) -> None:
    result = project(rows(n))
    assert result.points.shape == (n, 2)
    assert result.points.dtype == np.float32
    assert np.isfinite(result.points).all()


def test_neighbours_stay_neighbours() -> None:
    x = rows(150)
    result = project(x)
    assert result.method == "PCA, then t-SNE (perplexity 30)"
    assert trustworthiness(x, result.points, n_neighbors=10) > 0.85


def test_the_same_seed_gives_the_same_points() -> None:
    x = rows(60)
    assert (project(x, seed=4).points == project(x, seed=4).points).all()


def test_many_rows_fall_back_to_pca(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "TSNE_MAX_ROWS", 20)
    x = rows(80)
    result = project(x)
    reference = PCA(2, svd_solver="full").fit(x)
    assert result.method.startswith("PCA (two components keep ")
    assert result.explained_variance == pytest.approx(
        reference.explained_variance_ratio_.sum(), abs=1e-4
    )
    assert np.abs(result.points) == pytest.approx(np.abs(reference.transform(x)), abs=1e-3)


@pytest.mark.parametrize("n", [2, 15], ids=["two", "fifteen"])
def test_copies_share_one_point(n: int) -> None:
    result = project(np.tile(rows(1), (n, 1)))
    assert (result.points == 0).all()


def test_many_copies_of_two_rows_do_not_crash() -> None:
    assert np.isfinite(project(np.repeat(rows(2), 20, axis=0)).points).all()
