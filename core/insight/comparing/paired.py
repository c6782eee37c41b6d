"""The samples of two batches over the same plan, side by side, read from the database."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.orm import Session

from core.db.tables import Attempt, Finding, Sample
from core.db.workspace import Workspace

ACCEPTED = "accepted"
USD_PER_NANO = 1e-9


@dataclass(frozen=True)
class PairedSamples:
    """Figures of the plan indexes that both batches have a sample for; column 0 is A, 1 is B."""

    accepted: NDArray[np.bool_]  # (n, 2)
    compliant: NDArray[np.bool_]  # (n, 2): fits the output schema
    quality: NDArray[np.float64]  # (n, 2); nan for a sample that failed
    cost_usd: NDArray[np.float64]  # (n, 2): of every call for the sample
    unpaired: int  # samples whose plan index the other batch lacks

    def __len__(self) -> int:
        return len(self.accepted)


def load_pairs(workspace: Workspace, a_batch_id: str, b_batch_id: str) -> PairedSamples:
    """Both batches' samples joined by plan index; no rows while one of them has none."""
    with workspace.read() as session:
        sides = [_rows(session, batch_id) for batch_id in (a_batch_id, b_batch_id)]
    a, b = sides
    both = sorted(a.keys() & b.keys())
    table = np.array([[a[i], b[i]] for i in both], dtype=np.float64).reshape(len(both), 2, 4)
    return PairedSamples(
        accepted=table[:, :, 0] > 0,
        compliant=table[:, :, 1] > 0,
        quality=table[:, :, 2],
        cost_usd=table[:, :, 3],
        unpaired=len(a) + len(b) - 2 * len(both),
    )


Row = tuple[float, float, float, float]  # accepted, compliant, quality, cost


def _rows(session: Session, batch_id: str) -> dict[int, Row]:
    broken = _broken(session, batch_id)
    costs = sample_costs(session, batch_id)
    samples = session.execute(
        select(Sample.plan_index, Sample.state, Sample.verdict, Sample.quality_score).where(
            Sample.batch_id == batch_id
        )
    )
    return {
        index: (
            float(verdict == ACCEPTED),
            float(state == "generated" and index not in broken),
            np.nan if quality is None else float(quality),
            costs.get(index, 0.0),
        )
        for index, state, verdict, quality in samples
    }


def _broken(session: Session, batch_id: str) -> set[int]:
    """Generated samples that break their schema all the same."""
    statement = (
        select(Sample.plan_index)
        .join(Finding, Finding.sample_id == Sample.sample_id)
        .where(Sample.batch_id == batch_id, Finding.check == "schema", Finding.score < 1)
        .distinct()
    )
    return set(session.scalars(statement))


def sample_costs(session: Session, batch_id: str) -> dict[int, float]:
    """What each sample's calls cost, in USD, by plan index.

    An answer that was reused counts with what it cost when it was asked: the one who paid before
    would else look cheaper.
    """
    nano = type_coerce(Attempt.cost_usd, BigInteger)  # a Decimal a row would take a second
    own = session.execute(
        select(Attempt.plan_index, func.sum(nano))
        .where(Attempt.batch_id == batch_id, Attempt.cost_usd.is_not(None))
        .group_by(Attempt.plan_index)
    )
    costs = {index: int(cost) * USD_PER_NANO for index, cost in own}
    reused = session.execute(
        select(Sample.plan_index, nano)
        .join(Attempt, Attempt.attempt_id == Sample.attempt_id)
        .where(
            Sample.batch_id == batch_id,
            Attempt.batch_id != batch_id,
            Attempt.cost_usd.is_not(None),
        )
    )
    for index, cost in reused:
        costs[index] = costs.get(index, 0.0) + int(cost) * USD_PER_NANO
    return costs
