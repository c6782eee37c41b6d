"""Samples by region of the map: where fewest were decided, a person looks next. Reads only."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, InsightReport, Sample
from core.db.workspace import Workspace
from core.generation.batches import KEPT_KINDS
from core.generation.samples import SampleFilter

MOST_MAPS: Final = 10  # newest batches, where none are chosen
LOOKED_AT: Final = 200  # samples of a region in one statement

Regions = dict[int, tuple[str, ...]]  # by cluster: its sample ids in a fixed shuffle


def in_turn(
    workspace: Workspace,
    session: Session,
    filter: SampleFilter,
    waiting: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    skip: Sequence[str] = (),
) -> list[str]:
    """Ids of the next waiting samples, each from the region with the fewest decided ones; of two
    such the larger one. Fewer than `limit` where no more lie on a map.
    """
    regions = _regions(workspace, session, filter)
    decided = _decided(session, regions)
    left = dict.fromkeys(regions)
    chosen: list[str] = []
    while left and len(chosen) < limit:
        key = min(left, key=lambda k: (decided[k], -len(regions[k]), k))
        found = _first(session, regions[key], waiting, {*skip, *chosen})
        if found is None:
            del left[key]
        else:
            chosen.append(found)
            decided[key] += 1
    return chosen


def _regions(
    workspace: Workspace, session: Session, filter: SampleFilter
) -> dict[tuple[str, int], tuple[str, ...]]:
    reports = (
        select(InsightReport.scope_id, InsightReport.map_file)
        .join(Batch, Batch.batch_id == InsightReport.scope_id)
        .where(
            InsightReport.map_file.is_not(None),
            Batch.project_id == filter.project_id,
            Batch.kind.in_(KEPT_KINDS),
        )
        .order_by(Batch.created_at.desc())
        .limit(MOST_MAPS)
    )
    if filter.batch_ids:
        reports = reports.where(Batch.batch_id.in_(filter.batch_ids))
    found: dict[tuple[str, int], tuple[str, ...]] = {}
    for batch_id, name in session.execute(reports):
        path = workspace.folder("insight") / str(name)
        if path.exists():  # a worker may just have put a newer one in its place
            found |= {(batch_id, cluster): ids for cluster, ids in _read(path).items()}
    return found


@lru_cache(maxsize=MOST_MAPS)  # a map's file is named by its content
def _read(path: Path) -> Regions:
    table = pq.read_table(path, columns=["sample_id", "cluster"])
    ids = np.array(table.column("sample_id").to_pylist(), dtype=object)
    clusters = table.column("cluster").to_numpy()
    order = np.random.default_rng(0).permutation(len(ids))
    ids, clusters = ids[order], clusters[order]
    return {int(c): tuple(ids[clusters == c].tolist()) for c in np.unique(clusters)}


def _decided(
    session: Session, regions: dict[tuple[str, int], tuple[str, ...]]
) -> dict[tuple[str, int], int]:
    batch_ids = {batch_id for batch_id, _ in regions}
    reviewed = set(
        session.scalars(
            select(Sample.sample_id).where(
                Sample.batch_id.in_(batch_ids), Sample.is_reviewed.is_(True)
            )
        )
    )
    if not reviewed:
        return dict.fromkeys(regions, 0)
    return {key: len(reviewed.intersection(ids)) for key, ids in regions.items()}


def _first(
    session: Session,
    ids: Sequence[str],
    waiting: Sequence[ColumnElement[bool]],
    skip: set[str],
) -> str | None:
    """The first of these samples that waits."""
    candidates = [sample_id for sample_id in ids if sample_id not in skip]
    for top in range(0, len(candidates), LOOKED_AT):
        block = candidates[top : top + LOOKED_AT]
        found = set(
            session.scalars(select(Sample.sample_id).where(Sample.sample_id.in_(block), *waiting))
        )
        first = next((sample_id for sample_id in block if sample_id in found), None)
        if first is not None:
            return first
    return None
