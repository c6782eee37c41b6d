"""UMAP of many vectors, by a child process."""

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import SeedbedError
from core.insight.diversity.measures import Vectors
from core.insight.mapping.clusters import DIMENSIONS, reduce

CHILD: Final = "core.insight.mapping.umap_child"
METHOD: Final = "UMAP of the first 50 principal components (15 neighbours)"
LOOK_EVERY_S: Final = 0.5

logger = logging.getLogger(__name__)


def umap_points(
    vectors: Vectors, cache: Path, *, seed: int = 0, is_stopping: Callable[[], bool] | None = None
) -> NDArray[np.float32] | None:
    """(n, 2) float32 for at least three rows; None when it was stopped.

    `cache` is a folder for what its compiler keeps from one process to the next. Raises
    SeedbedError when the child fails.
    """
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        rows, points = Path(folder, "rows.npy"), Path(folder, "points.npy")
        np.save(rows, reduce(vectors, DIMENSIONS, seed))
        command = [sys.executable, "-P", "-m", CHILD, str(rows), str(points), str(seed)]
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        ) as child:  # fmt: skip
            said = _wait(child, is_stopping)
        if said is None:
            return None
        if child.returncode != 0:
            logger.warning("the map's child ended with %s: %s", child.returncode, said[-2000:])
            raise SeedbedError(
                "The map could not be drawn with UMAP.",
                remedy="The map by principal components stays; the worker's log says why.",
            )
        found: NDArray[np.float32] = np.load(points)
        return found


def _wait(child: "subprocess.Popen[str]", is_stopping: Callable[[], bool] | None) -> str | None:
    """What the child said when it ended; None when it was stopped."""
    while True:
        try:
            return child.communicate(timeout=LOOK_EVERY_S)[1]
        except subprocess.TimeoutExpired:
            if is_stopping is not None and is_stopping():
                child.kill()
                child.communicate()
                return None
