"""Which points lie inside outlines drawn on a map. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Outline = Sequence[tuple[float, float]]


def inside(places: NDArray[np.uint16], outlines: Sequence[Outline]) -> NDArray[np.bool_]:
    """(n,) whether each of the (n, 2) places is inside any of the outlines.

    An outline that crosses itself counts by the even-odd rule; one of fewer than three corners
    holds nothing. Source: Shimrat 1962, Algorithm 112: Position of point relative to polygon.
    """
    found = np.zeros(len(places), dtype=np.bool_)
    for outline in outlines:
        corners = np.asarray(outline, dtype=np.float64).reshape(-1, 2)
        if len(corners) < 3:
            continue
        low, high = corners.min(axis=0), corners.max(axis=0)
        near = np.flatnonzero(((places >= low) & (places <= high)).all(axis=1) & ~found)
        found[near[_crosses_odd(places[near].astype(np.float64), corners)]] = True
    return found


def _crosses_odd(points: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    x, y = points[:, 0], points[:, 1]
    is_in = np.zeros(len(points), dtype=np.bool_)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        if ay != by:
            is_in ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return is_in
