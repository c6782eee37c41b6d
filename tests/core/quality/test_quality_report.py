"""The report's figures, and verdicts under other thresholds, by hand-worked cases."""

import time

import pytest
from factories import failed_row, make_batch, make_finding, make_samples, make_template, sample_row
from sqlalchemy import select

from core.db.tables import Batch, Finding, Sample
from core.db.workspace import Workspace
from core.errors import NotFound
from core.quality.registry import CHECKS
from core.quality.report import quality_report
from core.quality.rescoring import redecide
from core.templates.definition import CheckSettings


@pytest.fixture
def batch(any_workspace: Workspace) -> Batch:
    """Ten samples: six clean, one short, one near duplicate, two failed."""
    batch = make_batch(any_workspace)
    samples = make_samples(any_workspace, batch, 8)
    with any_workspace.write() as session:
        session.add_all([failed_row(batch, 8), failed_row(batch, 9)])
        session.get_one(Sample, samples[6].sample_id).quality_score = 0.7
        session.get_one(Sample, samples[6].sample_id).verdict = "needs_review"
        session.get_one(Sample, samples[7].sample_id).quality_score = 0.55
        session.get_one(Sample, samples[7].sample_id).verdict = "needs_review"
    for sample in samples[:6]:
        make_finding(any_workspace, sample, "length", 80, score=1.0)
    make_finding(any_workspace, samples[6], "length", 10, score=0.5)
    make_finding(
        any_workspace, samples[7], "near_duplicate", 0.9, score=0.1, evidence={"twin": "x"}
    )
    return batch


def test_the_report_counts_what_is_there(any_workspace: Workspace, batch: Batch) -> None:
    report = quality_report(any_workspace, [batch.batch_id])
    assert (report.samples, report.generated, report.failed, report.reviewed) == (10, 8, 2, 0)
    assert report.schema_compliance == pytest.approx(0.8)
    assert report.mean_score == pytest.approx((6 + 0.7 + 0.55) / 8)
    assert report.verdicts == {"accepted": 6, "needs_review": 2, "rejected": 2}


def test_the_report_lists_every_check(any_workspace: Workspace, batch: Batch) -> None:
    rows = {row.check: row for row in quality_report(any_workspace, [batch.batch_id]).checks}
    assert list(rows) == list(CHECKS)
    assert (rows["length"].found, rows["length"].share) == (1, 0.1)
    assert rows["length"].mean_score == pytest.approx(0.95)
    assert rows["near_duplicate"].mean_score == pytest.approx(0.91)
    assert (rows["refusal"].found, rows["refusal"].mean_score) == (0, 1.0)


def test_the_histogram_counts_each_generated_sample_once(
    any_workspace: Workspace, batch: Batch
) -> None:
    histogram = quality_report(any_workspace, [batch.batch_id]).score_histogram
    assert len(histogram) == 10
    assert {low: count for low, _, count in histogram if count} == {0.5: 1, 0.7: 1, 0.9: 6}
    assert histogram[-1][1] == 1.0


def test_the_report_breaks_down_by_category(any_workspace: Workspace, batch: Batch) -> None:
    rows = quality_report(any_workspace, [batch.batch_id]).by_variable
    assert {row.value: row.samples for row in rows} == {
        "cards": 3,
        "loans": 3,
        "savings": 2,
        "transfers": 2,
    }
    savings = next(row for row in rows if row.value == "savings")
    assert (savings.variable, savings.accepted) == ("topic", 1)
    assert savings.mean_score == pytest.approx(0.85)


def test_several_batches_are_taken_together_and_none_gives_zeros(
    any_workspace: Workspace, batch: Batch
) -> None:
    second = make_batch(any_workspace, make_template(any_workspace))
    make_samples(any_workspace, second, 10)
    both = quality_report(any_workspace, [batch.batch_id, second.batch_id])
    assert both.samples == 20
    assert both.schema_compliance == pytest.approx(0.9)
    nothing = quality_report(any_workspace, [])
    assert (nothing.samples, nothing.mean_score, nothing.schema_compliance) == (0, None, None)
    assert nothing.verdicts == {"accepted": 0, "needs_review": 0, "rejected": 0}
    assert all(row.mean_score == 1.0 for row in nothing.checks)


def test_a_generated_sample_that_breaks_its_schema_is_not_compliant(
    any_workspace: Workspace, batch: Batch
) -> None:
    with any_workspace.read() as session:
        sample = session.scalars(select(Sample).where(Sample.plan_index == 0)).one()
    make_finding(any_workspace, sample, "schema", 1)
    report = quality_report(any_workspace, [batch.batch_id])
    assert report.schema_compliance == pytest.approx(0.7)


def test_moving_a_threshold_decides_again(any_workspace: Workspace, batch: Batch) -> None:
    lenient = CheckSettings(accept_at=0.5)
    assert redecide(any_workspace, batch.batch_id, lenient) == {"accepted": 8, "rejected": 2}
    strict = CheckSettings(reject_below=0.72)
    assert redecide(any_workspace, batch.batch_id, strict) == {"accepted": 6, "rejected": 4}
    usual = redecide(any_workspace, batch.batch_id, CheckSettings())
    assert usual == {"accepted": 6, "needs_review": 2, "rejected": 2}


def test_moving_a_checks_own_threshold_moves_scores_and_findings(
    any_workspace: Workspace, batch: Batch
) -> None:
    longer = CheckSettings(min_chars=100, near_duplicate=0.95)
    assert redecide(any_workspace, batch.batch_id, longer) == {
        "accepted": 7,
        "needs_review": 1,
        "rejected": 2,
    }
    with any_workspace.read() as session:
        scores = {
            (finding.check, finding.value): finding.score
            for finding in session.scalars(select(Finding))
        }
        quality = session.scalars(select(Sample.quality_score).order_by(Sample.plan_index)).all()
    assert scores == pytest.approx(
        {("length", 80.0): 0.8, ("length", 10.0): 0.1, ("near_duplicate", 0.9): 1.0}
    )
    assert quality[0] == pytest.approx(1 - 0.6 * 0.2)
    assert quality[7] == pytest.approx(1.0)


def test_what_a_person_decided_and_what_failed_stays(
    any_workspace: Workspace, batch: Batch
) -> None:
    with any_workspace.write() as session:
        sample = session.scalars(select(Sample).where(Sample.plan_index == 6)).one()
        sample.is_reviewed, sample.verdict = True, "rejected"
    assert redecide(any_workspace, batch.batch_id, CheckSettings(accept_at=0, reject_below=0)) == {
        "accepted": 7,
        "rejected": 3,
    }
    with any_workspace.read() as session:
        failed = session.scalars(select(Sample).where(Sample.state == "failed")).all()
    assert {(s.verdict, s.quality_score) for s in failed} == {("rejected", None)}


def test_redeciding_an_unknown_batch_is_not_found(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="bat_none"):
        redecide(workspace, "bat_none", CheckSettings())


def test_ten_thousand_samples_are_reported_and_redecided_in_seconds(workspace: Workspace) -> None:
    batch = make_batch(workspace, n=10_000)
    with workspace.write() as session:
        session.add_all(sample_row(batch, i) for i in range(10_000))
        session.flush()
        session.add_all(
            Finding(sample_id=sample_row(batch, i).sample_id, check="length", value=50.0, score=1.0)
            for i in range(10_000)
        )
    started = time.process_time()
    assert quality_report(workspace, [batch.batch_id]).samples == 10_000
    reported = time.process_time()
    verdicts = redecide(workspace, batch.batch_id, CheckSettings(min_chars=200))
    assert verdicts == {"needs_review": 10_000}
    assert reported - started < 2
    assert time.process_time() - reported < 6
