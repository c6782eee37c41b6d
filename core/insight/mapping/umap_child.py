"""The child process that draws a map with UMAP: rows in one file, points in another.

A process of its own, because compiling and fitting take minutes in which a worker could not beat,
and because the compiled code's memory goes with it.

    python -m core.insight.mapping.umap_child rows.npy points.npy seed
"""

import ctypes
import os
import signal
import sys
import warnings

import numpy as np
from numpy.typing import NDArray

NEIGHBORS = 15
MAX_EXACT_ROWS = 120_000
PR_SET_PDEATHSIG = 1
NICENESS = 5  # on top of the worker's: whatever else it does comes first


def neighbors(
    x: NDArray[np.float32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]] | tuple[None, None, None]:
    """Indices and distances of each row's nearest rows, (n, count) both, itself the first.

    Exact ones, because UMAP's own search takes half a minute to compile; above MAX_EXACT_ROWS that
    is the quicker way, and it is left to it.
    """
    from sklearn.neighbors import NearestNeighbors

    if len(x) > MAX_EXACT_ROWS:
        return None, None, None
    found = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(x).kneighbors(x)
    return found[1], found[0].astype(np.float32)


def main(rows: str, points: str, seed: str) -> None:
    """Read (n, d) float32 rows, write (n, 2) float32 points; the same for the same seed.

    Source: McInnes, Healy & Melville 2018, UMAP: Uniform Manifold Approximation and Projection.
    """
    if sys.platform == "linux":  # without its worker nobody would read the result
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(NICENESS)
    with warnings.catch_warnings():
        # What its compiler says of its own deprecations is not ours to act on.
        warnings.simplefilter("ignore")
        import umap

        x = np.load(rows)
        start = x[:, :2] / max(float(np.abs(x[:, :2]).max()), 1e-12) * 10
        near = min(NEIGHBORS, len(x) - 1)
        model = umap.UMAP(
            n_neighbors=near, init=start, random_state=int(seed), n_jobs=1,
            precomputed_knn=neighbors(x, near), force_approximation_algorithm=True,
        )  # fmt: skip
        found = np.asarray(model.fit_transform(x), dtype=np.float32)
    if not np.isfinite(found).all():
        raise SystemExit("a point is not finite")
    np.save(points, found)


if __name__ == "__main__":
    main(*sys.argv[1:4])
