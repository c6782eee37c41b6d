"""Regions of the embedding space, and the words that name them. Pure and seeded."""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.insight.diversity.measures import Vectors, sample_rows

CANDIDATES = (2, 3, 4, 5, 6, 8, 10, 12, 14, 16)  # more names than that crowd a map
MIN_CLUSTER = 4  # mean samples per cluster, below which a split names single samples
DIMENSIONS = 50
SILHOUETTE_ROWS = 1_500
FIT_ROWS = 20_000


class Clustering(NamedTuple):
    """One label per row, 0 the largest cluster; silhouette is None for a single cluster."""

    labels: NDArray[np.int64]
    clusters: int
    silhouette: float | None


def cluster(vectors: Vectors, *, seed: int = 0) -> Clustering:
    """K-means in at most 50 principal components; k is the candidate of best silhouette.

    Candidates leave `MIN_CLUSTER` different rows per cluster; with fewer than eight different rows
    there is one cluster. The silhouette is measured on at most `SILHOUETTE_ROWS` rows.

    Source: Sculley 2010, Web-Scale K-Means Clustering; Rousseeuw 1987, Silhouettes.
    """
    from threadpoolctl import threadpool_limits

    n = len(vectors)
    x = np.asarray(vectors, dtype=np.float32)
    different = len(np.unique(row_numbers(x)))
    best = Clustering(np.zeros(n, dtype=np.int64), min(n, 1), None)
    if different < 2 * MIN_CLUSTER:
        return best
    reduced = reduce(x, DIMENSIONS, seed)
    judged = sample_rows(n, SILHOUETTE_ROWS, seed)
    for k in CANDIDATES:
        if k > different // MIN_CLUSTER:
            break
        with threadpool_limits(1):  # for the reason in `projection.project`
            labels, silhouette = _split(reduced, judged, k, seed)
        if silhouette is not None and (best.silhouette is None or silhouette > best.silhouette):
            best = Clustering(labels, int(labels.max()) + 1, silhouette)
    return best


def row_numbers(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """One number per row, (n,): the same for equal rows, and hardly ever for others.

    The place along a fixed random direction; to sort whole rows takes seconds at 100,000 of them.
    """
    direction = np.random.default_rng(0).standard_normal(vectors.shape[1], dtype=np.float32)
    numbers: NDArray[np.float32] = np.round(vectors @ direction, 5)
    return numbers


def reduce(vectors: Vectors, dimensions: int, seed: int) -> NDArray[np.float32]:
    """The first principal components, (n, at most `dimensions`) float32."""
    from sklearn.decomposition import PCA

    size = min(dimensions, *vectors.shape)
    solver = "covariance_eigh" if vectors.shape[0] >= vectors.shape[1] else "full"
    model = PCA(n_components=size, svd_solver=solver, random_state=seed)
    reduced: NDArray[np.float32] = model.fit_transform(vectors).astype(np.float32)
    return reduced


def _split(
    points: NDArray[np.float32], judged: NDArray[np.int64], k: int, seed: int
) -> tuple[NDArray[np.int64], float | None]:
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import silhouette_score

    fitted = points[sample_rows(len(points), FIT_ROWS, seed)]
    with warnings.catch_warnings():
        # Fewer distinct points than k after rounding: the silhouette below judges the result.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = MiniBatchKMeans(k, n_init=3, batch_size=2048, random_state=seed).fit(fitted)
    labels = _largest_first(model.predict(points))
    shown = labels[judged]
    if not 2 <= len(np.unique(shown)) < len(shown):
        return labels, None
    return labels, float(silhouette_score(points[judged], shown))


def _largest_first(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    names, first, inverse, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(names))
    result: NDArray[np.int64] = rank[inverse]
    return result


def cluster_terms(
    texts: Sequence[str], labels: NDArray[np.int64], *, top: int = 4
) -> dict[int, list[str]]:
    """The words that set each cluster apart, the strongest first; [] for one without words.

    The weight of term t in cluster c is tf(t, c) · log(1 + A / f(t)), with f the count of t in all
    clusters and A the mean number of words per cluster. English stop words and bare numbers are
    left out.

    Source: Grootendorst 2022, BERTopic: Neural topic modeling with a class-based TF-IDF procedure.
    """
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    count = int(labels.max()) + 1 if len(labels) else 0
    vectorizer = CountVectorizer(stop_words="english", token_pattern=r"(?u)\b[^\W\d]\w+\b")
    try:
        counts = vectorizer.fit_transform(texts)
    except ValueError:  # sklearn's answer to an empty vocabulary
        return {label: [] for label in range(count)}
    member = csr_matrix((np.ones(len(texts)), (labels, np.arange(len(texts)))))
    frequency = np.asarray((member @ counts).todense(), dtype=np.float64)
    weights = frequency * np.log1p(frequency.sum() / count / frequency.sum(axis=0))
    words = vectorizer.get_feature_names_out()
    return {
        label: [str(words[i]) for i in _strongest(weights[label], top)] for label in range(count)
    }


def _strongest(weights: NDArray[np.float64], top: int) -> list[int]:
    """Indices of the highest positive weights; equal ones in alphabetical order."""
    order = np.argsort(-weights, kind="stable")[:top]
    return [int(i) for i in order if weights[i] > 0]
