"""What the checks measured in a batch, as arrays: thresholds can then be tried in milliseconds.

Reads only, and holds no text. A hundred thousand samples take a few megabytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Finding, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.quality.check import Check
from core.quality.registry import CHECKS
from core.quality.scoring import ACCEPTED, NEEDS_REVIEW, REJECTED
from core.quality.thresholds.settings import batch_and_version, check_settings, version_settings
from core.templates.definition import CheckSettings

VERDICTS: Final = (ACCEPTED, NEEDS_REVIEW, REJECTED)
CODES: Final = {name: code for code, name in enumerate(VERDICTS)}
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class CheckReadings(NamedTuple):
    """One check's findings; `values` are its different ones, so that each is rated once."""

    name: str
    check: Check | None  # None: no longer registered; `values` are then the stored scores
    places: Ints  # of the samples that have a finding, (k,)
    which: Ints  # index into `values` of each, (k,)
    values: Floats  # in the check's own unit, ascending
    scores: Floats  # as stored, (k,)


@dataclass(frozen=True)
class Readings:
    """A batch's generated samples in plan order, n of them, and what was found in them."""

    batch_id: str
    template_id: str
    settings: CheckSettings  # in force now
    of_version: CheckSettings  # of the template version alone
    plan_indexes: Ints  # (n,), ascending
    scores: Floats  # stored quality scores, (n,); nan where none
    verdicts: NDArray[np.int8]  # places in VERDICTS, (n,)
    is_reviewed: NDArray[np.bool_]  # a person decided, so no threshold does
    checks: tuple[CheckReadings, ...]  # by name: the order in which scores are multiplied
    failed: dict[str, int]  # verdicts of the samples that failed; no threshold moves them

    def __len__(self) -> int:
        return len(self.plan_indexes)


def load_readings(workspace: Workspace, batch_id: str) -> Readings:
    """The stored findings of a batch. Raises NotFound."""
    with workspace.read() as session:
        batch, version = batch_and_version(session, batch_id)
        return read_findings(session, batch, version)


def read_findings(session: Session, batch: Batch, version: TemplateVersion) -> Readings:
    """The same within the caller's transaction."""
    of_batch = Sample.batch_id == batch.batch_id
    rows = session.execute(
        select(Sample.plan_index, Sample.verdict, Sample.is_reviewed, Sample.quality_score)
        .where(of_batch, Sample.state == "generated")
        .order_by(Sample.plan_index)
    ).all()
    failed = session.execute(
        select(Sample.verdict, func.count())
        .where(of_batch, Sample.state != "generated")
        .group_by(Sample.verdict)
    ).all()
    indexes, verdicts, reviewed, scores = zip(*rows, strict=True) if rows else ((),) * 4
    plan_indexes = np.array(indexes, dtype=np.int64)
    return Readings(
        batch_id=batch.batch_id,
        template_id=version.template_id,
        settings=check_settings(batch, version),
        of_version=version_settings(version),
        plan_indexes=plan_indexes,
        scores=np.array(scores, dtype=np.float64),
        verdicts=np.array([CODES[verdict] for verdict in verdicts], dtype=np.int8),
        is_reviewed=np.array(reviewed, dtype=np.bool_),
        checks=_checks(session, batch.batch_id, plan_indexes),
        failed=dict(failed),
    )


def _checks(session: Session, batch_id: str, plan_indexes: Ints) -> tuple[CheckReadings, ...]:
    rows = session.execute(
        select(Finding.check, Sample.plan_index, Finding.value, Finding.score)
        .join(Sample, Sample.sample_id == Finding.sample_id)
        .where(Sample.batch_id == batch_id, Sample.state == "generated")
    )
    found: dict[str, tuple[list[int], list[float], list[float]]] = {}
    for name, index, value, score in rows:
        if name not in found:
            found[name] = ([], [], [])
        indexes, values, scores = found[name]
        indexes.append(index)
        values.append(value if name in CHECKS else score)
        scores.append(score)
    return tuple(
        _check(name, np.searchsorted(plan_indexes, found[name][0]), *found[name][1:])
        for name in sorted(found)
    )


def _check(
    name: str, places: Ints, values: Sequence[float], scores: Sequence[float]
) -> CheckReadings:
    different, which = np.unique(np.array(values, dtype=np.float64), return_inverse=True)
    stored = np.array(scores, dtype=np.float64)
    return CheckReadings(name, CHECKS.get(name), places, which.astype(np.int64), different, stored)
