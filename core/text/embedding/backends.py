"""Where and in which precision an embedding model runs: the fastest way of equal quality.

Owns the choice, made once per process: the fastest kind that the machine has, if its vectors are
those of float32. int8 is not among the kinds, because it changes neighbours. Importing this stays
light.
"""

import copy
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

EQUAL_COSINE: Final = 0.999  # mean cosine to float32 from which two backends are of equal quality
WORDS: Final = (
    "A customer asks how to change the address of an account and what it costs per month",
    "The train leaves at 9:40 and takes 3 hours, so how far has it gone at noon",
    "Explain in two sentences why the sky is blue and the evening sun is red",
    "Refunds are paid within 14 days after the goods have come back to our warehouse",
)
PROBES: Final = tuple(f"{WORDS[i % 4]}. {WORDS[i // 4]}, part {i}. " * 2 for i in range(8))

Vectors = NDArray[np.float32]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backend:
    """A device and a precision."""

    name: str  # for people: cpu float32, cpu bfloat16, cuda float16
    device: str
    dtype: str  # name of a torch dtype
    texts_per_batch: int


FLOAT32: Final = Backend("cpu float32", "cpu", "float32", 64)


def possible_backends(torch: Any) -> list[Backend]:
    """What this machine computes natively, the fastest first; float32 is the last and always there.

    Measured with MiniLM on two cores: bfloat16 makes 1.7 texts where float32 makes one.
    """
    found = []
    if torch.cuda.is_available():
        found.append(Backend("cuda float16", "cuda", "float16", 256))
    capabilities = torch.cpu.get_capabilities()
    if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):  # elsewhere it is emulated
        found.append(Backend("cpu bfloat16", "cpu", "bfloat16", 64))
    return [*found, FLOAT32]


def fastest(model: Any, backends: Sequence[Backend]) -> tuple[Any, Backend]:
    """A float32 model as the first backend of equal quality runs it, and that backend."""
    import torch

    wanted = encode(model, PROBES, FLOAT32)
    for backend in backends:
        if backend == FLOAT32:
            break
        try:
            tried = copy.deepcopy(model).to(
                device=backend.device, dtype=getattr(torch, backend.dtype)
            )
            cosine = mean_cosine(encode(tried, PROBES, backend), wanted)
        except RuntimeError as error:  # a device without memory, an operation it does not have
            logger.warning("Texts cannot be embedded by %s: %s", backend.name, error)
            continue
        if cosine >= EQUAL_COSINE:
            return tried, backend
        logger.warning("%s is not as good as float32: cosine %.4f", backend.name, cosine)
    return model, FLOAT32


def mean_cosine(rows: Vectors, others: Vectors) -> float:
    """The mean cosine of rows that belong together, both (n, d) of unit norm."""
    return float((rows * others).sum(axis=1).mean())


def encode(model: Any, texts: Sequence[str], backend: Backend) -> Vectors:
    """Unit vectors of the texts, (n, d) float32; the model takes them by length, without padding.

    Raises ValueError for a text whose vector is zero or not finite.
    """
    rows = model.encode(
        list(texts),
        batch_size=backend.texts_per_batch,
        convert_to_numpy=True,
        normalize_embeddings=False,
        show_progress_bar=False,
    )
    return unit_norm(rows)


def unit_norm(vectors: NDArray[Any]) -> Vectors:
    """Rows scaled to length 1, float32. Raises ValueError for a zero or non-finite row."""
    rows = np.asarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.all(np.isfinite(norms)) or np.any(norms == 0):
        raise ValueError("an embedding is zero or not finite")
    return np.ascontiguousarray(rows / norms, dtype=np.float32)
