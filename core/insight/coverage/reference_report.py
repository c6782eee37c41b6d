"""What a scope's texts cover of a reference's: the stored report, and how it is made. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from pydantic import TypeAdapter

from core.insight.bias.statistics import holm
from core.insight.contents import MetricValue
from core.insight.coverage.gaps import Gap, gap_id_of
from core.insight.coverage.reference import (
    NEIGHBOURS,
    Flags,
    Regions,
    chances_of_so_few,
    figures,
    fit,
    nearest_rows,
    region_counts,
    regions_of,
)
from core.insight.diversity.measures import Vectors
from core.insight.mapping.clusters import cluster_terms

VERSION: Final = 1
EXAMPLES: Final = 6  # texts of a region that are kept, to show it and to aim with
EXAMPLE_CHARS: Final = 600
TERMS: Final = 6
SEED: Final = 0

Part = Literal["texts", "inputs", "responses"]


@dataclass(frozen=True)
class Side:
    """One of the two populations."""

    scope_id: str
    count: int = 0  # texts that it has
    used: int = 0  # of these, drawn at random and compared


@dataclass(frozen=True)
class RegionRow:
    """A part of the reference's field, and what lies in it."""

    region: int
    reference: int  # texts of the reference, of those that were used
    reached: float  # share of them in whose neighbourhood a text lies
    gap: Gap


@dataclass(frozen=True)
class ReferenceReport:
    """Stored as JSON in a pair report of the kind `coverage`."""

    version: int = VERSION
    part: Part = "texts"
    embedding_model: str = ""
    neighbours: int = NEIGHBOURS
    is_whole: bool = False  # every text that will be compared was
    left: Side = Side("")
    reference: Side = Side("")
    fills: int = 0  # texts of batches that were aimed at the gaps
    fill_batch_ids: list[str] = field(default_factory=list)
    now: dict[str, MetricValue] = field(
        default_factory=dict
    )  # precision, recall, density, coverage
    before: dict[str, MetricValue] = field(default_factory=dict)  # without the fills, where any are
    regions: list[RegionRow] = field(default_factory=list)  # those that miss the most first

    @property
    def gaps(self) -> list[Gap]:
        """The regions that are too thin."""
        return [row.gap for row in self.regions if row.gap.is_open]

    def part_like(self, gap_id: str, label: str) -> Gap | None:
        """The part of that id, or, where parts were drawn anew, the one that shares most of its
        terms: at least two of the three in its label."""
        named = set(label.split(", "))
        best: Gap | None = None
        for row in self.regions:
            if row.gap.gap_id == gap_id:
                return row.gap
            shared = len(named & set(row.gap.terms))
            if shared >= 2 and (best is None or shared > len(named & set(best.terms))):
                best = row.gap
        return best


REPORT: Final = TypeAdapter(ReferenceReport)


@dataclass(frozen=True)
class Texts:
    """The texts of one side that are compared, with their unit vectors, (n, d)."""

    scope_id: str
    count: int
    texts: Sequence[str]
    vectors: Vectors

    @property
    def side(self) -> Side:
        """Its size."""
        return Side(self.scope_id, self.count, len(self.texts))


def reference_report(
    left: Texts, reference: Texts, fills: Texts, *, part: Part, embedding_model: str
) -> ReferenceReport:
    """How the left texts, with and without the fills, lie beside the reference.

    The fills are drawn at the same rate as the left texts, so that together they stand for all.
    What a region wants is its share of the reference times the left texts: fills change what is
    there, not what is wanted.
    """
    together: Vectors = left.vectors
    if len(fills.texts):
        together = np.vstack([left.vectors, fills.vectors]).astype(np.float32)
    found = fit(together, reference.vectors)
    before = fit(left.vectors, reference.vectors) if len(fills.texts) else found
    regions = regions_of(reference.vectors, seed=SEED)
    return ReferenceReport(
        part=part,
        embedding_model=embedding_model,
        left=left.side,
        reference=reference.side,
        fills=fills.count,
        now=figures(found, left.count + fills.count, reference.count),
        before=figures(before, left.count, reference.count) if len(fills.texts) else {},
        regions=_rows(left, reference, fills, regions, found.is_reached),
    )


def _rows(
    left: Texts, reference: Texts, fills: Texts, regions: Regions, reached: Flags
) -> list[RegionRow]:
    here = region_counts(left.vectors, regions)
    there = region_counts(reference.vectors, regions)
    added = region_counts(fills.vectors, regions)
    used, all_used = len(left.texts), len(reference.texts)
    if not used or not all_used:
        return []
    chances = chances_of_so_few(list(map(int, here + added)), used, list(map(int, there)), all_used)
    adjusted = holm(chances)
    terms = cluster_terms(reference.texts, regions.labels, top=TERMS)
    scale = left.count / used
    rows = []
    for region in range(len(regions.centres)):
        kept = nearest_rows(reference.vectors, regions, region, EXAMPLES)
        words = terms.get(region, [])
        gap = Gap(
            gap_id=gap_id_of("region", [reference.scope_id, region, sorted(words)]),
            kind="region",
            label=", ".join(words[:3]) or f"part {region + 1}",
            wanted=round(left.count * int(there[region]) / all_used),
            before=round(int(here[region]) * scale),
            present=round(int(here[region] + added[region]) * scale),
            terms=words,
            chance=adjusted[region],
            reference_id=reference.scope_id,
            examples=[reference.texts[row].strip()[:EXAMPLE_CHARS] for row in kept],
        )
        members = regions.labels == region
        rows.append(RegionRow(region, int(members.sum()), float(reached[members].mean()), gap))
    return sorted(rows, key=lambda row: (-row.gap.missing, row.region))
