"""How varied a batch is: pure functions of texts or of their embeddings.

Vectors are (n, d) with unit rows unless a function says otherwise. No I/O, no model. Where a figure
is taken from a sample, the result carries its size and the half-width of its 95 % interval.
"""

import math
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from core.insight.contents import MetricValue
from core.insight.diversity.bleu import BleuCounts
from core.insight.diversity.ngrams import IDEOGRAPH, compression_ratio, ngram_figures
from core.insight.diversity.ngrams import distinct_n as distinct_n
from core.text.alike.cosine_twins import rows_with_twin

Vectors = NDArray[np.float32] | NDArray[np.float64]

SELF_BLEU_TEXTS = 500  # Self-BLEU grows with the number of references: a fixed size compares
LEXICAL_THRESHOLD = 0.85  # Jaccard similarity of three-word runs
SEMANTIC_THRESHOLD = 0.95  # cosine
MAX_COMPARED_ROWS = 5_000
JACKKNIFE_PARTS = 10
COMPRESSED_TEXTS = 20_000  # gzip looks back 32 KB only: more texts cost time and say the same
# 97.5 % quantiles of Student's t with 1 to 9 degrees of freedom, one less than the parts.
T_95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
Z_95 = 1.959963984540054  # 97.5 % quantile of the normal distribution

_TOKEN = re.compile(rf"[{IDEOGRAPH}]|[^\W{IDEOGRAPH}]+|[^\w\s]")
_BLOCK_ROWS = 8192  # taken to float64 at a time


def tokenise(text: str) -> list[str]:
    """Lower-cased words, single punctuation marks, single ideographs and kana."""
    return _TOKEN.findall(text.lower())


def vendi_score(vectors: Vectors) -> float | None:
    """The effective number of different samples, 1 to min(n, d); None without samples.

    The exponential of the entropy of the eigenvalues of K / n with K the cosine similarities. The
    d×d covariance has the same non-zero eigenvalues as the n×n kernel, so no n×n matrix is made.
    Source: Friedman & Dieng 2023, The Vendi Score, TMLR, eq. 2 and section 3 (dual form).
    """
    if len(vectors) == 0:
        return None
    from threadpoolctl import threadpool_limits

    # Several threads took five times as long where other processes share the cores.
    with threadpool_limits(1, "blas"):
        eigenvalues = np.linalg.eigvalsh(_smaller_kernel(vectors) / len(vectors))
    positive = eigenvalues[eigenvalues > 0]
    return float(np.exp(-(positive * np.log(positive)).sum()))


def _smaller_kernel(vectors: Vectors) -> NDArray[np.float64]:
    """Of the products of rows and those of columns, the smaller matrix, summed in float64."""
    n, d = vectors.shape
    if d > n:
        x = np.asarray(vectors, dtype=np.float64)
        return x @ x.T
    result = np.zeros((d, d))
    for top in range(0, n, _BLOCK_ROWS):
        x = np.asarray(vectors[top : top + _BLOCK_ROWS], dtype=np.float64)
        result += x.T @ x
    return result


def mean_pairwise_similarity(vectors: Vectors) -> float | None:
    """Mean cosine of all pairs of different rows, in O(n·d); None for fewer than two.

    The squared length of the sum of all rows is the sum over all ordered pairs, each row with
    itself included; those are taken off again.
    """
    n = len(vectors)
    if n < 2:
        return None
    total, own = np.zeros(vectors.shape[1]), 0.0
    for top in range(0, n, _BLOCK_ROWS):
        x = np.asarray(vectors[top : top + _BLOCK_ROWS], dtype=np.float64)
        total += x.sum(axis=0)
        own += np.einsum("ij,ij->", x, x)
    return float((total @ total - own) / (n * (n - 1)))


def wording_metrics(texts: Sequence[str]) -> dict[str, MetricValue]:
    """distinct_1 to 3, entropy_1 to 3 and compression_ratio of exactly these texts.

    Distinct-n and entropy state no error: they depend on how many texts there are, so the figure of
    a sample is true of the sample and comparable with samples of its size, and says nothing certain
    of the rest. The compression ratio is taken from at most COMPRESSED_TEXTS, with its error.
    """
    n = len(texts)
    with ThreadPoolExecutor(1) as pool:  # zlib and numpy's sort work without the interpreter's lock
        ratio = pool.submit(_compression, texts)
        orders = ngram_figures(texts)
    return {
        **{f"distinct_{k}": MetricValue(found.distinct, n) for k, found in orders.items()},
        **{f"entropy_{k}": MetricValue(found.entropy, n) for k, found in orders.items()},
        "compression_ratio": ratio.result(),
    }


def _compression(texts: Sequence[str]) -> MetricValue:
    """Of at most COMPRESSED_TEXTS, drawn at random; the error is that of their tenths."""
    n = len(texts)
    chosen = [texts[i] for i in sample_rows(n, COMPRESSED_TEXTS, 0)]
    if len(chosen) == n:
        return MetricValue(compression_ratio(texts), n)
    tenths = [compression_ratio(chosen[k::JACKKNIFE_PARTS]) for k in range(JACKKNIFE_PARTS)]
    spread = float(np.std([ratio or 0.0 for ratio in tenths], ddof=1))
    error = T_95[JACKKNIFE_PARTS - 2] * spread / math.sqrt(JACKKNIFE_PARTS)
    return MetricValue(compression_ratio(chosen), len(chosen), error)


def self_bleu(texts: Sequence[str], *, sample: int = SELF_BLEU_TEXTS, seed: int = 0) -> MetricValue:
    """Mean sentence BLEU-4 of each sampled text against all other sampled ones, 0 to 1.

    Tokens are those of `tokenise`; a precision of zero counts as 0.1 over the number of n-grams
    (NLTK's method 1, sacrebleu's `floor`); texts of fewer than four tokens use the orders they
    have (sacrebleu's effective order).

    Source: Zhu et al. 2018, Texygen, section 3.2; Papineni et al. 2002, BLEU; Chen & Cherry 2014,
    smoothing method 1.
    """
    n = len(texts)
    chosen = sample_rows(n, sample, seed)
    if len(chosen) < 2:
        return MetricValue(None, len(chosen))
    counts = BleuCounts([texts[i] for i in chosen])
    value = counts.mean(np.ones(len(chosen), dtype=np.bool_))
    error = _self_bleu_error(counts, n) if n > len(chosen) else 0.0
    return MetricValue(value, len(chosen), error)


def _self_bleu_error(counts: BleuCounts, population: int) -> float:
    """Half-width by the jackknife that leaves out one tenth of the texts at a time.

    The spread of the texts' own scores would be too narrow (measured: 0.016 where resampling gives
    0.023), because every text is also a reference of all others.
    Source: Efron & Stein 1981, The Jackknife Estimate of Variance; Kott 2001 for groups.
    """
    rows = np.arange(len(counts.lengths))
    parts = min(JACKKNIFE_PARTS, len(rows) // 2)
    if parts < 2:
        return 1.0
    left_out = np.array([counts.mean(rows % parts != part) for part in range(parts)])
    variance = (parts - 1) * left_out.var() * (1 - len(rows) / population)
    return min(1.0, float(T_95[parts - 2] * math.sqrt(variance)))


def sample_rows(n: int, size: int, seed: int) -> NDArray[np.int64]:
    """Sorted indices of at most `size` of n rows, each equally likely."""
    if n <= size:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, size=size, replace=False))


def _mean_error(values: NDArray[np.float64], population: int) -> float:
    """Half-width of the 95 % interval of a mean; 0 where the sample is the population."""
    n = len(values)
    if n >= population:
        return 0.0
    correction = math.sqrt((population - n) / (population - 1))
    return float(Z_95 * values.std(ddof=1) / math.sqrt(n) * correction)


def twin_rate(groups: NDArray[np.int64]) -> MetricValue:
    """The share of texts that share their group with another, from one group number per text."""
    if len(groups) < 2:
        return MetricValue(None, len(groups))
    _, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    return MetricValue(float((sizes[inverse] > 1).mean()), len(groups))


def semantic_twin_rate(
    vectors: Vectors,
    *,
    threshold: float = SEMANTIC_THRESHOLD,
    rows: int = MAX_COMPARED_ROWS,
    seed: int = 0,
) -> MetricValue:
    """The share of rows with another row at a cosine of at least `threshold`.

    Above `rows` rows, that many are drawn and compared with all: the rate stays unbiased, and its
    error is the 95 % interval of a mean without replacement.
    """
    n = len(vectors)
    if n < 2:
        return MetricValue(None, n)
    chosen = sample_rows(n, rows, seed)
    has_twin = rows_with_twin(np.asarray(vectors, dtype=np.float32), chosen, threshold)
    values = has_twin.astype(np.float64)
    return MetricValue(float(values.mean()), len(chosen), _mean_error(values, n))
