"""Texts embedded per second by each backend of this machine, and how near each is to float32.

    python tests/benchmarks/bench_embedding.py [--texts 512] [--data FILE.jsonl]

The backend that Seedbed chooses must be within a tenth of the fastest one of equal quality. int8 is
shown beside them: faster on some processors, but its neighbours are others.
"""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.text.embedding.backends import (
    EQUAL_COSINE,
    FLOAT32,
    Backend,
    encode,
    mean_cosine,
    possible_backends,
)
from core.text.embedding.model import DEFAULT_MODEL, backend_of, embed, load_float32

ROUNDS = 3  # the best of them counts: other programs only ever slow a round down
NEIGHBOURS = 10
WORDS = 150
SLACK = 0.9

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Measured:
    """One backend's figures."""

    name: str
    per_s: float
    cosine: float  # mean, to float32
    neighbours: float  # share of the ten nearest texts that float32 finds too

    @property
    def is_equal(self) -> bool:
        return self.cosine >= EQUAL_COSINE


def texts_of(path: Path | None, n: int) -> list[str]:
    """n different texts of about WORDS words."""
    lines = path.read_text("utf-8").splitlines() if path else []
    found = [" ".join(str(value) for value in json.loads(line).values()) for line in lines]
    if not found:
        generator = np.random.default_rng(0)
        words = [f"word{i}" for i in range(2_000)]
        found = [" ".join(generator.choice(words, WORDS)) for _ in range(n)]
    joined = [f"{found[i % len(found)]} {found[(i * 7 + 1) % len(found)]}" for i in range(n)]
    return [" ".join(text.split()[:WORDS]) for text in joined]


def neighbours(vectors: Vectors) -> NDArray[np.int64]:
    """The nearest other rows of each row, (n, NEIGHBOURS)."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    return np.argsort(-cosines, axis=1)[:, :NEIGHBOURS]


def measured(
    name: str, run: Callable[[Sequence[str]], Vectors], texts: Sequence[str], wanted: Vectors | None
) -> tuple[Measured, Vectors]:
    run(texts[:16])
    best, vectors = float("inf"), np.zeros((0, 0), dtype=np.float32)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        vectors = run(texts)
        best = min(best, time.perf_counter() - began)
    reference = vectors if wanted is None else wanted
    near, nearest = neighbours(vectors), neighbours(reference)
    shared = np.mean([len(np.intersect1d(a, b)) for a, b in zip(near, nearest, strict=True)])
    figures = Measured(
        name, len(texts) / best, mean_cosine(vectors, reference), shared / NEIGHBOURS
    )
    return figures, vectors


def moved(backend: Backend) -> Callable[[Sequence[str]], Vectors]:
    """A way to embed by this backend."""
    import torch

    model = load_float32(DEFAULT_MODEL)
    if backend != FLOAT32:
        model = model.to(device=backend.device, dtype=getattr(torch, backend.dtype))
    return lambda texts: encode(model, texts, backend)


def int8() -> Callable[[Sequence[str]], Vectors]:
    """Dynamic quantisation of every linear layer, for comparison only."""
    import torch

    model = load_float32(DEFAULT_MODEL)
    quick = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    return lambda texts: encode(quick, texts, FLOAT32)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=512)
    parser.add_argument("--data", type=Path, help="JSON Lines; invented words without")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    import torch

    texts = texts_of(arguments.data, arguments.texts)
    plain, wanted = measured(FLOAT32.name, moved(FLOAT32), texts, None)
    found = [plain]
    for backend in possible_backends(torch):
        if backend != FLOAT32:
            found.append(measured(backend.name, moved(backend), texts, wanted)[0])
    found.append(measured("cpu int8", int8(), texts, wanted)[0])
    chosen = backend_of()
    own = measured(f"chosen: {chosen.name}", embed, texts, wanted)[0]
    print(f"{len(texts)} texts of {WORDS} words, {torch.get_num_threads()} threads")
    print(f"{'backend':28}{'texts/s':>9}{'cosine':>9}{'neighbours':>12}")
    for row in (*found, own):
        mark = "" if row.is_equal else "  not equal"
        print(f"{row.name:28}{row.per_s:9.1f}{row.cosine:9.5f}{row.neighbours:12.1%}{mark}")
    fastest = max(row.per_s for row in found if row.is_equal)
    is_met = own.is_equal and own.per_s >= SLACK * fastest
    print(f"chosen / fastest of equal quality: {own.per_s / fastest:.2f} (at least {SLACK})")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
