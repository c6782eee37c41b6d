"""Duplicates within a batch, and of what the template's earlier batches already delivered.

The first sample of its kind stays clean; a later one gets a finding that names its twin. Input and
response must both be alike: many answers to one passage, or one answer to many questions, are no
duplicates.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Comparison, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.generation.batches import KEPT_KINDS
from core.quality.across.batch_findings import Seen, store_seen
from core.quality.thresholds.settings import batch_and_version, check_settings
from core.text.alike.similarity import near_duplicate_pairs

EXACT: Final = "exact_duplicate"
NEAR: Final = "near_duplicate"
NEAR_FLOOR: Final = 0.6  # twins are kept from here on, so that the threshold can move above it
EARLIER_LIMIT: Final = 100_000  # newest accepted samples of other batches that are compared with


class _Record(NamedTuple):
    sample_id: str
    input: str
    response: str
    text_hash: str


class _Twin(NamedTuple):
    check: str
    sample_id: str
    similarity: float


def compute_duplicates(workspace: Workspace, batch_id: str) -> int:
    """Find exact and near duplicates of a batch, store the findings, score again; returns how many
    samples are duplicates.

    Compared are the batch's generated samples in plan order, after the accepted samples of the
    template's earlier batches (previews aside). Twins below the threshold are kept down to
    NEAR_FLOOR, without harm to the score. Running it again changes nothing; reviewed samples keep
    verdict and score. Raises NotFound.
    """
    with workspace.read() as session:
        batch, version = batch_and_version(session, batch_id)
        settings = check_settings(batch, version)
        earlier = _earlier(session, batch, version.template_id)
        own = _own(session, batch_id)
    twins = _twins(earlier, own, min(settings.near_duplicate, NEAR_FLOOR))
    seen = {
        (key, twin.check): Seen(
            twin.similarity, {"twin": twin.sample_id, "similarity": twin.similarity}
        )
        for key, twin in twins.items()
    }
    store_seen(workspace, batch_id, (EXACT, NEAR), seen, settings)
    limit = settings.near_duplicate
    return sum(twin.check == EXACT or twin.similarity >= limit for twin in twins.values())


def _own(session: Session, batch_id: str) -> list[_Record]:
    statement = (
        select(Sample.sample_id, Sample.input, Sample.response, Sample.text_hash)
        .where(Sample.batch_id == batch_id, Sample.state == "generated")
        .order_by(Sample.plan_index)
    )
    return [_Record(*row) for row in session.execute(statement)]


def _earlier(session: Session, batch: Batch, template_id: str) -> list[_Record]:
    """Accepted samples of the template's earlier batches, oldest first.

    The other side of a comparison does not count: it answers the same plan, and is meant to.
    """
    pair = (Comparison.a_batch_id, Comparison.b_batch_id)
    others = [select(other).where(own == batch.batch_id) for own, other in (pair, pair[::-1])]
    is_earlier = or_(
        Batch.created_at < batch.created_at,
        and_(Batch.created_at == batch.created_at, Batch.batch_id < batch.batch_id),
    )
    statement = (
        select(Sample.sample_id, Sample.input, Sample.response, Sample.text_hash)
        .join(Batch, Batch.batch_id == Sample.batch_id)
        .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
        .where(
            TemplateVersion.template_id == template_id,
            Batch.kind.in_(KEPT_KINDS),
            Batch.project_id == batch.project_id,
            is_earlier,
            *(Batch.batch_id.not_in(other) for other in others),
            Sample.verdict == "accepted",
            Sample.state == "generated",
        )
        .order_by(Batch.created_at.desc(), Batch.batch_id.desc(), Sample.plan_index.desc())
        .limit(EARLIER_LIMIT)
    )
    return [_Record(*row) for row in session.execute(statement)][::-1]


def _twins(
    earlier: Sequence[_Record], own: Sequence[_Record], threshold: float
) -> dict[str, _Twin]:
    """The twin of each of our samples that has one: an exact one if any, else the most alike."""
    records = [*earlier, *own]
    twins: dict[str, _Twin] = {}
    first_of: dict[str, str] = {}
    for position, record in enumerate(records):
        first = first_of.setdefault(record.text_hash, record.sample_id)
        if first != record.sample_id and position >= len(earlier):
            twins[record.sample_id] = _Twin(EXACT, first, 1.0)
    pairs = near_duplicate_pairs(
        [record.input for record in records],
        [record.response for record in records],
        threshold=threshold,
    )
    for pair in pairs:
        if pair.second < len(earlier):
            continue
        key = records[pair.second].sample_id
        known = twins.get(key)
        if known is None or (known.check == NEAR and known.similarity < pair.similarity):
            twins[key] = _Twin(NEAR, records[pair.first].sample_id, pair.similarity)
    return twins
