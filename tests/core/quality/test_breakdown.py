"""Groups side by side and their intervals, by hand-worked cases."""

import math

import pytest
from factories import failed_row, make_batch, make_finding, make_samples, make_template, sample_row
from scipy.stats import binomtest

from core.db.tables import Attempt
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.quality.breakdown import (
    BYS,
    batches_of_version,
    quality_by,
    variables_to_group_by,
    verdict_counts,
)
from core.quality.intervals import average_of, rate_of


@pytest.mark.parametrize(("count", "total"), [(0, 10), (3, 10), (10, 10), (41, 1000)])
def test_a_share_has_wilsons_interval(count: int, total: int) -> None:
    found = rate_of(count, total)
    expected = binomtest(count, total).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.value == count / total


def test_a_mean_has_a_normal_interval() -> None:
    scores = [0.2, 0.4, 0.9]
    found = average_of(3, sum(scores), sum(s * s for s in scores))
    spread = math.sqrt(sum((s - 0.5) ** 2 for s in scores) / 2)
    assert found.value == pytest.approx(0.5)
    assert found.high == pytest.approx(min(1.0, 0.5 + 1.959963984540054 * spread / math.sqrt(3)))
    assert average_of(0, 0.0, 0.0).value is None
    assert rate_of(0, 0).value is None


def test_groups_are_counted_with_their_findings(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace, model="one")
    samples = make_samples(any_workspace, batch, 8)
    with any_workspace.write() as session:
        session.add(failed_row(batch, 8))
    make_finding(any_workspace, samples[0], "near_duplicate", 0.9, score=0.1)
    make_finding(any_workspace, samples[1], "length", 80, score=1.0)
    rows = {row.key: row for row in quality_by(any_workspace, "variable:topic")}
    assert {key: row.samples for key, row in rows.items()} == {
        "cards": 3, "loans": 2, "savings": 2, "transfers": 2,
    }  # fmt: skip
    cards = rows["cards"]
    assert (cards.generated, cards.rejected, cards.acceptance.count) == (2, 1, 2)
    assert cards.defects["near_duplicate"].value == pytest.approx(1 / 3)
    assert "length" not in rows["loans"].defects


def test_every_way_to_group_sees_every_sample(any_workspace: Workspace) -> None:
    first = make_batch(any_workspace, model="one")
    version = make_template(any_workspace, system="Another.")
    second = make_batch(any_workspace, version, model="two")
    make_samples(any_workspace, first, 4, language="en")
    make_samples(any_workspace, second, 6, start=4, language="de", domain="law")
    groups = {by: quality_by(any_workspace, by) for by in BYS}
    assert {by: sum(row.samples for row in rows) for by, rows in groups.items()} == dict.fromkeys(
        BYS, 10
    )
    assert {row.key: row.samples for row in groups["model"]} == {"two": 6, "one": 4}
    assert [row.label for row in groups["template_version"]] == [
        "Bank answers, version 2", "Bank answers, version 1",
    ]  # fmt: skip
    assert {row.key for row in groups["language"]} == {"en", "de"}
    only = quality_by(any_workspace, "domain", batch_ids=[second.batch_id])
    assert [(row.key, row.samples) for row in only] == [("law", 6)]
    assert quality_by(any_workspace, "model", template_id="tpl_none") == []
    assert batches_of_version(any_workspace, version.template_version_id) == [second.batch_id]
    assert variables_to_group_by(any_workspace, [first.batch_id]) == ["topic"]
    assert verdict_counts(any_workspace) == {"accepted": 10}


def test_previews_are_left_out_unless_they_are_named(workspace: Workspace) -> None:
    preview = make_batch(workspace, kind="preview")
    make_samples(workspace, preview, 3)
    assert quality_by(workspace, "batch") == []
    assert verdict_counts(workspace) == {}
    assert quality_by(workspace, "batch", batch_ids=[preview.batch_id])[0].samples == 3


def test_a_second_models_samples_count_as_its_own(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace, model="first", failover_connection="offline")
    with any_workspace.write() as session:
        attempt = {
            "batch_id": batch.batch_id, "purpose": "generate", "number": 1, "state": "succeeded",
            "connection": "offline", "request_key": "k", "worker_id": "w", "reserved_usd": 0,
        }  # fmt: skip
        session.add(Attempt(attempt_id="att_1", plan_index=0, model="second", **attempt))
        session.add(sample_row(batch, 0, attempt_id="att_1"))
        session.add(sample_row(batch, 1))
    assert {row.key: row.samples for row in quality_by(any_workspace, "model")} == {
        "first": 1, "second": 1,
    }  # fmt: skip


def test_nothing_to_group_by_is_refused(workspace: Workspace) -> None:
    with pytest.raises(InvalidInput, match="colour"):
        quality_by(workspace, "colour")
