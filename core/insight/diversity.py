"""How varied a batch is: pure functions of texts or of their embeddings.

Vectors are (n, d) with unit rows unless a function says otherwise. No I/O, no model. Where a figure
is taken from a sample, the result carries its size and the half-width of its 95 % interval.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.insight.contents import MetricValue

Grams = Counter[tuple[str, ...]]
Vectors = NDArray[np.float32] | NDArray[np.float64]

SELF_BLEU_TEXTS = 500  # Self-BLEU grows with the number of references: a fixed size compares
LEXICAL_THRESHOLD = 0.85  # Jaccard similarity of three-word runs
SEMANTIC_THRESHOLD = 0.95  # cosine
MAX_COMPARED_ROWS = 10_000
BLEU_ORDER = 4
BLEU_FLOOR = 0.1
JACKKNIFE_PARTS = 10
# 97.5 % quantiles of Student's t with 1 to 9 degrees of freedom, one less than the parts.
T_95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
Z_95 = 1.959963984540054  # 97.5 % quantile of the normal distribution

_IDEOGRAPH = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_IDEOGRAPH}]|[^\W{_IDEOGRAPH}]+|[^\w\s]")
_BLOCK_CELLS = 4_000_000  # of a block of similarities: 16 MB in float32


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
    x = np.asarray(vectors, dtype=np.float64)
    smaller = x.T @ x if x.shape[1] <= x.shape[0] else x @ x.T
    eigenvalues = np.linalg.eigvalsh(smaller / len(x))
    positive = eigenvalues[eigenvalues > 0]
    return float(np.exp(-(positive * np.log(positive)).sum()))


def mean_pairwise_similarity(vectors: Vectors) -> float | None:
    """Mean cosine of all pairs of different rows, in O(n·d); None for fewer than two.

    The squared length of the sum of all rows is the sum over all ordered pairs, each row with
    itself included; those are taken off again.
    """
    n = len(vectors)
    if n < 2:
        return None
    x = np.asarray(vectors, dtype=np.float64)
    total = x.sum(axis=0)
    return float((total @ total - np.einsum("ij,ij->", x, x)) / (n * (n - 1)))


def distinct_n(texts: Sequence[str], n: int) -> float | None:
    """Different n-grams of tokens over all n-grams of all texts; None where there is none.

    Source: Li et al. 2016, A Diversity-Promoting Objective Function for Neural Conversation
    Models, section 5.2.
    """
    codes: dict[str, int] = {}
    documents = [[codes.setdefault(t, len(codes)) for t in tokenise(text)] for text in texts]
    lengths = np.array([len(d) for d in documents], dtype=np.int64)
    grams = np.fromiter((c for d in documents for c in d), dtype=np.int64, count=lengths.sum())
    # Every gram is numbered by its first n-1 tokens' number and its last token; a start too near
    # to the end of its text is dropped in the same round.
    tokens, left = grams, np.repeat(lengths, lengths) - _positions(lengths)
    starts = np.arange(len(tokens))
    for order in range(2, n + 1):
        fits = left[starts] >= order
        starts, grams = starts[fits], grams[fits]
        pairs = grams * len(codes) + tokens[starts + order - 1]
        grams = np.unique(pairs, return_inverse=True)[1]
    return float(len(np.unique(grams)) / len(grams)) if len(grams) else None


def _positions(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 … within each text, for texts of these lengths one after the other."""
    ends = np.cumsum(lengths)
    result: NDArray[np.int64] = np.arange(lengths.sum()) - np.repeat(ends - lengths, lengths)
    return result


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
    grams = [_grams(tokenise(texts[i])) for i in chosen]
    value = _mean_bleu(grams)
    return MetricValue(value, len(chosen), _self_bleu_error(grams, n) if n > len(chosen) else 0.0)


def _self_bleu_error(grams: Sequence[Grams], population: int) -> float:
    """Half-width by the jackknife that leaves out one tenth of the texts at a time.

    The spread of the texts' own scores would be too narrow (measured: 0.016 where resampling gives
    0.023), because every text is also a reference of all others.
    Source: Efron & Stein 1981, The Jackknife Estimate of Variance; Kott 2001 for groups.
    """
    parts = min(JACKKNIFE_PARTS, len(grams) // 2)
    if parts < 2:
        return 1.0
    left_out = np.array(
        [_mean_bleu([g for i, g in enumerate(grams) if i % parts != part]) for part in range(parts)]
    )
    variance = (parts - 1) * left_out.var() * (1 - len(grams) / population)
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


def _grams(tokens: Sequence[str]) -> Grams:
    orders = range(1, BLEU_ORDER + 1)
    return Counter(
        tuple(tokens[i : i + order]) for order in orders for i in range(len(tokens) - order + 1)
    )


def _mean_bleu(counts: Sequence[Grams]) -> float:
    # The clip of a gram is its highest count in any other text: the highest of all, or the second
    # where the text itself holds the highest. So two numbers per gram replace n × n comparisons.
    highest: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for document, grams in enumerate(counts):
        for gram, count in grams.items():
            first, owner, second = highest.get(gram, (0, -1, 0))
            if count > first:
                highest[gram] = (count, document, first)
            elif count > second:
                highest[gram] = (first, owner, count)
    sizes = [sum(count for gram, count in grams.items() if len(gram) == 1) for grams in counts]
    lengths = sorted(sizes)
    total_score = 0.0
    for document, grams in enumerate(counts):
        matched, total = [0] * BLEU_ORDER, [0] * BLEU_ORDER
        for gram, count in grams.items():
            first, owner, second = highest[gram]
            total[len(gram) - 1] += count
            matched[len(gram) - 1] += min(count, second if owner == document else first)
        length = sizes[document]
        total_score += _bleu(matched, total, length, _closest_other(lengths, length))
    return total_score / len(counts)


def _closest_other(lengths: Sequence[int], length: int) -> int:
    """The length nearest to `length`, which is taken out of the sorted list; ties go down."""
    i = int(np.searchsorted(lengths, length))
    others = [*lengths[max(0, i - 1) : i], *lengths[i + 1 : i + 2]]
    return min(others, key=lambda other: (abs(other - length), other))


def _bleu(matched: Sequence[int], total: Sequence[int], length: int, reference: int) -> float:
    if not any(matched):
        return 0.0
    logs = [math.log((m or BLEU_FLOOR) / t) for m, t in zip(matched, total, strict=True) if t > 0]
    penalty = min(0.0, 1 - reference / length)
    return math.exp(penalty + sum(logs) / len(logs))


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

    Above `rows` rows, that many are drawn and compared with all: the rate stays unbiased. Blocks
    keep memory flat however many twins there are, where a list of pairs would grow with n².
    """
    n = len(vectors)
    if n < 2:
        return MetricValue(None, n)
    x = np.asarray(vectors, dtype=np.float32)
    chosen = sample_rows(n, rows, seed)
    has_twin = np.zeros(len(chosen), dtype=np.float64)
    step = max(1, _BLOCK_CELLS // n)
    for start in range(0, len(chosen), step):
        block = chosen[start : start + step]
        cosines = x[block] @ x.T
        cosines[np.arange(len(block)), block] = -2.0
        has_twin[start : start + step] = cosines.max(axis=1) >= threshold
    return MetricValue(float(has_twin.mean()), len(chosen), _mean_error(has_twin, n))
