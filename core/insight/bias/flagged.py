"""Samples in which a check found something. Reads stored findings; thresholds do not enter."""

from collections.abc import Sequence

from sqlalchemy import select

from core.db.tables import Finding, Sample
from core.db.workspace import Workspace

BATCHES_PER_QUERY = 200


def flagged_ids(workspace: Workspace, sample_ids: Sequence[str], check: str) -> set[str]:
    """Those of the samples in which the check measured more than 0."""
    batches = sorted({f"bat_{one.removeprefix('smp_').rpartition('_')[0]}" for one in sample_ids})
    found: set[str] = set()
    for start in range(0, len(batches), BATCHES_PER_QUERY):
        some = batches[start : start + BATCHES_PER_QUERY]
        query = (
            select(Finding.sample_id)
            .join(Sample, Sample.sample_id == Finding.sample_id)
            .where(Sample.batch_id.in_(some), Finding.check == check, Finding.value > 0)
        )
        with workspace.read() as session:
            found |= set(session.scalars(query))
    return found & set(sample_ids)
