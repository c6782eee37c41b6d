"""Scores and verdicts again from stored findings. What a person decided stays decided."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from core.db.ids import sample_id_of
from core.db.tables import Batch, Finding, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.quality.scoring import score
from core.quality.thresholds.deciding import counts, decide, ratings
from core.quality.thresholds.readings import VERDICTS, Readings, read_findings
from core.quality.thresholds.settings import batch_and_version
from core.templates.definition import CheckSettings

CLOSE = 1e-9  # scores nearer than this are the same
KEYS_PER_STATEMENT = 500  # databases bound the number of values in one statement


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
        batch, version = batch_and_version(session, batch_id)
        return redecide_batch(session, batch, version, settings)


def redecide_batch(
    session: Session, batch: Batch, version: TemplateVersion, settings: CheckSettings
) -> dict[str, int]:
    """The same within the caller's transaction."""
    readings = read_findings(session, batch, version)
    decided = decide(readings, settings)
    _store_ratings(session, readings, settings)
    open_ones = ~readings.is_reviewed
    is_moved = np.isnan(readings.scores) | (np.abs(decided.scores - readings.scores) > CLOSE)
    changed = np.flatnonzero(open_ones & (is_moved | (decided.verdicts != readings.verdicts)))
    _store_decisions(
        session,
        [
            {
                "key": sample_id_of(batch.batch_id, int(readings.plan_indexes[place])),
                "new_score": float(decided.scores[place]),
                "new_verdict": VERDICTS[decided.verdicts[place]],
            }
            for place in changed
        ],
    )
    return {name: number for name, number in counts(readings, decided).items() if number}


def rescore(
    session: Session, batch_id: str, settings: CheckSettings, only: Collection[str] | None = None
) -> int:
    """Score and decide a batch's generated samples anew; returns how many changed.

    `only` names the samples to look at, all when None. Reviewed samples are left alone.
    """
    changes: list[dict[str, Any]] = []
    for keys in _parts(only):
        findings = _findings(session, batch_id, keys)
        statement = select(Sample.sample_id, Sample.quality_score, Sample.verdict).where(
            Sample.batch_id == batch_id,
            Sample.state == "generated",
            Sample.is_reviewed.is_(False),
            *(() if keys is None else (Sample.sample_id.in_(keys),)),
        )
        for sample_id, old, verdict in session.execute(statement):
            new = score(findings.get(sample_id, ()), settings)
            if new.verdict != verdict or old is None or abs(new.quality_score - old) > CLOSE:
                changes.append(
                    {"key": sample_id, "new_score": new.quality_score, "new_verdict": new.verdict}
                )
    _store_decisions(session, changes)
    return len(changes)


def _parts(only: Collection[str] | None) -> Iterator[list[str] | None]:
    """The ids in bundles that one statement can name; None asks for all."""
    if only is None:
        yield None
        return
    keys = sorted(only)
    for top in range(0, len(keys), KEYS_PER_STATEMENT):
        yield keys[top : top + KEYS_PER_STATEMENT]


def _store_decisions(session: Session, changes: list[dict[str, Any]]) -> None:
    if changes:
        table = Sample.__table__
        session.connection().execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.sample_id == bindparam("key"), table.c.is_reviewed.is_(False))
            .values(quality_score=bindparam("new_score"), verdict=bindparam("new_verdict")),
            changes,
        )


def _findings(session: Session, batch_id: str, keys: list[str] | None) -> dict[str, list[Stored]]:
    found: dict[str, list[Stored]] = defaultdict(list)
    for finding in _stored(session, batch_id, keys):
        found[finding.sample_id].append(finding)
    return found


def _stored(session: Session, batch_id: str, keys: list[str] | None) -> Iterator[Stored]:
    statement = (
        select(Finding.sample_id, Finding.check, Finding.value, Finding.score)
        .join(Sample, Sample.sample_id == Finding.sample_id)
        .where(
            Sample.batch_id == batch_id,
            *(() if keys is None else (Finding.sample_id.in_(keys),)),
        )
        .order_by(Finding.sample_id, Finding.check)
    )
    for row in session.execute(statement):
        yield Stored(*row)


def _store_ratings(session: Session, readings: Readings, settings: CheckSettings) -> None:
    changes = []
    for check in readings.checks:
        now = ratings(check, settings)[check.which]
        for at in np.flatnonzero(np.abs(now - check.scores) > CLOSE):
            index = int(readings.plan_indexes[check.places[at]])
            key = sample_id_of(readings.batch_id, index)
            changes.append({"key": key, "name": check.name, "new_score": float(now[at])})
    if changes:
        table = Finding.__table__
        session.connection().execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.sample_id == bindparam("key"), table.c.check_name == bindparam("name"))
            .values(score=bindparam("new_score")),
            changes,
        )
