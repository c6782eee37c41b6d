"""All pairs of near-equal directions among unit vectors, without n x n cosines.

A vector is turned into the axes of greatest variance and cut after a few: what is left out is one
number, its length. The short vectors are of length 1 again, and no pair's cosine is smaller there
than in full (Cauchy-Schwarz). So one cheap product of short vectors rules out almost all pairs,
none by mistake, and the rest are compared in full.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]

SHORT: Final = 64  # numbers of a short vector
ROWS: Final = 512  # of a block: with COLUMNS 4 MiB of cosines, which stay in the cache
COLUMNS: Final = 2048
DENSE: Final = 0.02  # share of a block from which comparing all of it in full is cheaper
ROUNDING: Final = 1e-5  # what float32 may lose in a cosine
SPECTRUM_ROWS: Final = 20_000  # from which the axes are found
MAX_THREADS: Final = 4


class Twins(NamedTuple):
    """Per row, (n,): its most alike earlier row, and whether it has a twin on either side."""

    earlier: Rows  # index, -1 without one; the first of equals
    cosine: NDArray[np.float32]  # to `earlier`; 0 without one
    has_twin: NDArray[np.bool_]


class Hits(NamedTuple):
    """Pairs of rows that reach the threshold; left < right."""

    left: Rows
    right: Rows
    cosine: NDArray[np.float32]


def cosine_twins(
    vectors: Vectors,
    threshold: float,
    *,
    alike: Rows | None = None,
    apart: Rows | None = None,
) -> Twins:
    """The twins of each unit row, (n, d), at a cosine of at least `threshold`. Deterministic.

    Rows are twins only where their labels in `alike`, (n,), are equal and those in `apart` differ.
    Exact up to the rounding of float32. Time grows with n² / 2 products of SHORT numbers; memory
    does not grow with the number of pairs.
    """
    n = len(vectors)
    earlier = np.full(n, n, dtype=np.int64)
    cosine = np.zeros(n, dtype=np.float32)
    has_twin = np.zeros(n, dtype=np.bool_)

    def take(hits: Hits) -> None:
        keep = hits.left < hits.right
        if alike is not None:
            keep &= alike[hits.left] == alike[hits.right]
        if apart is not None:
            keep &= apart[hits.left] != apart[hits.right]
        left, right, value = hits.left[keep], hits.right[keep], hits.cosine[keep]
        has_twin[left] = has_twin[right] = True
        before = cosine[right]
        np.maximum.at(cosine, right, value)
        is_best = value == cosine[right]
        earlier[right[is_best & (value > before)]] = n
        np.minimum.at(earlier, right[is_best], left[is_best])

    _scan(vectors, np.arange(n), threshold, take, ahead=True)
    return Twins(np.where(earlier < n, earlier, -1), cosine, has_twin)


def rows_with_twin(vectors: Vectors, rows: Rows, threshold: float) -> NDArray[np.bool_]:
    """Whether each of some rows, (m,) ascending, has another row of all at such a cosine, (m,)."""
    has_twin = np.zeros(len(vectors), dtype=np.bool_)

    def take(hits: Hits) -> None:
        has_twin[hits.left[hits.left != hits.right]] = True

    _scan(vectors, rows, threshold, take, ahead=False)
    return has_twin[rows]


def short_vectors(vectors: Vectors, size: int = SHORT) -> Vectors:
    """Unit rows (n, size + 1) whose cosines are nowhere smaller than those of `vectors`.

    The axes are the first eigenvectors of the second moments (PCA without centring); the last
    number is the length of what they leave out.
    """
    n, d = vectors.shape
    if d <= size + 1 or not n:
        return np.ascontiguousarray(vectors, dtype=np.float32)
    some = vectors[:: max(1, n // SPECTRUM_ROWS)].astype(np.float64)
    axes = np.linalg.eigh(some.T @ some)[1][:, ::-1][:, :size].astype(np.float32)
    result = np.empty((n, size + 1), dtype=np.float32)
    np.matmul(vectors, axes, out=result[:, :size])
    kept = np.einsum("ij,ij->i", result[:, :size], result[:, :size], dtype=np.float64)
    whole = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    result[:, size] = np.sqrt(np.maximum(whole - kept, 0.0))
    return result


def _scan(
    vectors: Vectors, rows: Rows, threshold: float, take: Callable[[Hits], None], *, ahead: bool
) -> None:
    """Gives `take` the pairs of a row with any row, or with those from its own block on.

    One thread a core, each with products of one thread: BLAS's own threads wait for each other,
    and where other processes work too that took six times as long.
    """
    from threadpoolctl import threadpool_limits

    x = np.ascontiguousarray(vectors, dtype=np.float32)
    if not len(rows):
        return
    lock = Lock()
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(_threads()) as pool:
        short = short_vectors(x)

        def stripe(top: int) -> None:
            chosen = rows[top : top + ROWS]
            first = int(chosen[0]) if ahead else 0
            for hits in _stripe(x, short, chosen, first - first % COLUMNS, threshold):
                with lock:
                    take(hits)

        for _ in pool.map(stripe, range(0, len(rows), ROWS)):
            pass


def _stripe(x: Vectors, short: Vectors, rows: Rows, first: int, threshold: float) -> Iterator[Hits]:
    bound = np.float32(threshold - ROUNDING)
    buffer = np.empty((len(rows), COLUMNS), dtype=np.float32)
    some = short[rows]
    for start in range(first, len(x), COLUMNS):
        columns = short[start : start + COLUMNS]
        block = buffer[:, : len(columns)]
        np.matmul(some, columns.T, out=block)
        if block.max() < bound:
            continue
        places = np.flatnonzero(block >= bound)
        left, right = rows[places // len(columns)], start + places % len(columns)
        if len(places) > DENSE * block.size:
            cosine = (x[rows] @ x[start : start + COLUMNS].T).ravel()[places]
        else:
            cosine = _cosines(x, left, right)
        reached = cosine >= threshold
        if reached.any():
            yield Hits(left[reached], right[reached], cosine[reached])


def _cosines(x: Vectors, left: Rows, right: Rows) -> NDArray[np.float32]:
    result = np.empty(len(left), dtype=np.float32)
    for part in range(0, len(left), ROWS):
        chosen = slice(part, part + ROWS)
        np.einsum("ij,ij->i", x[left[chosen]], x[right[chosen]], out=result[chosen])
    return result


def _threads() -> int:
    return max(1, min(MAX_THREADS, os.cpu_count() or 1))
