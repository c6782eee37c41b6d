"""Quality, Thresholds and Trend on the Insight page, and alerts where they are shown."""

from datetime import timedelta

import pytest
from factories import make_batch, make_finding, make_samples, make_template

from core.db.ids import utc_now
from core.db.tables import Batch, TemplateVersion
from core.db.workspace import Workspace
from core.review.watching.alerts import list_alerts, raise_alerts


@pytest.fixture
def batch(workspace: Workspace) -> Batch:
    """The second of two batches: 5 of 60 are near duplicates, 20 echo."""
    version = make_template(workspace)
    first = make_batch(
        workspace, version, name="First", generated=60, created_at=utc_now() - timedelta(1)
    )
    make_samples(workspace, first, 60)
    batch = make_batch(workspace, version, name="Second", generated=60)
    samples = make_samples(workspace, batch, 60)
    for sample in samples[:5]:
        make_finding(workspace, sample, "near_duplicate", 0.8, score=1.0)
    for sample in samples[10:30]:
        make_finding(workspace, sample, "echo", 1.0)
    raise_alerts(workspace, batch.batch_id)
    return batch


def opened(open_page, batch: Batch, part: str):
    at = open_page("insight", batch=batch.batch_id)
    at.segmented_control(key="insight.tab").set_value(part).run()
    assert not at.exception
    assert not at.error
    return at


def metrics(at) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def test_quality_shows_what_the_score_is_made_of_and_groups(batch, open_page) -> None:
    at = opened(open_page, batch, "Quality")
    assert metrics(at)["Samples"] == "60"
    parts = at.dataframe[0].value
    assert parts.set_index("Check").loc["Echo", "Found"] == 20
    groups = at.dataframe[1].value
    assert set(groups["Topic"]) == {"cards", "loans", "savings", "transfers"}
    at.segmented_control(key="insight.quality.by").set_value("template_version").run()
    at.toggle(key="insight.quality.wide").set_value(True).run()
    assert not at.exception
    assert list(at.dataframe[1].value["Samples"]) == [120]


def test_a_moved_threshold_shows_what_changes_and_is_applied(
    workspace: Workspace, batch, open_page
) -> None:
    at = opened(open_page, batch, "Thresholds")
    at.button(key="insight.thresholds.apply").click().run()  # the findings were never scored
    before = metrics(at)["Accepted"]
    at.slider(key=f"insight.threshold.{batch.batch_id}.near_duplicate").set_value(0.5).run()
    assert not at.exception
    assert int(metrics(at)["Accepted"]) == int(before) - 5
    assert "near duplicate 0.8" in set(at.dataframe[0].value["Because"])
    at.button(key="insight.thresholds.apply").click().run()
    assert not at.exception
    with workspace.read() as session:
        assert session.get_one(Batch, batch.batch_id).checks == {"near_duplicate": 0.5}
    at.button(key="insight.thresholds.reset").click().run()
    assert metrics(at)["Accepted"] == before
    with workspace.read() as session:
        assert session.get_one(Batch, batch.batch_id).checks == {}


def test_thresholds_are_saved_as_a_version(workspace: Workspace, batch, open_page) -> None:
    at = opened(open_page, batch, "Thresholds")
    assert at.button(key="insight.thresholds.save").disabled
    at.slider(key=f"insight.threshold.{batch.batch_id}.accept_at").set_value(0.7).run()
    at.button(key="insight.thresholds.save").click().run()
    assert not at.exception
    with workspace.read() as session:
        newest = session.query(TemplateVersion).filter_by(number=2).one()
        assert newest.definition["checks"]["accept_at"] == 0.7


def test_thresholds_in_disorder_are_said_and_not_applied(batch, open_page) -> None:
    at = opened(open_page, batch, "Thresholds")
    at.slider(key=f"insight.threshold.{batch.batch_id}.accept_at").set_value(0.1).run()
    assert not at.exception
    assert any("is above" in warning.value for warning in at.warning)


def test_every_movable_threshold_can_be_shown(batch, open_page) -> None:
    at = opened(open_page, batch, "Thresholds")
    few = len(at.slider)
    at.toggle(key="insight.thresholds.all").set_value(True).run()
    assert not at.exception
    assert len(at.slider) > few


def test_the_trend_lists_the_templates_batches(batch, open_page) -> None:
    at = opened(open_page, batch, "Trend")
    assert [name.split()[-1] for name in at.dataframe[0].value["Batch"]] == ["Second", "First"]


def test_alerts_are_shown_and_dismissed(workspace: Workspace, batch, open_page) -> None:
    (alert,) = list_alerts(workspace)
    at = open_page("overview")
    assert not at.exception
    assert any("echo 33.3" in text.value for text in at.markdown)
    at.button(key=f"overview.alert.{alert.alert_id}.dismiss").click().run()
    assert list_alerts(workspace) == []
    assert not any("echo 33.3" in text.value for text in at.markdown)


def test_sources_have_no_verdicts_to_show(seeded, open_page) -> None:
    at = open_page("insight", scope=seeded["source"])
    for part in ("Quality", "Thresholds", "Trend"):
        at.segmented_control(key="insight.tab").set_value(part).run()
        assert not at.exception
        assert at.caption
