"""Vectors to points on a plane. Pure, the same for the same seed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.insight.diversity.measures import Vectors
from core.insight.mapping.clusters import DIMENSIONS, reduce, row_numbers

TSNE_MAX_ROWS = 2_000  # above it t-SNE takes more than ten seconds of one core
TSNE_STEPS = 500  # 1,000 double the time for a trustworthiness of 0.982 instead of 0.981
TSNE_MIN_ROWS = 10
PERPLEXITY = 30.0


class Projection(NamedTuple):
    """Points and how they were made."""

    points: NDArray[np.float32]  # (n, 2)
    method: str
    explained_variance: float | None  # share that two components keep; None for t-SNE
    is_final: bool = True  # False: too many rows for a better map now


def project(vectors: Vectors, *, seed: int = 0, is_quick: bool = False) -> Projection:
    """(n, 2) float32: PCA then t-SNE for 10 to 2,000 different rows, PCA alone otherwise or where
    it must be quick.

    Equal rows share a point.
    Source: van der Maaten & Hinton 2008, Visualizing Data using t-SNE.
    """
    from threadpoolctl import threadpool_limits

    x = np.asarray(vectors, dtype=np.float32)
    _, first, row_of = np.unique(row_numbers(x), return_index=True, return_inverse=True)
    if len(first) < 2:
        return Projection(np.zeros((len(x), 2), dtype=np.float32), "one point", None)
    if is_quick or not TSNE_MIN_ROWS <= len(first) <= TSNE_MAX_ROWS:
        return _pca(x)._replace(is_final=len(first) < TSNE_MIN_ROWS)
    different = x[first]
    # One thread: where other processes use the cores, the barriers between OpenMP threads made a
    # map of 40 points take 43 s instead of 0.3 s.
    with threadpool_limits(1):
        found = _tsne(different, seed)
    return found._replace(points=found.points[row_of])


def _pca(x: NDArray[np.float32]) -> Projection:
    from sklearn.decomposition import PCA

    size = min(2, *x.shape)
    solver = "covariance_eigh" if x.shape[0] >= x.shape[1] else "full"
    model = PCA(n_components=size, svd_solver=solver)
    points = np.zeros((len(x), 2), dtype=np.float32)
    points[:, :size] = model.fit_transform(x)
    kept = float(model.explained_variance_ratio_.sum())
    return Projection(points, f"PCA (two components keep {kept:.0%} of the variance)", kept)


def _tsne(x: NDArray[np.float32], seed: int) -> Projection:
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(x) - 1) / 3)
    reduced = reduce(x, DIMENSIONS, seed)
    start = reduced[:, :2] / max(float(reduced[:, 0].std()), 1e-12) * 1e-4
    if start.shape[1] < 2:
        start = np.column_stack([start[:, 0], np.zeros(len(x), dtype=np.float32)])
    model = TSNE(perplexity=perplexity, init=start, max_iter=TSNE_STEPS, random_state=seed)
    points: NDArray[np.float32] = model.fit_transform(reduced).astype(np.float32)
    return Projection(points, f"PCA, then t-SNE (perplexity {perplexity:.0f})", None)
