import math
from decimal import Decimal

import numpy as np
import pytest
import scipy.stats
from factories import failed_row, make_batch, make_finding, make_samples, make_template, sample_row

from core.db.ids import new_id
from core.db.tables import Attempt, Batch, InsightReport, TemplateVersion
from core.db.workspace import Workspace
from core.insight.comparing.version_statistics import ratio, version_statistics


def attempt(batch: Batch, index: int, usd: float) -> Attempt:
    return Attempt(
        attempt_id=new_id("att"), batch_id=batch.batch_id, plan_index=index, purpose="generate",
        number=1, state="succeeded", connection="offline", model="m", request_key="k",
        worker_id="w", reserved_usd=Decimal(1), cost_usd=Decimal(str(round(usd, 9))),
    )  # fmt: skip


def filled(
    workspace: Workspace, version: TemplateVersion, accepted: int, rest: int, usd: float = 0.01
) -> Batch:
    n = accepted + rest
    batch = make_batch(workspace, version, n=n, generated=n)
    verdicts = ["accepted"] * accepted + ["needs_review"] * rest
    scores = [0.9 if verdict == "accepted" else 0.6 for verdict in verdicts]
    with workspace.write() as session:
        session.add_all(
            sample_row(batch, i, verdict=verdicts[i], quality_score=scores[i]) for i in range(n)
        )
        session.add_all(attempt(batch, i, usd * (1 + i % 3)) for i in range(n))
    return batch


def test_a_version_without_a_batch_has_zeros_and_no_figures(workspace: Workspace) -> None:
    version = make_template(workspace)
    (row,) = version_statistics(workspace, version.template_id)
    assert (row.samples, row.batches, row.cost_usd) == (0, 0, Decimal(0))
    assert row.acceptance.value is None
    assert row.quality.value is None
    assert row.cost_per_accepted.value is None
    assert row.marks == ()


def test_the_figures_are_those_of_the_samples(any_workspace: Workspace) -> None:
    version = make_template(any_workspace)
    batch = filled(any_workspace, version, accepted=30, rest=8)
    with any_workspace.write() as session:
        session.add_all(failed_row(batch, i) for i in (38, 39))
    broken = make_samples(any_workspace, batch, 1, start=40, quality_score=0.5, verdict="rejected")
    make_finding(any_workspace, broken[0], "schema")
    make_finding(any_workspace, broken[0], "length", 3.0)
    (row,) = version_statistics(any_workspace, version.template_id)
    assert (row.batches, row.samples, row.generated) == (1, 41, 39)
    assert (row.compliance.count, row.compliance.total) == (38, 41)
    assert row.acceptance.value == pytest.approx(30 / 41)
    wilson = scipy.stats.binomtest(30, 41).proportion_ci(method="wilson")
    assert (row.acceptance.low, row.acceptance.high) == pytest.approx((wilson.low, wilson.high))
    scores = np.array([0.9] * 30 + [0.6] * 8 + [0.5])
    assert row.quality.value == pytest.approx(scores.mean())
    assert row.quality.error == pytest.approx(scores.std(ddof=1) / math.sqrt(39))
    total = sum(0.01 * (1 + i % 3) for i in range(38))
    assert float(row.cost_usd) == pytest.approx(total)
    assert row.cost_per_accepted.value == pytest.approx(total / 30)


def test_only_saved_versions_and_kept_batches_count(workspace: Workspace) -> None:
    version = make_template(workspace)
    preview = make_batch(workspace, version, kind="preview")
    make_samples(workspace, preview, 5)
    (row,) = version_statistics(workspace, version.template_id)
    assert row.samples == 0


def test_the_interval_of_the_cost_per_accepted_holds_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(11)
    held, truth = 0, 1.5 / 0.7
    for _ in range(400):
        cost, accepted = generator.exponential(1.5, 120) * 1e9, generator.random(120) < 0.7
        found = ratio(cost.sum(), (cost**2).sum(), cost[accepted].sum(), int(accepted.sum()), 120)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert held / 400 >= 0.91


def test_a_difference_beyond_chance_is_marked_and_a_small_one_is_not(
    any_workspace: Workspace,
) -> None:
    first = make_template(any_workspace)
    second = make_template(any_workspace, user="Shorter: {{ topic }}")
    third = make_template(any_workspace, user="Shorter still: {{ topic }}")
    filled(any_workspace, first, accepted=60, rest=60)
    filled(any_workspace, second, accepted=110, rest=10)
    filled(any_workspace, third, accepted=108, rest=12)
    newest, middle, oldest = version_statistics(any_workspace, first.template_id)
    assert [row.number for row in (newest, middle, oldest)] == [3, 2, 1]
    assert {mark.measure: mark.is_better for mark in middle.marks} == {
        "acceptance": True, "quality": True, "cost": True,
    }  # fmt: skip
    assert newest.marks == ()
    assert oldest.marks == ()


def test_duplicates_count_only_where_they_were_looked_for(workspace: Workspace) -> None:
    version = make_template(workspace)
    looked_at, other = (
        make_batch(workspace, version, generated=10), make_batch(workspace, version, generated=10)
    )  # fmt: skip
    samples = make_samples(workspace, looked_at, 10)
    make_samples(workspace, other, 10)
    for sample in samples[:2]:
        make_finding(workspace, sample, "near_duplicate", 0.9)
    make_finding(workspace, samples[0], "exact_duplicate")
    report = {"metrics": {"vendi_score": {"value": 7.5, "sample_size": 10, "error": 0.0}}}
    with workspace.write() as session:
        session.add(InsightReport(scope_id=looked_at.batch_id, state="ready", report=report))
    (row,) = version_statistics(workspace, version.template_id)
    assert (row.duplicates.count, row.duplicates.total) == (2, 10)
    assert (row.vendi_score, row.vendi_samples) == (7.5, 10)
