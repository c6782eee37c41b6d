"""Scores and verdicts again from stored findings. What a person decided stays decided."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from core.db.tables import Finding, Sample
from core.db.workspace import Workspace
from core.quality.scoring import rated, score
from core.quality.settings import batch_and_version
from core.templates.definition import CheckSettings

CLOSE = 1e-9  # scores nearer than this are the same


class Stored(NamedTuple):
    """What scoring reads of a stored finding."""

    sample_id: str
    check: str
    value: float
    score: float


def redecide(workspace: Workspace, batch_id: str, settings: CheckSettings) -> dict[str, int]:
    """Apply other thresholds to a whole batch; returns the samples per verdict afterwards.

    Nothing is generated or measured again. Samples that a person reviewed and samples that failed
    keep their verdict. Duplicates looser than the threshold they were computed with are not
    searched for: `compute_duplicates` does that. Raises NotFound.
    """
    with workspace.write() as session:
        batch_and_version(session, batch_id)
        _refresh_finding_scores(session, batch_id, settings)
        rescore(session, batch_id, settings)
        rows = session.execute(
            select(Sample.verdict, func.count())
            .where(Sample.batch_id == batch_id)
            .group_by(Sample.verdict)
        )
        return dict(rows.all())


def rescore(
    session: Session, batch_id: str, settings: CheckSettings, only: Collection[str] | None = None
) -> int:
    """Score and decide a batch's generated samples anew; returns how many changed.

    `only` names the samples to look at, all when None. Reviewed samples are left alone.
    """
    findings = _findings(session, batch_id)
    rows = session.execute(
        select(Sample.sample_id, Sample.quality_score, Sample.verdict).where(
            Sample.batch_id == batch_id,
            Sample.state == "generated",
            Sample.is_reviewed.is_(False),
        )
    )
    wanted = None if only is None else set(only)
    changes: list[dict[str, Any]] = []
    for sample_id, old, verdict in rows:
        if wanted is not None and sample_id not in wanted:
            continue
        new = score(findings.get(sample_id, ()), settings)
        if new.verdict != verdict or old is None or abs(new.quality_score - old) > CLOSE:
            changes.append(
                {"key": sample_id, "new_score": new.quality_score, "new_verdict": new.verdict}
            )
    if changes:
        table = Sample.__table__
        session.connection().execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.sample_id == bindparam("key"), table.c.is_reviewed.is_(False))
            .values(quality_score=bindparam("new_score"), verdict=bindparam("new_verdict")),
            changes,
        )
    return len(changes)


def _findings(session: Session, batch_id: str) -> dict[str, list[Stored]]:
    found: dict[str, list[Stored]] = defaultdict(list)
    for finding in _stored(session, batch_id):
        found[finding.sample_id].append(finding)
    return found


def _stored(session: Session, batch_id: str) -> Iterator[Stored]:
    statement = (
        select(Finding.sample_id, Finding.check, Finding.value, Finding.score)
        .join(Sample, Sample.sample_id == Finding.sample_id)
        .where(Sample.batch_id == batch_id)
        .order_by(Finding.sample_id, Finding.check)
    )
    for row in session.execute(statement):
        yield Stored(*row)


def _refresh_finding_scores(session: Session, batch_id: str, settings: CheckSettings) -> None:
    changes = [
        {"key": finding.sample_id, "name": finding.check, "new_score": rating}
        for finding in _stored(session, batch_id)
        if abs((rating := rated(finding, settings)) - finding.score) > CLOSE
    ]
    if changes:
        table = Finding.__table__
        session.connection().execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.sample_id == bindparam("key"), table.c.check_name == bindparam("name"))
            .values(score=bindparam("new_score")),
            changes,
        )
