"""Duplicates get a finding that names their twin; what a person decided stays."""

import time
from datetime import timedelta
from typing import Any

import pytest
from factories import failed_row, make_batch, make_finding, make_samples, make_template, sample_row
from sqlalchemy import select

from core.db.ids import utc_now
from core.db.tables import Finding, Sample
from core.db.workspace import Workspace
from core.errors import NotFound
from core.quality.across.duplicates import compute_duplicates
from core.quality.registry import CHECKS
from core.templates.definition import CheckSettings
from core.text.hashing import pair_hash

LONG = " ".join(f"word{i}" for i in range(60))


def texts(input: str, response: str) -> dict[str, Any]:
    return {"input": input, "response": response, "text_hash": pair_hash(input, response)}


def findings_of(workspace: Workspace) -> dict[str, tuple[str, str]]:
    with workspace.read() as session:
        return {
            finding.sample_id: (finding.check, finding.evidence["twin"])
            for finding in session.scalars(select(Finding))
            if "twin" in finding.evidence
        }


def samples_of(workspace: Workspace, batch_id: str) -> dict[int, Sample]:
    with workspace.read() as session:
        rows = session.scalars(select(Sample).where(Sample.batch_id == batch_id))
        return {sample.plan_index: sample for sample in rows}


def test_exact_and_near_duplicates_are_found_in_one_batch(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    samples = make_samples(
        any_workspace,
        batch,
        rows=[
            texts("Why?", LONG),
            texts("Why?", LONG),
            texts("Why?", LONG + " indeed"),
            texts("When?", LONG),
            texts("Why?", "Because the fee is two percent."),
        ],
    )
    ids = [sample.sample_id for sample in samples]
    assert compute_duplicates(any_workspace, batch.batch_id) == 2
    assert findings_of(any_workspace) == {
        ids[1]: ("exact_duplicate", ids[0]),
        ids[2]: ("near_duplicate", ids[0]),
    }
    after = samples_of(any_workspace, batch.batch_id)
    assert [after[i].verdict for i in range(5)] == [
        "accepted",
        "rejected",
        "needs_review",
        "accepted",
        "accepted",
    ]
    assert after[1].quality_score == pytest.approx(0.2)
    assert after[2].quality_score == pytest.approx(1 - 0.5 * 58 / 59)


def test_a_near_duplicate_says_how_alike_it_is(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, rows=[texts("Why?", LONG), texts("Why?", f"{LONG} indeed")])
    compute_duplicates(workspace, batch.batch_id)
    with workspace.read() as session:
        finding = session.scalars(select(Finding)).one()
    assert finding.value == pytest.approx(58 / 59)
    assert finding.evidence["similarity"] == finding.value
    assert finding.score == pytest.approx(1 / 59)


def test_running_it_again_changes_nothing(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    make_samples(any_workspace, batch, rows=[texts("Why?", LONG)] * 3)
    assert compute_duplicates(any_workspace, batch.batch_id) == 2
    before = findings_of(any_workspace), samples_of(any_workspace, batch.batch_id)
    assert compute_duplicates(any_workspace, batch.batch_id) == 2
    after = findings_of(any_workspace), samples_of(any_workspace, batch.batch_id)
    assert before[0] == after[0]
    assert [s.quality_score for s in before[1].values()] == [
        s.quality_score for s in after[1].values()
    ]


def test_earlier_accepted_samples_of_the_template_are_twins_too(any_workspace: Workspace) -> None:
    now = utc_now()
    version = make_template(any_workspace)
    second_version = make_template(any_workspace, title="Second")
    other = make_template(any_workspace, name="other")
    rows = [texts("Why?", LONG)]
    earlier = make_batch(any_workspace, version, created_at=now - timedelta(hours=2))
    first = make_samples(any_workspace, earlier, rows=rows)[0]
    for template, when, kind, verdict in [
        (other, -3, "batch", "accepted"),
        (version, -3, "preview", "accepted"),
        (version, -3, "batch", "rejected"),
        (version, 1, "batch", "accepted"),
    ]:
        batch = make_batch(
            any_workspace, template, created_at=now + timedelta(hours=when), kind=kind
        )
        make_samples(any_workspace, batch, rows=rows, verdict=verdict)
    mine = make_batch(any_workspace, second_version, created_at=now)
    sample = make_samples(any_workspace, mine, rows=rows)[0]
    assert compute_duplicates(any_workspace, mine.batch_id) == 1
    assert findings_of(any_workspace) == {sample.sample_id: ("exact_duplicate", first.sample_id)}
    assert compute_duplicates(any_workspace, earlier.batch_id) == 0


def test_a_persons_decision_is_not_overridden(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    make_samples(
        any_workspace, batch, rows=[texts("Why?", LONG)] * 2, is_reviewed=True, quality_score=0.9
    )
    assert compute_duplicates(any_workspace, batch.batch_id) == 1
    second = samples_of(any_workspace, batch.batch_id)[1]
    assert (second.verdict, second.quality_score, second.is_reviewed) == ("accepted", 0.9, True)


def test_a_duplicate_keeps_its_other_findings_in_its_score(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    samples = make_samples(workspace, batch, rows=[texts("Why?", LONG)] * 2)
    make_finding(workspace, samples[1], "repetition", 0.5, score=0.5)
    compute_duplicates(workspace, batch.batch_id)
    second = samples_of(workspace, batch.batch_id)[1]
    rating = CHECKS["repetition"].rate(0.5, CheckSettings())
    assert second.quality_score == pytest.approx(0.2 * (1 - 0.8 * (1 - rating)))


def test_a_finding_that_no_longer_holds_goes_away(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    sample = make_samples(workspace, batch, 1, verdict="rejected", quality_score=0.2)[0]
    make_finding(workspace, sample, "exact_duplicate", evidence={"twin": "smp_gone_1"})
    assert compute_duplicates(workspace, batch.batch_id) == 0
    assert findings_of(workspace) == {}
    assert samples_of(workspace, batch.batch_id)[0].verdict == "accepted"


def test_failed_samples_are_no_duplicates_of_each_other(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    with workspace.write() as session:
        session.add_all([failed_row(batch, i) for i in range(3)])
    assert compute_duplicates(workspace, batch.batch_id) == 0


def test_the_templates_own_threshold_counts(workspace: Workspace) -> None:
    version = make_template(workspace, checks={"near_duplicate": 0.99})
    batch = make_batch(workspace, version)
    make_samples(workspace, batch, rows=[texts("Why?", LONG), texts("Why?", f"{LONG} indeed")])
    assert compute_duplicates(workspace, batch.batch_id) == 0


def test_an_unknown_batch_is_not_found(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="bat_none"):
        compute_duplicates(workspace, "bat_none")


def test_ten_thousand_samples_take_seconds(workspace: Workspace) -> None:
    batch = make_batch(workspace, n=10_000)
    with workspace.write() as session:
        session.add_all(
            sample_row(batch, i, **texts(f"Question {i // 2}?", f"{LONG} number {i // 2} of all"))
            for i in range(10_000)
        )
    started = time.process_time()
    assert compute_duplicates(workspace, batch.batch_id) >= 5_000
    assert time.process_time() - started < 15
