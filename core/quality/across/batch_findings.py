"""Findings of checks that look at a whole batch: stored, replaced and scored as one.

Owns the difference between what is stored and what was seen. It decides nothing about samples.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.db.ids import utc_now
from core.db.tables import Batch, Finding, Sample
from core.db.workspace import Workspace
from core.quality.registry import CHECKS
from core.quality.rescoring import rescore
from core.templates.definition import CheckSettings

KEYS_PER_STATEMENT = 500  # databases bound the number of values in one statement


class Seen(NamedTuple):
    """What a check saw in one sample."""

    value: float  # in the check's own unit; thresholds do not enter it
    evidence: dict[str, Any]


Seens = Mapping[tuple[str, str], Seen]  # by sample id and name of the check


def store_seen(
    workspace: Workspace,
    batch_id: str,
    checks: Collection[str],
    seen: Seens,
    settings: CheckSettings,
) -> int:
    """Make `seen` all that these checks say about the batch; returns how many samples changed.

    Those samples are scored again; reviewed ones keep verdict and score. Saying the same twice
    changes nothing.
    """
    with workspace.write() as session:
        batch = session.get_one(Batch, batch_id)
        before = _stored(session, batch_id, checks)
        changed = {key for key in before.keys() | seen.keys() if before.get(key) != seen.get(key)}
        if changed:
            _delete(session, changed & before.keys())
            rows = [_row(batch, key, seen[key], settings) for key in sorted(changed & seen.keys())]
            if rows:
                session.execute(insert(Finding), rows)
            rescore(session, batch_id, settings, only={sample_id for sample_id, _ in changed})
    return len({sample_id for sample_id, _ in changed})


def _stored(
    session: Session, batch_id: str, checks: Collection[str]
) -> dict[tuple[str, str], Seen]:
    statement = (
        select(Finding.sample_id, Finding.check, Finding.value, Finding.evidence)
        .join(Sample, Sample.sample_id == Finding.sample_id)
        .where(Sample.batch_id == batch_id, Finding.check.in_(list(checks)))
    )
    return {
        (key, name): Seen(value, evidence)
        for key, name, value, evidence in session.execute(statement)
    }


def _delete(session: Session, stale: Collection[tuple[str, str]]) -> None:
    for check in {name for _, name in stale}:
        keys = sorted(key for key, name in stale if name == check)
        for top in range(0, len(keys), KEYS_PER_STATEMENT):
            session.execute(
                delete(Finding)
                .where(
                    Finding.check == check,
                    Finding.sample_id.in_(keys[top : top + KEYS_PER_STATEMENT]),
                )
                .execution_options(synchronize_session=False)
            )


def _row(batch: Batch, key: tuple[str, str], seen: Seen, settings: CheckSettings) -> dict[str, Any]:
    sample_id, check = key
    return {
        "sample_id": sample_id,
        "check": check,
        "value": seen.value,
        "score": CHECKS[check].rate(seen.value, settings),
        "evidence": seen.evidence,
        "project_id": batch.project_id,
        "created_by": batch.created_by,
        "created_at": utc_now(),
    }
