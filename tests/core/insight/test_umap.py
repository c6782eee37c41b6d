"""The map of many texts: drawn by a child, near where meanings are near, always the same."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import trustworthiness

from core.insight.mapping.umap import umap_points


def grouped(n: int) -> NDArray[np.float32]:
    generator = np.random.default_rng(3)
    centres = generator.normal(size=(6, 40))
    rows = centres[np.arange(n) % 6] + 0.3 * generator.normal(size=(n, 40))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_a_child_draws_a_map_that_keeps_neighbours(tmp_path: Path) -> None:
    rows = grouped(240)
    points = umap_points(rows, tmp_path, seed=1)
    assert points is not None
    assert points.shape == (240, 2)
    assert np.isfinite(points).all()
    assert trustworthiness(rows, points, n_neighbors=10) > 0.9
    centres = np.stack([points[np.arange(240) % 6 == group].mean(axis=0) for group in range(6)])
    spread = max(points[np.arange(240) % 6 == group].std(axis=0).max() for group in range(6))
    between = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    assert between[np.triu_indices(6, 1)].min() > spread


def test_a_map_that_is_not_wanted_any_more_is_stopped(tmp_path: Path) -> None:
    assert umap_points(grouped(60), tmp_path, is_stopping=lambda: True) is None
    assert list(tmp_path.iterdir()) == []
