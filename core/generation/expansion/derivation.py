"""A sample's relatives: what it was derived from, and what was derived from it."""

from typing import NamedTuple

from sqlalchemy import select

from core.db.tables import Batch, Sample
from core.db.workspace import Workspace


class Relative(NamedTuple):
    """A sample and the batch that made it."""

    sample: Sample
    batch: Batch

    @property
    def operation(self) -> str:
        """How it was made: paraphrase, noise …; "" for a sample that is not derived."""
        return str(self.batch.origin.get("operation", ""))


class Relatives(NamedTuple):
    """Both directions, one step."""

    parent: Relative | None  # None: not derived, or the parent is gone
    derived: list[Relative]  # oldest first


def relatives(workspace: Workspace, sample: Sample, *, limit: int = 50) -> Relatives:
    """The parent of a sample, and at most `limit` samples that were derived from it."""
    both = select(Sample, Batch).join(Batch, Batch.batch_id == Sample.batch_id)
    children = (
        both.where(Sample.parent_id == sample.sample_id, Batch.kind == "augmentation")
        .order_by(Sample.created_at, Sample.sample_id)
        .limit(limit)
    )
    with workspace.read() as session:
        above = session.execute(both.where(Sample.sample_id == sample.parent_id)).one_or_none()
        derived = [Relative(row[0], row[1]) for row in session.execute(children)]
    return Relatives(None if above is None else Relative(above[0], above[1]), derived)
