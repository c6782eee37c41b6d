"""Dividing rows into train, validation and test. Pure.

What comes first, when not everything can be had: no group straddles two splits; a row stays in the
split it was released in; the shares of rows, in each stratum and in all.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

NONE_KEPT: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class _Group:
    key: str
    stratum: str
    size: int  # rows


def assign_splits(
    groups: Sequence[str],
    strata: Sequence[str],
    ratios: Sequence[float],
    seed: int,
    kept: Mapping[str, int] = NONE_KEPT,
) -> npt.NDArray[np.int8]:
    """For each row the index of its split in `ratios`, (n_rows,) int8.

    `groups[i]` and `strata[i]` belong to row i; a group's stratum is the one most of its rows have.
    Within a stratum, groups stand in an order decided by (seed, group) and are cut where the shares
    say, so new rows move only groups near a cut. `kept` gives groups their split beforehand.
    No rows give no splits.
    """
    members = _groups(groups, strata)
    by_stratum: dict[str, list[_Group]] = {}
    for group in members:
        by_stratum.setdefault(group.stratum, []).append(group)
    chosen: dict[str, int] = {}
    for stratum, quota in _quotas(_sizes(by_stratum), ratios).items():
        free: list[_Group] = []
        for group in by_stratum[stratum]:
            if group.key in kept:
                chosen[group.key] = kept[group.key]
                quota[kept[group.key]] -= group.size
            else:
                free.append(group)
        free.sort(key=lambda group: _position(seed, group.key))
        chosen |= _fill(free, quota, ratios)
    return np.array([chosen[key] for key in groups], dtype=np.int8)


def _groups(groups: Sequence[str], strata: Sequence[str]) -> list[_Group]:
    counts: dict[str, Counter[str]] = {}
    for key, stratum in zip(groups, strata, strict=True):
        counts.setdefault(key, Counter())[stratum] += 1
    return [
        _Group(key, min(found, key=lambda s: (-found[s], s)), found.total())
        for key, found in counts.items()
    ]


def _sizes(by_stratum: Mapping[str, Sequence[_Group]]) -> dict[str, int]:
    return {
        stratum: sum(group.size for group in members)
        for stratum, members in sorted(by_stratum.items())
    }


def _quotas(rows: Mapping[str, int], ratios: Sequence[float]) -> dict[str, list[int]]:
    """Whole rows for each stratum and split: within one row of its share, and so is the total.

    What rounding down leaves over goes to the split that is furthest behind over all strata so
    far, so that many small strata do not all round the same way.
    """
    behind = [0.0] * len(ratios)
    quotas: dict[str, list[int]] = {}
    for stratum, size in rows.items():
        quota = [int(size * ratio) for ratio in ratios]
        behind = [
            debt + size * ratio - whole
            for debt, ratio, whole in zip(behind, ratios, quota, strict=True)
        ]
        for _ in range(size - sum(quota)):
            # Ties go to the later, smaller split, which would sooner stay empty.
            neediest = max(range(len(ratios)), key=lambda i: (round(behind[i], 9), i))
            quota[neediest] += 1
            behind[neediest] -= 1
        quotas[stratum] = quota
    return quotas


def _fill(
    ordered: Sequence[_Group], quota: Sequence[int], ratios: Sequence[float]
) -> dict[str, int]:
    """Cut the ordered groups so that each split gets about its remaining quota of rows."""
    rows = sum(group.size for group in ordered)
    left = [max(0, rest) for rest in quota]
    smallest = rows * min((ratio for ratio in ratios if ratio > 0), default=0.0)
    chosen: dict[str, int] = {}
    # A group larger than the smallest split would swallow it whole where it meets a cut.
    large = sorted((g for g in ordered if g.size > max(1, smallest)), key=lambda g: -g.size)
    for group in large:
        roomiest = max(range(len(left)), key=lambda i: (left[i], -i))
        chosen[group.key] = roomiest
        left[roomiest] = max(0, left[roomiest] - group.size)
    small = [group for group in ordered if group.key not in chosen]
    rows = sum(group.size for group in small)
    weights = left if any(left) else ratios
    total = sum(weights)
    cuts = [cut * rows / total for cut in accumulate(weights)][:-1]
    before = 0
    for group in small:
        middle = before + group.size / 2
        chosen[group.key] = sum(cut <= middle for cut in cuts)
        before += group.size
    return chosen


def _position(seed: int, key: str) -> bytes:
    return hashlib.sha256(f"{seed}:{key}".encode()).digest()
