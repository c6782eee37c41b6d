"""Texts as vectors of their words: what stands in for embeddings until those are there. Pure.

Thousands of texts a second where a network reads tens. Two texts are near when they share rare
words; it does not know that two words mean the same.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DIMENSIONS: Final = 50
FEATURES: Final = 2**16
FIT_ROWS: Final = 10_000
HEAD_CHARS: Final = 1_500  # about what the embedding model reads of a text
BLOCK_ROWS: Final = 20_000
MIN_LENGTH: Final = 1e-6


def lexical_vectors(texts: Sequence[str], *, seed: int = 0) -> NDArray[np.float32]:
    """One row per text, (n, at most 50) float32, unit norm; a text without words is all zero.

    Words are hashed into 65,536 columns, weighted by TF-IDF and reduced by a truncated singular
    value decomposition. Weights and directions come from at most `FIT_ROWS` texts.

    Source: Weinberger et al. 2009, Feature Hashing; Deerwester et al. 1990, Indexing by Latent
    Semantic Analysis; Halko et al. 2011 for the decomposition.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer

    if not texts:
        return np.zeros((0, 1), dtype=np.float32)
    fitted = _counts([texts[i] for i in _spread(len(texts))])
    weights = TfidfTransformer(sublinear_tf=True).fit(fitted)
    size = min(DIMENSIONS, len(texts) - 1, len(np.unique(fitted.indices)) - 1)
    if size < 1:
        return np.zeros((len(texts), 1), dtype=np.float32)
    with np.errstate(invalid="ignore"):  # equal texts have no variance to explain
        svd = TruncatedSVD(size, n_iter=3, random_state=seed).fit(weights.transform(fitted))
    rows = [
        svd.transform(weights.transform(_counts(texts[top : top + BLOCK_ROWS])))
        for top in range(0, len(texts), BLOCK_ROWS)
    ]
    return _unit(np.concatenate(rows))


def _counts(texts: Sequence[str]) -> Any:
    """Word counts, (n, FEATURES) sparse float32; the commonest English words are left out."""
    from sklearn.feature_extraction.text import HashingVectorizer

    vectorizer = HashingVectorizer(
        n_features=FEATURES, alternate_sign=False, norm=None, stop_words="english",
        dtype=np.float32,
    )  # fmt: skip
    return vectorizer.transform([text[:HEAD_CHARS] for text in texts])


def _spread(n: int) -> NDArray[np.int64]:
    """At most FIT_ROWS indices at even distances: every part of an ordered batch is in it."""
    if n <= FIT_ROWS:
        return np.arange(n)
    return np.linspace(0, n - 1, FIT_ROWS).astype(np.int64)


def _unit(rows: NDArray[Any]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    safe = np.where(lengths > MIN_LENGTH, lengths, 1.0)
    return np.asarray(np.where(lengths > MIN_LENGTH, rows / safe, 0.0), dtype=np.float32)
