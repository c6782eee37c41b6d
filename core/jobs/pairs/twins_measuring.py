"""Comparing twins with the samples that they are twins of: the compute worker's part."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.ids import utc_now
from core.db.tables import Batch, Finding, PairReport, Sample
from core.db.workspace import Workspace
from core.errors import NotFound, SeedbedError
from core.insight.bias.group_values import group_of
from core.insight.bias.outcomes import outcome_values
from core.insight.bias.twins import TWINS_REPORT, TwinSide, TwinsReport, twins_report
from core.insight.records import Records, Scope
from core.jobs.pairs.twins import KIND
from core.jobs.wording import brief
from core.quality.registry import CHECKS
from core.quality.scoring import score
from core.quality.thresholds.settings import batch_and_version, check_settings


def measure_twins(workspace: Workspace, pair_report_id: str) -> str:
    """The compute worker's part: compare the pairs that there are. Returns the report's state."""
    try:
        report = _measured(workspace, pair_report_id)
    except NotFound:
        raise
    except SeedbedError as error:
        _fail(workspace, pair_report_id, str(error))
        return "failed"
    except Exception as error:
        _fail(workspace, pair_report_id, brief(error))
        raise
    with workspace.write() as session:
        row = session.get_one(PairReport, pair_report_id)
        row.report = TWINS_REPORT.dump_python(report, mode="json")
        row.done = row.total = report.pairs
        row.state, row.message, row.computed_at = "ready", "", utc_now()
    return "ready"


def _fail(workspace: Workspace, pair_report_id: str, message: str) -> None:
    with workspace.write() as session:
        row = session.get_one(PairReport, pair_report_id)
        row.state, row.message = "failed", message


def _measured(workspace: Workspace, pair_report_id: str) -> TwinsReport:
    with workspace.read() as session:
        row = session.get(PairReport, pair_report_id)
        if row is None or row.kind != KIND:
            raise NotFound("twins report", pair_report_id)
        left = _samples(session, row.left_id)
        right = _samples(session, row.right_id)
        origin = session.get_one(Batch, row.right_id).origin
        kept = [
            i for i in sorted(right)
            if i in left and group_of(left[i].variables, origin["variable"]) == origin["from"]
        ]  # fmt: skip
        both = [i for i in kept if left[i].state == right[i].state == "generated"]
        languages = [left[i].language for i in both]
        sides = [
            _side(session, batch_id, [rows[i] for i in both], languages)
            for batch_id, rows in ((row.left_id, left), (row.right_id, right))
        ]
    return twins_report(
        *sides, variable=origin["variable"], value_from=origin["from"], value_to=origin["to"],
        unpaired=len(kept) - len(both),
    )  # fmt: skip


def _samples(session: Session, batch_id: str) -> Mapping[int, Any]:
    query = select(
        Sample.plan_index, Sample.sample_id, Sample.state, Sample.input, Sample.response,
        Sample.variables, Sample.domain, Sample.language,
    ).where(Sample.batch_id == batch_id)  # fmt: skip
    return {row.plan_index: row for row in session.execute(query)}


def _side(
    session: Session, batch_id: str, rows: Sequence[Any], languages: Sequence[str]
) -> TwinSide:
    """Scores and verdicts follow from the checks of one sample alone, on both sides: reviewers,
    judges and duplicates within a batch saw but one of them."""
    batch, version = batch_and_version(session, batch_id)
    settings = check_settings(batch, version)
    findings = _inline_findings(session, batch_id)
    scored = [score(findings.get(row.sample_id, ()), settings) for row in rows]
    records = Records(
        Scope("batch", batch_id),
        ids=[row.sample_id for row in rows],
        inputs=[row.input for row in rows],
        responses=[row.response for row in rows],
        variables=[row.variables for row in rows],
        domains=[row.domain for row in rows],
        languages=list(languages),
        verdicts=[one.verdict for one in scored],
        scores=[one.quality_score for one in scored],
    )
    refused = [
        sample_id
        for sample_id, found in findings.items()
        if any(one.check == "refusal" and one.value > 0 for one in found)
    ]
    return TwinSide(records.ids, records.responses, outcome_values(records, refused))


def _inline_findings(session: Session, batch_id: str) -> dict[str, list[Any]]:
    inline = [name for name, check in CHECKS.items() if check.stage == "inline"]
    query = (
        select(Finding.sample_id, Finding.check, Finding.value, Finding.score)
        .join(Sample, Sample.sample_id == Finding.sample_id)
        .where(Sample.batch_id == batch_id, Finding.check.in_(inline))
    )
    found: dict[str, list[Any]] = {}
    for finding in session.execute(query):
        found.setdefault(finding.sample_id, []).append(finding)
    return found
