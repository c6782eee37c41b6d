"""Judgements read for a report: the newest of each judge on each sample or pair, as arrays.

Reads no text but names. A rubric version's judgements are compared with one another only.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from core.db.tables import Batch, Judgement, Review, Sample
from core.generation.standing import is_standing
from core.quality.judge.position import BothOrders
from core.quality.judge.rubric import RubricDefinition
from core.quality.judge.statistics import Floats

MOST_ROWS: Final = 60_000  # judgements of one report, the newest
GRADES: Final = {"accept": 1.0, "edit": 0.5, "reject": 0.0}
IDS_PER_QUERY: Final = 500


class PairKey(NamedTuple):
    """Two samples, in the order in which they were launched."""

    sample_id: str
    other_id: str


@dataclass(frozen=True)
class Marks:
    """What judges gave to samples, nan where a judge gave nothing."""

    judges: list[str]
    sample_ids: list[str]
    criteria: list[str]
    scores: Floats  # (judges, samples), 0 to 1
    marks: Floats  # (judges, criteria, samples), on each criterion's own scale
    grades: Floats  # (judges, samples): what a person said of the text that the judge read
    is_cut: bool  # older judgements were left out


@dataclass(frozen=True)
class Preferences:
    """What judges preferred in pairs."""

    judges: list[str]
    pairs: list[PairKey]
    orders: dict[str, list[BothOrders]]  # by judge, of pairs that were answered in both orders
    balance: Floats  # (judges, pairs): 1 the sample, -1 the other, 0 neither; nan where not asked


def conditions(
    rubric_version_id: str, batch_ids: Sequence[str], judging_ids: Sequence[str]
) -> list[ColumnElement[bool]]:
    """Which judgements count: of one version, and where given of these batches or these runs."""
    found: list[ColumnElement[bool]] = [Judgement.rubric_version_id == rubric_version_id]
    if batch_ids:
        found.append(Sample.batch_id.in_(batch_ids))
    if judging_ids:
        found.append(Judgement.batch_id.in_(judging_ids))
    return found


def load_marks(
    session: Session, rubric: RubricDefinition, wanted: list[ColumnElement[bool]]
) -> Marks:
    """The scores and marks of samples, with what people decided since."""
    rows = session.execute(
        select(
            Judgement.judge, Judgement.sample_id, Judgement.score, Judgement.scores,
            Judgement.created_at, Sample.is_reviewed,
        )
        .join(Sample, Sample.sample_id == Judgement.sample_id)
        .where(*wanted, Judgement.score.is_not(None))
        .order_by(Judgement.created_at.desc(), Judgement.judgement_id.desc())
        .limit(MOST_ROWS + 1)
    ).all()  # fmt: skip
    is_cut, rows = len(rows) > MOST_ROWS, rows[:MOST_ROWS]
    judges = sorted({row.judge for row in rows})
    sample_ids = sorted({row.sample_id for row in rows})
    at_judge = {name: place for place, name in enumerate(judges)}
    at_sample = {name: place for place, name in enumerate(sample_ids)}
    names = [criterion.name for criterion in rubric.criteria]
    scores = np.full((len(judges), len(sample_ids)), np.nan)
    marks = np.full((len(judges), len(names), len(sample_ids)), np.nan)
    grades = np.full((len(judges), len(sample_ids)), np.nan)
    decided = _decided(session, [row.sample_id for row in rows if row.is_reviewed])
    for row in reversed(rows):  # the newest is written last
        judge, place = at_judge[row.judge], at_sample[row.sample_id]
        scores[judge, place] = row.score
        marks[judge, :, place] = [float(row.scores.get(name, np.nan)) for name in names]
        if row.sample_id in decided:
            grades[judge, place] = _grade(decided[row.sample_id], row)
    return Marks(judges, sample_ids, names, scores, marks, grades, is_cut)


def _decided(session: Session, sample_ids: Sequence[str]) -> dict[str, Any]:
    """The last standing decision on each of these samples."""
    found: dict[str, Any] = {}
    unique = sorted(set(sample_ids))
    for top in range(0, len(unique), IDS_PER_QUERY):
        query = (
            select(Review.sample_id, Review.decision, Review.created_at)
            .where(
                Review.sample_id.in_(unique[top : top + IDS_PER_QUERY]),
                Review.decision.in_(GRADES),
                is_standing(),
            )
            .order_by(Review.revision, Review.created_at)
        )
        for row in session.execute(query):
            found[row.sample_id] = row
    return found


def _grade(review: Any, judgement: Any) -> float:
    """A judge that came after an edit read the corrected text, which a person stands behind."""
    if review.decision == "edit" and judgement.created_at > review.created_at:
        return 1.0
    return GRADES[str(review.decision)]


def load_preferences(session: Session, wanted: list[ColumnElement[bool]]) -> Preferences:
    """The newest answer of each judge to each pair, in either order."""
    rows = session.execute(
        select(
            Judgement.judge, Judgement.sample_id, Judgement.other_id, Judgement.is_swapped,
            Judgement.preferred,
        )
        .join(Sample, Sample.sample_id == Judgement.sample_id)
        .where(*wanted, Judgement.other_id.is_not(None))
        .order_by(Judgement.created_at.desc(), Judgement.judgement_id.desc())
        .limit(MOST_ROWS)
    ).all()  # fmt: skip
    said: dict[str, dict[PairKey, dict[bool, Any]]] = defaultdict(lambda: defaultdict(dict))
    for row in reversed(rows):
        said[row.judge][PairKey(row.sample_id, row.other_id)][row.is_swapped] = row.preferred
    judges = sorted(said)
    pairs = sorted({pair for by_pair in said.values() for pair in by_pair})
    at_pair = {pair: place for place, pair in enumerate(pairs)}
    balance = np.full((len(judges), len(pairs)), np.nan)
    orders: dict[str, list[BothOrders]] = {}
    signs = {"sample": 1, "other": -1, "tie": 0}
    for place, judge in enumerate(judges):
        complete = {pair: both for pair, both in said[judge].items() if len(both) == 2}
        orders[judge] = [BothOrders(both[False], both[True]) for both in complete.values()]
        for pair, both in complete.items():
            balance[place, at_pair[pair]] = np.sign(signs[both[False]] + signs[both[True]])
    return Preferences(judges, pairs, orders, balance)


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two batches whose samples were compared."""

    sample_batch_id: str
    other_batch_id: str
    sample_name: str
    other_name: str


def pairings(session: Session, wanted: list[ColumnElement[bool]]) -> list[Pairing]:
    """The pairs of batches that these judgements compare."""
    other, a, b = aliased(Sample), aliased(Batch), aliased(Batch)
    query = (
        select(a.batch_id, b.batch_id, a.name, b.name)
        .select_from(Judgement)
        .join(Sample, Sample.sample_id == Judgement.sample_id)
        .join(other, other.sample_id == Judgement.other_id)
        .join(a, a.batch_id == Sample.batch_id)
        .join(b, b.batch_id == other.batch_id)
        .where(*wanted)
        .distinct()
    )
    return [Pairing(*row) for row in session.execute(query)]
