"""Judgements found and paged in the database: by sample, by run, by what stands out. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from core.db.tables import (
    DEFAULT_PROJECT_ID,
    Batch,
    Judgement,
    Rubric,
    RubricVersion,
    Sample,
)
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.quality.judge.loading import conditions

ORDERS: Final = ("lowest", "highest", "disagreement")


@dataclass(frozen=True)
class JudgedSample:
    """One sample with all that judges said of it by one version."""

    sample: Sample
    mean_score: float
    spread: float  # between the highest and the lowest judge
    judgements: list[Judgement]  # the newest of each judge


def list_judged(
    workspace: Workspace,
    rubric_version_id: str,
    *,
    order: str = "lowest",
    batch_ids: Sequence[str] = (),
    judging_ids: Sequence[str] = (),
    limit: int = 20,
    offset: int = 0,
) -> list[JudgedSample]:
    """Judged samples with scores and reasons: "lowest" or "highest" mean first, or "disagreement".

    Means and spreads of this order are over every judgement, renewed ones included. Raises
    InvalidInput for another order.
    """
    if order not in ORDERS:
        raise InvalidInput(f"{order!r} is no order.", remedy=f"Use {', '.join(ORDERS)}.")
    mean, spread = func.avg(Judgement.score), func.max(Judgement.score) - func.min(Judgement.score)
    ranking = {"lowest": mean.asc(), "highest": mean.desc(), "disagreement": spread.desc()}
    page = (
        select(Judgement.sample_id)
        .join(Sample, Sample.sample_id == Judgement.sample_id)
        .where(*conditions(rubric_version_id, batch_ids, judging_ids), Judgement.score.is_not(None))
        .group_by(Judgement.sample_id)
        .order_by(ranking[order], Judgement.sample_id)
        .limit(limit)
        .offset(offset)
    )
    with workspace.read() as session:
        ids = list(session.scalars(page))
        samples = {
            sample.sample_id: sample
            for sample in session.scalars(select(Sample).where(Sample.sample_id.in_(ids)))
        }
        newest: dict[str, dict[str, Judgement]] = {sample_id: {} for sample_id in ids}
        of_page = (
            select(Judgement)
            .where(
                Judgement.sample_id.in_(ids),
                Judgement.rubric_version_id == rubric_version_id,
                Judgement.score.is_not(None),
            )
            .order_by(Judgement.created_at, Judgement.judgement_id)
        )
        for judgement in session.scalars(of_page):
            newest[judgement.sample_id][judgement.judge] = judgement
    return [_judged_sample(samples[i], list(newest[i].values())) for i in ids]


def _judged_sample(sample: Sample, judgements: list[Judgement]) -> JudgedSample:
    scores = [float(judgement.score or 0.0) for judgement in judgements]
    return JudgedSample(
        sample, sum(scores) / len(scores), max(scores) - min(scores),
        sorted(judgements, key=lambda judgement: judgement.judge),
    )  # fmt: skip


def list_judgements(
    workspace: Workspace,
    *,
    rubric_version_id: str | None = None,
    sample_id: str | None = None,
    judging_id: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Judgement]:
    """Judgements as they were given, the newest first."""
    query = select(Judgement).order_by(Judgement.created_at.desc(), Judgement.judgement_id.desc())
    if rubric_version_id is not None:
        query = query.where(Judgement.rubric_version_id == rubric_version_id)
    if sample_id is not None:
        query = query.where(Judgement.sample_id == sample_id)
    if judging_id is not None:
        query = query.where(Judgement.batch_id == judging_id)
    with workspace.read() as session:
        return list(session.scalars(query.limit(limit).offset(offset)))


@dataclass(frozen=True)
class VersionInUse:
    """A rubric version that has judgements."""

    rubric_version_id: str
    rubric_id: str
    name: str
    title: str
    number: int
    samples: int


def versions_in_use(
    workspace: Workspace, project_id: str = DEFAULT_PROJECT_ID
) -> list[VersionInUse]:
    """Versions with judgements, the one judged last first."""
    query = (
        select(
            RubricVersion, Rubric.name, func.count(func.distinct(Judgement.sample_id)),
        )
        .join(Judgement, Judgement.rubric_version_id == RubricVersion.rubric_version_id)
        .join(Rubric, Rubric.rubric_id == RubricVersion.rubric_id)
        .where(Rubric.project_id == project_id)
        .group_by(RubricVersion.rubric_version_id, Rubric.name)
        .order_by(func.max(Judgement.created_at).desc())
    )  # fmt: skip
    with workspace.read() as session:
        return [
            VersionInUse(
                version.rubric_version_id, version.rubric_id, name,
                str(version.definition["title"]), version.number, int(samples),
            )
            for version, name, samples in session.execute(query)
        ]  # fmt: skip


def judged_batches(workspace: Workspace, rubric_version_id: str) -> list[Batch]:
    """The batches whose samples were judged by this version, newest first."""
    of_version = (
        select(Sample.batch_id)
        .join(Judgement, Judgement.sample_id == Sample.sample_id)
        .where(Judgement.rubric_version_id == rubric_version_id)
        .distinct()
    )
    query = select(Batch).where(Batch.batch_id.in_(of_version)).order_by(Batch.created_at.desc())
    with workspace.read() as session:
        return list(session.scalars(query))
