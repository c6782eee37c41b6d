"""Gaps: parts of a template's grid, or of a reference, that hold fewer texts than they should.

A gap knows what it is about, how much is wanted and how much is there, so that a batch can be
aimed at it. Pure; what is counted is decided in `grid_view` and `reference`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import erfc
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.insight.bias.statistics import holm
from core.templates.planning.axes import ABSENT
from core.templates.planning.focus import Scalar, matching_cells, named
from core.templates.planning.grid import Grid
from core.text.hashing import canonical_hash

GapKind = Literal["cell", "region"]
Counts = NDArray[np.int64]

TOLERANCE: Final = 0.1  # a part with at least 90 % of what it wants is no gap
THINNER: Final = 0.8  # a part inside another one is named first only where it is clearly thinner
MAX_GAPS: Final = 500
MAX_LOOKED_AT: Final = 2_000  # thin parts of a large grid, the thinnest
ALPHA: Final = 0.05


@dataclass(frozen=True)
class Gap:
    """One part that is too thin. `missing` is what a batch would have to bring."""

    gap_id: str  # the same for the same part, however often it is measured
    kind: GapKind
    label: str  # "channel phone, urgency high", or a region's own terms
    wanted: int
    before: int  # texts of the scope itself
    present: int  # with those of the batches that were aimed at its gaps
    cell: dict[str, Scalar] = field(default_factory=dict)  # values that a cell's samples have
    terms: list[str] = field(default_factory=list)  # that set a region apart
    chance: float | None = None  # of so few, were there no gap; Holm's correction; None: a count
    reference_id: str = ""  # scope of the reference that a region is part of
    examples: list[str] = field(default_factory=list)  # texts from the middle of a region

    @property
    def missing(self) -> int:
        """How many more texts it wants."""
        return max(0, self.wanted - self.present)

    @property
    def is_open(self) -> bool:
        """Whether it still holds clearly fewer than it wants."""
        return is_thin(self.wanted, self.present)

    @property
    def is_certain(self) -> bool:
        """Whether chance alone rarely leaves so few."""
        return self.chance is None or self.chance < ALPHA


def is_thin(wanted: float, present: float) -> bool:
    """Whether so many are clearly fewer than wanted."""
    return present < wanted * (1 - TOLERANCE)


def gap_id_of(kind: GapKind, facts: Any) -> str:
    """The id of a part by what it is about, a JSON value."""
    return f"{kind}_{canonical_hash(facts)[:16]}"


def wanted_by_cell(grid: Grid, n: int) -> NDArray[np.float64]:
    """What each cell of the grid wants of n samples: its exact share."""
    return np.array([n * (share / grid.whole) for share in grid.shares], dtype=np.float64)


def grid_gaps(
    grid: Grid, n: int, before: Counts, present: Counts, *, at_least: int = 1
) -> list[Gap]:
    """The thin parts of a grid, those that miss the most first; at most MAX_GAPS.

    Looked at are the values of one variable, pairs of values, and whole cells. Each wants its
    share of n samples and no fewer than `at_least`. A part is thin where it holds fewer than
    `at_least`, or clearly fewer than its share and fewer than chance would leave. A part that is
    thin only for the gaps inside it, or for one around it, says nothing new and is left out.
    `before` and `present` count per cell.
    """
    due = wanted_by_cell(grid, n)
    found = [
        part for axes in _looked_at(len(grid.names))
        for part in _thin(grid, axes, due, present, at_least, n)
    ]  # fmt: skip
    found.sort(key=lambda part: (part.rank, len(part.cell)))
    is_told = np.zeros(len(grid.cells), dtype=bool)  # cells inside a gap that is kept
    kept: list[Gap] = []
    for part in found[:MAX_LOOKED_AT]:
        if _says_more(part.places[~is_told[part.places]], part, due, present, n):
            is_told[part.places] = True
            kept.append(_gap(part, before, present))
    kept.sort(key=lambda gap: (-gap.missing, gap.present, len(gap.cell)))
    return kept[:MAX_GAPS]


class _Part(NamedTuple):
    """A thin part of the grid."""

    cell: dict[str, Scalar]
    places: Counts  # of its cells
    wanted: int
    chance: float
    rank: float  # how thin: the thinnest, and of equally thin ones the widest, come first


def _looked_at(axes: int) -> Iterator[tuple[int, ...]]:
    sizes = dict.fromkeys(size for size in (1, 2, axes) if 0 < size <= axes)
    for size in sizes:
        yield from combinations(range(axes), size)


def _thin(
    grid: Grid, axes: tuple[int, ...], due: NDArray[np.float64], present: Counts, at_least: int,
    n: int,
) -> Iterator[_Part]:  # fmt: skip
    places = np.array(grid.cells, dtype=np.int64).reshape(len(grid.cells), len(grid.names))
    parts, part_of = np.unique(places[:, axes], axis=0, return_inverse=True)
    part_of = part_of.ravel()
    share = np.bincount(part_of, due).astype(np.float64)
    wanted = np.maximum(np.round(share), at_least)
    here = np.bincount(part_of, present).astype(np.int64)
    chances = np.array(holm(chances_of_so_few(here, share, n)))
    thin = np.flatnonzero((here < at_least) | (here < share * (1 - TOLERANCE)) & (chances < ALPHA))
    size = 3 if len(axes) == len(grid.names) else len(axes)
    for row in thin[np.argsort(here[thin] - wanted[thin], kind="stable")][:MAX_LOOKED_AT]:
        if size < 3 and (parts[row] == ABSENT).any():
            continue
        cell: dict[str, Scalar] = {
            grid.names[axis]: grid.values[axis][place]
            for axis, place in zip(axes, parts[row], strict=True)
            if place != ABSENT
        }
        if cell:
            rank = here[row] / wanted[row] * THINNER ** (3 - size)
            yield _Part(
                cell, np.flatnonzero(part_of == row), int(wanted[row]), float(chances[row]), rank
            )


def _says_more(
    rest: Counts, part: _Part, due: NDArray[np.float64], present: Counts, n: int
) -> bool:
    """Whether a part is thin beyond the gaps that are told already; `rest` lies in none."""
    if len(rest) == len(part.places):
        return True
    wanted, here = float(due[rest].sum()), int(present[rest].sum())
    if not is_thin(wanted, here):
        return False
    return chances_of_so_few(np.array([here]), np.array([wanted]), n)[0] < ALPHA


def _gap(part: _Part, before: Counts, present: Counts) -> Gap:
    return Gap(
        gap_id_of("cell", part.cell), "cell", named(part.cell), part.wanted,
        int(before[part.places].sum()), int(present[part.places].sum()), cell=part.cell,
        chance=part.chance,
    )  # fmt: skip


def chances_of_so_few(present: NDArray[np.int64], due: NDArray[np.float64], n: int) -> list[float]:
    """How likely so few of n independent samples are in parts that `due` are expected in.

    The normal approximation of the binomial, with its correction for continuity. A plan's quotas
    vary less than independent draws, so the true chances are smaller.
    Source: de Moivre 1738, The Doctrine of Chances.
    """
    spread = np.sqrt(np.maximum(due * (1 - due / max(n, 1)), 1e-9))
    return [0.5 * erfc(-z / 2**0.5) for z in ((present + 0.5 - due) / spread).tolist()]


def cell_gap(
    grid: Grid, n: int, before: Counts, present: Counts, cell: Mapping[str, Scalar], *,
    at_least: int = 1,
) -> Gap:  # fmt: skip
    """The part of the grid with these values as it stands, thin or not.

    Raises TemplateError where the grid has no such part.
    """
    places = sorted(matching_cells(grid, cell))
    due = max(round(float(wanted_by_cell(grid, n)[places].sum())), at_least)
    return Gap(
        gap_id_of("cell", dict(cell)), "cell", named(cell), due, int(before[places].sum()),
        int(present[places].sum()), cell=dict(cell),
    )  # fmt: skip
