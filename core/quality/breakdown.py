"""Quality of groups of samples side by side: by template version, model, domain, language …

Aggregated in the database. Shares are of all samples of a group, failed ones included.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import Double, Select, case, cast, exists, func, select
from sqlalchemy.orm import Session

from core.db.tables import (
    DEFAULT_PROJECT_ID,
    Attempt,
    Batch,
    Finding,
    Sample,
    Template,
    TemplateVersion,
)
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.batches import KEPT_KINDS
from core.quality.intervals import Average, Rate, average_of, rate_of
from core.quality.report import category_names
from core.quality.scoring import ACCEPTED, NEEDS_REVIEW, REJECTED

By = Literal["batch", "template", "template_version", "model", "domain", "language"]
BYS: Final[tuple[By, ...]] = get_args(By)
MOST_GROUPS: Final = 100
VARIABLE: Final = "variable:"  # before the name of a variable to group by


@dataclass(frozen=True)
class GroupQuality:
    """The samples of one group."""

    key: str  # id of the batch, template or version; the name itself elsewhere; "" unknown
    label: str  # for people
    samples: int
    generated: int
    needs_review: int
    rejected: int
    acceptance: Rate  # accepted samples, of all
    score: Average  # of the generated ones
    defects: dict[str, Rate]  # by check: samples with a score below 1, of all


def quality_by(
    workspace: Workspace,
    by: str,
    *,
    batch_ids: Sequence[str] = (),
    template_id: str | None = None,
    project_id: str = DEFAULT_PROJECT_ID,
    with_defects: bool = True,
) -> list[GroupQuality]:
    """The groups of the chosen batches' samples, the largest first; at most MOST_GROUPS.

    Without `batch_ids` all kept batches of the project count, or of one template. `by` is one of
    BYS, or "variable:" and the name of a variable. Raises InvalidInput for anything else.
    """
    if by not in BYS and not by.removeprefix(VARIABLE) != by:
        raise InvalidInput(
            f"{by!r} is nothing to group by.",
            remedy=f"Use {', '.join(BYS)}, or {VARIABLE} and a variable's name.",
        )
    with workspace.read() as session:
        chosen = chosen_batches(batch_ids, template_id, project_id)
        key = _key(session, by, chosen)
        rows = session.execute(_sums(key, chosen)).all()
        defects = _defects(session, key, chosen) if with_defects else {}
        labels = _labels(session, by, [str(row.key or "") for row in rows])
    return [_group(row, labels, defects) for row in rows]


def verdict_counts(workspace: Workspace, *, project_id: str = DEFAULT_PROJECT_ID) -> dict[str, int]:
    """Samples per verdict over all kept batches of a project, counted from an index alone."""
    looked_at = select(Batch.batch_id).where(Batch.kind.not_in(KEPT_KINDS))
    with workspace.read() as session:
        rows = session.execute(
            select(Sample.verdict, func.count())
            .where(Sample.project_id == project_id, Sample.batch_id.not_in(looked_at))
            .group_by(Sample.verdict)
        )
        return dict(rows.all())


def batches_of_version(workspace: Workspace, template_version_id: str) -> list[str]:
    """Ids of the kept batches that a template version made, oldest first."""
    with workspace.read() as session:
        return list(
            session.scalars(
                select(Batch.batch_id)
                .where(Batch.template_version_id == template_version_id, Batch.kind.in_(KEPT_KINDS))
                .order_by(Batch.created_at, Batch.batch_id)
            )
        )


def variables_to_group_by(workspace: Workspace, batch_ids: Sequence[str]) -> list[str]:
    """Names of the variables with listed values in these batches' templates."""
    with workspace.read() as session:
        return category_names(session, list(batch_ids))


def chosen_batches(
    batch_ids: Sequence[str], template_id: str | None, project_id: str = DEFAULT_PROJECT_ID
) -> Select[str]:
    """Ids of the named batches, else of all kept ones of a template, else of the project."""
    query = select(Batch.batch_id)
    if batch_ids:
        return query.where(Batch.batch_id.in_(batch_ids))
    query = query.where(Batch.project_id == project_id, Batch.kind.in_(KEPT_KINDS))
    if template_id is not None:
        versions = select(TemplateVersion.template_version_id).where(
            TemplateVersion.template_id == template_id
        )
        query = query.where(Batch.template_version_id.in_(versions))
    return query


def _key(session: Session, by: str, chosen: Select[str]) -> Any:
    """The expression that names a sample's group."""
    if by.startswith(VARIABLE):
        return Sample.variables[by.removeprefix(VARIABLE)].as_string()
    if by == "model" and _has_failover(session, chosen):
        # Only where a second model may have answered is each sample's own call looked up.
        own = select(Attempt.model).where(Attempt.attempt_id == Sample.attempt_id).scalar_subquery()
        return func.coalesce(own, Batch.model)
    return {
        "batch": Sample.batch_id, "template": TemplateVersion.template_id,
        "template_version": Batch.template_version_id, "model": Batch.model,
        "domain": Sample.domain, "language": Sample.language,
    }[by]  # fmt: skip


def _has_failover(session: Session, chosen: Select[str]) -> bool:
    second = select(Batch.batch_id).where(
        Batch.batch_id.in_(chosen), Batch.failover_connection.is_not(None)
    )
    return bool(session.scalar(select(exists(second))))


def _sums(key: Any, chosen: Select[str]) -> Select[Any]:
    score = cast(Sample.quality_score, Double)
    number = func.count()
    return (
        select(
            key.label("key"),
            number.label("samples"),
            _counted(Sample.state == "generated").label("generated"),
            _counted(Sample.verdict == ACCEPTED).label("accepted"),
            _counted(Sample.verdict == NEEDS_REVIEW).label("needs_review"),
            _counted(Sample.verdict == REJECTED).label("rejected"),
            func.count(score).label("scored"),
            func.coalesce(func.sum(score), 0.0).label("total"),
            func.coalesce(func.sum(score * score), 0.0).label("squares"),
        )
        .select_from(Sample)
        .join(Batch, Batch.batch_id == Sample.batch_id)
        .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
        .where(Sample.batch_id.in_(chosen))
        .group_by(key)
        .order_by(number.desc(), key)
        .limit(MOST_GROUPS)
    )


def _counted(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _defects(session: Session, key: Any, chosen: Select[str]) -> dict[tuple[str, str], int]:
    """Samples with a score below 1, by group and check."""
    rows = session.execute(
        select(key, Finding.check, func.count())
        .select_from(Finding)
        .join(Sample, Sample.sample_id == Finding.sample_id)
        .join(Batch, Batch.batch_id == Sample.batch_id)
        .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
        .where(Sample.batch_id.in_(chosen), Finding.score < 1)
        .group_by(key, Finding.check)
        .order_by(Finding.check)
    )
    return {(str(group or ""), check): int(number) for group, check, number in rows}


def _labels(session: Session, by: str, keys: Sequence[str]) -> dict[str, str]:
    if by == "batch":
        query = select(Batch.batch_id, Batch.name).where(Batch.batch_id.in_(keys))
        return dict(session.execute(query).all())
    if by == "template":
        titles = select(Template.template_id, Template.title).where(Template.template_id.in_(keys))
        return dict(session.execute(titles).all())
    if by == "template_version":
        versions = session.execute(
            select(TemplateVersion.template_version_id, Template.title, TemplateVersion.number)
            .join(Template, Template.template_id == TemplateVersion.template_id)
            .where(TemplateVersion.template_version_id.in_(keys))
        )
        return {key: f"{title}, version {number}" for key, title, number in versions}
    return {}


def _group(row: Any, labels: dict[str, str], defects: dict[tuple[str, str], int]) -> GroupQuality:
    key, samples = str(row.key or ""), int(row.samples)
    return GroupQuality(
        key=key,
        label=labels.get(key, key),
        samples=samples,
        generated=int(row.generated),
        needs_review=int(row.needs_review),
        rejected=int(row.rejected),
        acceptance=rate_of(int(row.accepted), samples),
        score=average_of(int(row.scored), float(row.total), float(row.squares)),
        defects={
            check: rate_of(number, samples)
            for (group, check), number in defects.items()
            if group == key
        },
    )
