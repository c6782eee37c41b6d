"""The fastest backend is taken only where its vectors are those of float32."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.text.embedding.backends import (
    EQUAL_COSINE,
    FLOAT32,
    Backend,
    encode,
    fastest,
    mean_cosine,
    possible_backends,
    unit_norm,
)
from core.text.embedding.model import backend_of, embed, load_float32

QUICK = Backend("quick", "cpu", "bfloat16", 8)
TEXTS = (
    "My card was declined abroad and I want to know why.",
    "A farmer has 12 hens; each lays 5 eggs a week. How many eggs in 3 weeks?",
    "Rezept für eine Linsensuppe mit Karotten und Lorbeer.",
    "short",
)


class Model:
    """A network of one number per text; in another precision it is off by `error`."""

    def __init__(self, error: float, *, fails: bool = False) -> None:
        self.error, self.fails, self.moved = error, fails, False

    def to(self, **_where: Any) -> "Model":
        if self.fails:
            raise RuntimeError("out of memory")
        copied = Model(self.error)
        copied.moved = True
        return copied

    def encode(self, texts: Sequence[str], **_: Any) -> NDArray[np.float32]:
        off = self.error if self.moved else 0.0
        rows = [[1.0, len(text) % 7 / 7, off] for text in texts]
        return np.array(rows, dtype=np.float32)


def test_a_backend_of_equal_quality_is_taken() -> None:
    model, backend = fastest(Model(error=0.001), [QUICK, FLOAT32])
    assert backend == QUICK
    assert model.moved


def test_a_backend_that_changes_vectors_is_left(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        model, backend = fastest(Model(error=0.5), [QUICK, FLOAT32])
    assert backend == FLOAT32
    assert not model.moved
    assert "not as good as float32" in caplog.text


def test_a_backend_that_fails_is_left() -> None:
    assert fastest(Model(error=0, fails=True), [QUICK, FLOAT32])[1] == FLOAT32


def test_zero_and_infinite_vectors_are_refused() -> None:
    for bad in ([[0.0, 0.0]], [[np.inf, 1.0]]):
        with pytest.raises(ValueError, match="zero or not finite"):
            unit_norm(np.array(bad))


def test_this_machine_s_backend_gives_float32_s_vectors() -> None:
    import torch

    backend = backend_of()
    assert backend in possible_backends(torch)
    wanted = encode(load_float32(), TEXTS, FLOAT32)
    found = embed(TEXTS)
    assert mean_cosine(found, wanted) >= EQUAL_COSINE
    assert (np.argsort(found @ found.T) == np.argsort(wanted @ wanted.T)).all()
