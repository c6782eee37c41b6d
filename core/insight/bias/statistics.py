"""The statistics of bias: shares against a target, and association tests on embeddings. Pure."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.insight.contents import RepresentationRow
from core.insight.diversity.measures import Z_95, Vectors

MAX_EXACT_PARTITIONS = 20_000
DEFAULT_PERMUTATIONS = 10_000
_TIE = 1e-9  # partitions this near to the observed one count as equal, whatever the rounding
_BLOCK_CELLS = 2_000_000


class WeatResult(NamedTuple):
    """An association test. `permutations` counts the partitions looked at."""

    effect_size: float | None
    p_value: float
    permutations: int
    is_exact: bool


class Shares(NamedTuple):
    """Every group against its target, and all of them together."""

    rows: list[RepresentationRow]
    total: int
    p_value: float | None


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) when nothing was counted.

    Source: Wilson 1927, Probable Inference, JASA 22; recommended by Brown, Cai & DasGupta 2001.
    """
    if total == 0:
        return 0.0, 1.0
    share, z2 = count / total, Z_95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    low = 0.0 if count == 0 else centre - half
    return low, 1.0 if count == total else centre + half


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected so that the chance of any false alarm among them stays at its level.

    Source: Holm 1979, A Simple Sequentially Rejective Multiple Test Procedure.
    """
    adjusted = [1.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, (len(p_values) - rank) * p_values[i])
        adjusted[i] = min(1.0, running)
    return adjusted


def representation(counts: Mapping[str, int], target: Mapping[str, float]) -> Shares:
    """Each group's share against its target share; targets are scaled to sum to 1.

    A group that was counted but has no target gets the target 0. Groups are tested one by one
    (exact two-sided binomial) and together (Pearson's chi-square, which wants at least five
    expected per group). Raises ValueError for a target without a positive share.
    """
    from scipy.stats import binomtest, chisquare

    whole = sum(target.values())
    if whole <= 0 or min(target.values()) < 0:
        raise ValueError("target shares must be at least 0 and not all 0")
    groups = list(dict.fromkeys([*target, *counts]))
    total = sum(counts.values())
    observed = np.array([counts.get(group, 0) for group in groups])
    shares = np.array([target.get(group, 0.0) / whole for group in groups])
    p_values = [
        float(binomtest(int(count), total, float(share)).pvalue) if total else 1.0
        for count, share in zip(observed, shares, strict=True)
    ]
    overall: float | None = None
    wanted = shares > 0
    if observed[~wanted].sum() > 0:
        overall = 0.0
    elif wanted.sum() > 1 and total:
        overall = float(chisquare(observed[wanted], shares[wanted] * total).pvalue)
    adjusted = holm(p_values)
    rows = []
    for i, group in enumerate(groups):
        count = int(observed[i])
        low, high = wilson_interval(count, total)
        rows.append(
            RepresentationRow(
                group=group,
                count=count,
                share=count / total if total else 0.0,
                target=float(shares[i]),
                low=low,
                high=high,
                p_value=p_values[i],
                adjusted_p=adjusted[i],
            )
        )
    return Shares(rows, total, overall)


def associations(words: Vectors, a: Vectors, b: Vectors) -> NDArray[np.float64]:
    """s(w, A, B) for each row: its mean cosine with A less its mean cosine with B."""
    mean_a = np.asarray(a, dtype=np.float64).mean(axis=0)
    mean_b = np.asarray(b, dtype=np.float64).mean(axis=0)
    result: NDArray[np.float64] = np.asarray(words, dtype=np.float64) @ (mean_a - mean_b)
    return result


def weat(
    x: Vectors,
    y: Vectors,
    a: Vectors,
    b: Vectors,
    *,
    permutations: int = DEFAULT_PERMUTATIONS,
    seed: int = 0,
    alternative: Literal["greater", "two-sided"] = "greater",
) -> WeatResult:
    """Are X nearer to A than Y are? Rows have unit length; no set may be empty.

    d = (mean of s over X - mean of s over Y) / sample standard deviation of s over X and Y. The
    p-value is the share of partitions of X and Y into sets of these sizes whose statistic reaches
    the observed one: all of them where there are at most `MAX_EXACT_PARTITIONS`, else seeded
    random ones with the observed one added to both counts. "greater" is the published test; use
    "two-sided" when no direction was stated beforehand. d is None where all s are equal.

    Source: Caliskan, Bryson & Narayanan 2017, Semantics derived automatically from language
    corpora contain human-like biases, Science 356; deviation and ties as in May et al. 2019, SEAT.
    """
    if min(len(x), len(y), len(a), len(b)) == 0:
        raise ValueError("every set needs at least one row")
    s = np.concatenate([associations(x, a, b), associations(y, a, b)])
    n_x, n = len(x), len(s)
    spread = float(s.std(ddof=1))
    if spread < _TIE:
        return WeatResult(None, 1.0, 0, True)
    effect = float((s[:n_x].mean() - s[n_x:].mean()) / spread)
    # With fixed sizes, every form of the statistic rises with the sum over X, so that is enough.
    centred = s - s.mean()
    is_exact = math.comb(n, n_x) <= MAX_EXACT_PARTITIONS
    sums = all_sums(centred, n_x) if is_exact else _drawn_sums(centred, n_x, permutations, seed)
    observed = float(centred[:n_x].sum())
    if alternative == "two-sided":
        sums, observed = np.abs(sums), abs(observed)
    reached = int((sums >= observed - _TIE).sum())
    p_value = reached / len(sums) if is_exact else (reached + 1) / (len(sums) + 1)
    return WeatResult(effect, p_value, len(sums), is_exact)


def all_sums(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """The sum of every choice of `size` of the values, (choices,)."""
    rows = np.array(list(combinations(range(len(values)), size)), dtype=np.int64)
    result: NDArray[np.float64] = values[rows].sum(axis=1)
    return result


def _drawn_sums(
    values: NDArray[np.float64], size: int, permutations: int, seed: int
) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    step = max(1, _BLOCK_CELLS // len(values))
    parts = []
    for start in range(0, permutations, step):
        block = np.tile(values, (min(step, permutations - start), 1))
        parts.append(generator.permuted(block, axis=1)[:, :size].sum(axis=1))
    return np.concatenate(parts)
