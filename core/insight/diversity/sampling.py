"""What a part of the texts says of all of them, with how far it may be off. Pure and seeded."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.insight.contents import MetricValue
from core.insight.diversity.measures import Vectors, mean_pairwise_similarity, vendi_score

GROUPS: Final = 20  # parts that the jackknife leaves out one at a time
T_97_5: Final = 2.093  # of Student's t with GROUPS - 1 degrees of freedom
MIN_ROWS: Final = 2 * GROUPS  # below it there is no error to state
MIN_EIGENVALUE: Final = 1e-12  # what is smaller is rounding


def stratified_rows(strata: NDArray[np.int64], size: int, seed: int) -> NDArray[np.int64]:
    """Sorted indices of at most `size` rows, each stratum (numbered from 0) by its share.

    Shares are met by largest remainder; within a stratum each row is equally likely.
    Source: Neyman 1934, On the Two Different Aspects of the Representative Method.
    """
    n = len(strata)
    if n <= size:
        return np.arange(n)
    generator = np.random.default_rng(seed)
    counts = np.bincount(strata)
    exact = counts * size / n
    quota = np.floor(exact).astype(np.int64)
    most = np.argsort(quota - exact, kind="stable")[: size - int(quota.sum())]
    quota[most] += 1
    order = generator.permutation(n)
    by_stratum = order[np.argsort(strata[order], kind="stable")]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    chosen = [by_stratum[s : s + q] for s, q in zip(starts, quota, strict=True)]
    return np.sort(np.concatenate(chosen))


def sampled_vendi(vectors: Vectors, population: int) -> MetricValue:
    """The Vendi score that all `population` texts would have, from those of `vectors` (m, d).

    The entropy of a sample's covariance is too low by about a/m (the plug-in estimate's bias);
    halving the sample shows a, and the share that m of n rows still lack is added. The error is
    that of the grouped jackknife, and half of what was added on top.

    Source: Friedman & Dieng 2023, eq. 2; Miller 1955 for the bias of an entropy; Quenouille 1956
    and Efron & Stein 1981 for the jackknife.
    """
    m = len(vectors)
    if m >= population or m < MIN_ROWS:
        return MetricValue(vendi_score(vectors), m)
    parts = _parts(vectors)
    counts = np.array([len(part) for part in parts])
    products = np.stack(
        [part.T @ part for part in parts]
    )  # one pass: what is left out is taken off
    total = products.sum(axis=0)
    whole = _entropy(total, m)
    halves = [_entropy(products[i::2].sum(axis=0), int(counts[i::2].sum())) for i in (0, 1)]
    added = max(0.0, whole - sum(halves) / 2) * (1 - m / population)
    left_out = [_entropy(total - p, m - int(c)) for p, c in zip(products, counts, strict=True)]
    spread = _half_width(left_out, m, population)
    value = math.exp(whole + added)
    return MetricValue(value, m, value * math.expm1(math.hypot(spread, added / 2)))


def sampled_similarity(vectors: Vectors, population: int) -> MetricValue:
    """Mean pairwise cosine of all texts from those of `vectors`, with the jackknife's error."""
    m = len(vectors)
    value = mean_pairwise_similarity(vectors)
    if value is None or m >= population or m < MIN_ROWS:
        return MetricValue(value, m)
    parts = _parts(vectors)
    sums = np.stack([part.sum(axis=0) for part in parts])
    own = np.array([float((part * part).sum()) for part in parts])
    counts = np.array([len(part) for part in parts])
    rest, left = sums.sum(axis=0) - sums, m - counts
    means = ((rest * rest).sum(axis=1) - (own.sum() - own)) / (left * (left - 1))
    return MetricValue(value, m, _half_width(means, m, population))


def _parts(vectors: Vectors) -> list[NDArray[np.float64]]:
    """The rows in GROUPS random parts of nearly equal size."""
    order = np.random.default_rng(0).permutation(len(vectors))
    return [np.asarray(vectors[order[i::GROUPS]], dtype=np.float64) for i in range(GROUPS)]


def _entropy(product: NDArray[np.float64], rows: int) -> float:
    """The entropy of the eigenvalues of the rows' covariance, from the sum of outer products."""
    values = np.linalg.eigvalsh(product / rows)
    positive = values[values > MIN_EIGENVALUE]
    return float(-(positive * np.log(positive)).sum())


def _half_width(left_out: Sequence[float] | NDArray[np.float64], m: int, population: int) -> float:
    """Half of the 95 % interval, from the statistic without each of the parts in turn."""
    variance = (GROUPS - 1) * float(np.var(left_out)) * (1 - m / population)
    return T_97_5 * math.sqrt(variance)
