"""How long the map of 100,000 embedded texts takes: principal components at once, UMAP after it.

    python tests/benchmarks/bench_maps.py [--n 100000] [--without-umap]

Ratios are to one covariance of the same vectors, measured in the same run.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_insight import vectors_of

from core.insight.mapping.clusters import cluster
from core.insight.mapping.projection import project
from core.insight.mapping.umap import umap_points

GOALS_S = {"map by principal components": 2.0, "UMAP": 90.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--without-umap", action="store_true")
    options = parser.parse_args()
    vectors = vectors_of(options.n)
    project(vectors[:100])  # imports
    yardstick = timed("yardstick: one covariance", lambda: vectors.T @ vectors, None)
    timed("map by principal components", lambda: project(vectors), yardstick)
    timed("clusters", lambda: cluster(vectors), yardstick)
    if not options.without_umap:
        with tempfile.TemporaryDirectory() as cache:
            timed("UMAP", lambda: umap_points(vectors, Path(cache)), yardstick)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"memory at its peak {own:.2f} GiB, of UMAP's own process {child:.2f} GiB")


def timed(name: str, act: Callable[[], Any], yardstick: float | None) -> float:
    """Run it once and print what it took, beside the yardstick and the goal."""
    began = time.perf_counter()
    act()
    took = time.perf_counter() - began
    ratio = f"{took / yardstick:8.1f} x a covariance" if yardstick else ""
    goal = f", goal {GOALS_S[name]:.0f} s" if name in GOALS_S else ""
    print(f"{name:<32}{took:8.2f} s{ratio}{goal}", flush=True)
    return took


if __name__ == "__main__":
    main()
