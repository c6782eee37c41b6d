"""What judges answered: one judgement a row, and one finding for each sample they judged.

Read from the batch's samples as often as wanted: an answer is read once, and a finding follows from
the rows, so the work may be killed at any line. It asks no model.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.db.ids import utc_now
from core.db.tables import Attempt, Batch, Finding, Judgement, RubricVersion, Sample
from core.db.workspace import Workspace
from core.errors import NotFound
from core.quality.checks.judge import CHECK
from core.quality.judge.choosing import IDS_PER_QUERY
from core.quality.judge.prompting import SHOWN, Answer, Form, read_answer
from core.quality.judge.requests import judge_name
from core.quality.judge.rubric import RubricDefinition, weighted_preference, weighted_score
from core.quality.judge.rubrics import get_rubric_version, load_rubric
from core.quality.rescoring import rescore
from core.quality.thresholds.settings import batch_and_version, check_settings
from core.templates.definition import CheckSettings

ROWS_PER_COMMIT: Final = 500


def gather_judgements(workspace: Workspace, batch_id: str) -> int:
    """Store what the batch's answers say and score the judged samples anew; returns the new rows.

    Does only what is missing. Raises NotFound.
    """
    with workspace.read() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise NotFound("batch", batch_id)
        known = set(
            session.scalars(select(Judgement.judgement_id).where(Judgement.batch_id == batch_id))
        )
        answered = session.scalars(
            select(Sample.sample_id)
            .where(Sample.batch_id == batch_id, Sample.state == "generated")
            .order_by(Sample.plan_index)
        )
        waiting = [sample_id for sample_id in answered if sample_id not in known]
    version = get_rubric_version(workspace, batch.origin["rubric_version_id"])
    rubric = load_rubric(version)
    made = 0
    for top in range(0, len(waiting), ROWS_PER_COMMIT):
        some = waiting[top : top + ROWS_PER_COMMIT]
        with workspace.write() as session:
            made += _read(session, batch, version.rubric_version_id, rubric, some)
    if batch.origin["form"] == "score":
        apply_judgements(workspace, batch_id)
    return made


def _read(
    session: Session,
    batch: Batch,
    rubric_version_id: str,
    rubric: RubricDefinition,
    answer_ids: Sequence[str],
) -> int:
    locked = session.get_one(Batch, batch.batch_id, with_for_update=True)
    known = set(
        session.scalars(
            select(Judgement.judgement_id).where(Judgement.judgement_id.in_(answer_ids))
        )
    )
    query = (
        select(Sample, Attempt.connection, Attempt.model)
        .outerjoin(Attempt, Attempt.attempt_id == Sample.attempt_id)
        .where(Sample.sample_id.in_(answer_ids))
    )
    rows = []
    for sample, connection, model in session.execute(query):
        if sample.sample_id not in known:
            row = judgement_of(locked, sample, rubric)
            if row is not None:
                row |= {
                    "rubric_version_id": rubric_version_id,
                    "judge": judge_name(connection or batch.connection, model or batch.model),
                }
                rows.append(row)
    if rows:
        session.execute(insert(Judgement), rows)
    return len(rows)


def judgement_of(batch: Batch, sample: Sample, rubric: RubricDefinition) -> dict[str, Any] | None:
    """The columns of one answer's judgement but for who gave it; None where it holds none."""
    form: Form = batch.origin["form"]
    is_swapped = form == "pair" and sample.plan_index % 2 == 1
    answer = read_answer(rubric, form, sample.output or {}, is_swapped=is_swapped)
    if answer is None:
        return None
    return {
        "judgement_id": sample.sample_id,
        "batch_id": batch.batch_id,
        "is_swapped": is_swapped,
        "scores": answer.marks,
        "reasons": answer.reasons,
        "created_at": utc_now(),
        "created_by": batch.created_by,
        "project_id": batch.project_id,
        **_judged(batch, sample.plan_index, form, is_swapped),
        **_outcome(rubric, form, answer),
    }


def _judged(batch: Batch, plan_index: int, form: Form, is_swapped: bool) -> dict[str, Any]:
    names = SHOWN if form == "pair" else ("parent",)
    shown = [
        (ids := batch.inputs[name]["sample_ids"])[plan_index % len(ids)] for name in names
    ]  # fmt: skip
    first, other = (shown[-1], shown[0]) if is_swapped else (shown[0], shown[-1])
    return {"sample_id": first, "other_id": other if form == "pair" else None}


def _outcome(rubric: RubricDefinition, form: Form, answer: Answer) -> dict[str, Any]:
    if form == "pair":
        return {"score": None, "preferred": weighted_preference(rubric, answer.marks)}
    return {"score": weighted_score(rubric, answer.marks), "preferred": ""}


def apply_judgements(workspace: Workspace, batch_id: str) -> int:
    """The finding `judge` of each sample that this batch judged; returns how many changed.

    A sample's value is the mean of its judges' newest scores by the rubric version that judged it
    last. Reviewed samples keep verdict and score.
    """
    with workspace.read() as session:
        judged = session.execute(
            select(Sample.batch_id, Judgement.sample_id)
            .join(Sample, Sample.sample_id == Judgement.sample_id)
            .where(Judgement.batch_id == batch_id, Judgement.score.is_not(None))
            .distinct()
        )
        by_batch: dict[str, set[str]] = defaultdict(set)
        for owner, sample_id in judged:
            by_batch[owner].add(sample_id)
    changed = 0
    for owner in sorted(by_batch):
        with workspace.write() as session:
            # Two judges may end at the same moment: the second one must see the first one's rows.
            batch = session.get_one(Batch, owner, with_for_update=True)
            settings = check_settings(*batch_and_version(session, owner))
            for some in _blocks(sorted(by_batch[owner])):
                _store_findings(session, batch, some, settings)
            changed += rescore(session, owner, settings, only=by_batch[owner])
    return changed


def _blocks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for top in range(0, len(ids), IDS_PER_QUERY):
        yield ids[top : top + IDS_PER_QUERY]


def _store_findings(
    session: Session, batch: Batch, sample_ids: Sequence[str], settings: CheckSettings
) -> None:
    seen = readings_of(session, sample_ids)
    of_block = Finding.sample_id.in_(sample_ids)
    session.execute(
        delete(Finding)
        .where(Finding.check == CHECK.name, of_block)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        insert(Finding),
        [
            {
                "sample_id": sample_id, "check": CHECK.name, "value": value,
                "score": CHECK.rate(value, settings), "evidence": evidence,
                "project_id": batch.project_id, "created_by": batch.created_by,
                "created_at": utc_now(),
            }
            for sample_id, (value, evidence) in seen.items()
        ],
    )  # fmt: skip


def readings_of(
    session: Session, sample_ids: Sequence[str]
) -> dict[str, tuple[float, dict[str, Any]]]:
    """(mean score, evidence) of each of these samples that judges scored, by sample id."""
    query = (
        select(Judgement, RubricVersion)
        .join(RubricVersion, RubricVersion.rubric_version_id == Judgement.rubric_version_id)
        .where(Judgement.sample_id.in_(sample_ids), Judgement.score.is_not(None))
        .order_by(Judgement.created_at, Judgement.judgement_id)
    )
    latest: dict[str, dict[str, Judgement]] = defaultdict(dict)
    versions: dict[str, RubricVersion] = {}
    for judgement, version in session.execute(query):
        before = versions.get(judgement.sample_id)
        if before is not None and before.rubric_version_id != version.rubric_version_id:
            latest[judgement.sample_id].clear()
        versions[judgement.sample_id] = version
        latest[judgement.sample_id][judgement.judge] = judgement
    return {
        sample_id: _reading(versions[sample_id], judges) for sample_id, judges in latest.items()
    }


def _reading(
    version: RubricVersion, judges: Mapping[str, Judgement]
) -> tuple[float, dict[str, Any]]:
    scores = [float(judgement.score or 0.0) for judgement in judges.values()]
    evidence = {
        "rubric_version_id": version.rubric_version_id,
        "rubric": f"{version.definition['title']}, version {version.number}",
        "spread": max(scores) - min(scores),
        "judges": [
            {
                "judge": name, "score": judgement.score, "scores": judgement.scores,
                "reasons": judgement.reasons,
            }
            for name, judgement in sorted(judges.items())
        ],
    }  # fmt: skip
    return fmean(scores), evidence
