"""Hashed bags of words instead of a network; remembers which texts it was asked for."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 32


class WordModel:
    """Called like `core.text.embedding.model.embed`."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def vector(self, text: str) -> NDArray[np.float32]:
        row = np.full(DIMENSIONS, 0.01)
        for word in text.lower().split():
            seed = int.from_bytes(word.encode()[:8].ljust(8, b"."), "little")
            row += np.random.default_rng(seed).normal(size=DIMENSIONS)
        return (row / np.linalg.norm(row)).astype(np.float32)

    def __call__(self, texts: Sequence[str], _model: str) -> NDArray[np.float32]:
        self.texts.extend(texts)
        return np.stack([self.vector(text) for text in texts])
