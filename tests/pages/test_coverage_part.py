"""The Coverage part of the Insight page."""

from collections.abc import Callable
from typing import Any

from factories import make_batch, make_samples, make_template
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.db.tables import PairReport
from core.db.workspace import Workspace
from core.generation.browsing import list_batches
from core.insight.contents import MetricValue
from core.insight.coverage.gaps import Gap
from core.insight.coverage.grid_view import grid_view
from core.insight.coverage.reference_report import REPORT, ReferenceReport, RegionRow, Side
from core.jobs.aimed.filling_gaps import FillRequest, fill_gaps
from core.jobs.pairs.reference_coverage import request_coverage
from core.jobs.running.queue import prepare_queue

OpenPage = Callable[..., AppTest]
ROWS = [{"variables": {"topic": topic}} for topic in ("loans", "savings", "transfers")]


def thin_batch(workspace: Workspace) -> str:
    prepare_queue(workspace)
    batch = make_batch(workspace, n=12)
    make_samples(workspace, batch, rows=ROWS * 3)
    return batch.batch_id


def coverage_of(open_page: OpenPage, scope_id: str) -> AppTest:
    at = open_page("insight", scope=scope_id)
    at = at.button_group(key="insight.tab").set_value("Coverage").run()
    assert not at.exception
    return at


def metrics(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def table(at: AppTest, column: str) -> Any:
    return next(frame.value for frame in at.dataframe if column in frame.value.columns)


def test_the_grid_and_its_gaps_are_shown(open_page: OpenPage, workspace: Workspace) -> None:
    at = coverage_of(open_page, thin_batch(workspace))
    found = metrics(at)
    assert (found["Grid coverage"], found["Cells filled"]) == ("75.0\u00a0%", "3 of 4")
    gaps = table(at, "Cell")
    assert gaps["Cell"].tolist() == ["topic cards"]
    assert (gaps["Wanted"].tolist(), gaps["There"].tolist()) == ([3], [0])


def test_more_wanted_in_every_cell_makes_more_gaps(
    open_page: OpenPage, workspace: Workspace
) -> None:
    at = coverage_of(open_page, thin_batch(workspace))
    at = at.number_input(key="insight.grid.at_least").set_value(5).run()
    assert not at.exception
    assert len(table(at, "Cell")) == 4
    at = at.button(key="insight.gaps.all").click().run()
    assert not at.exception
    assert metrics(at)["Expected cost"] == "0.00\u00a0USD"
    assert at.button(key="insight.fill.do").label == "Generate 11\u00a0samples"
    assert len(list_batches(workspace)) == 1  # nothing is launched before it is asked for


def test_what_filled_a_gap_is_shown_before_and_after(
    open_page: OpenPage, workspace: Workspace
) -> None:
    batch_id = thin_batch(workspace)
    (gap,) = grid_view(workspace, batch_id).gaps
    made = fill_gaps(workspace, FillRequest(batch_id, (gap.gap_id,), 5))
    make_samples(workspace, made, rows=[{"variables": {"topic": "cards"}}] * 4)
    at = coverage_of(open_page, batch_id)
    fills = table(at, "There then")
    row = fills.iloc[0]
    assert (row["Gap"], row["Wanted"], row["There then"], row["There now"]) == (
        "topic cards", 3, 0, 4,
    )  # fmt: skip
    assert row["Is"] == "filled"
    assert metrics(at)["Grid coverage"] == "100.0\u00a0%"
    assert any("75.0" in caption.value and "100.0" in caption.value for caption in at.caption)


def test_a_scope_without_a_grid_says_what_to_do(open_page: OpenPage, workspace: Workspace) -> None:
    batch = make_batch(workspace, make_template(workspace, "flat", variables=[], user="Go."))
    make_samples(workspace, batch)
    at = coverage_of(open_page, batch.batch_id)
    assert any("no grid to cover" in caption.value for caption in at.caption)


def test_a_reference_is_chosen_measured_and_shown(
    open_page: OpenPage, workspace: Workspace
) -> None:
    batch_id = thin_batch(workspace)
    other = make_batch(workspace, make_template(workspace, "other"), generated=10)
    make_samples(workspace, other)
    at = coverage_of(open_page, batch_id)
    at = at.button_group(key="insight.coverage").set_value("A reference").run()
    assert not at.exception
    at = at.button(key="insight.reference.measure").click().run()
    assert not at.exception
    with workspace.write() as session:
        row = session.scalars(select(PairReport)).one()
        assert (row.state, row.right_id) == ("queued", other.batch_id)
        gap = Gap(
            "region_1", "region", "pin, blocked", 9, 0, 0, terms=["pin", "blocked"], chance=0.001,
            reference_id=other.batch_id, examples=["My pin is blocked"],
        )  # fmt: skip
        report = ReferenceReport(
            is_whole=True, left=Side(batch_id, 9, 9), reference=Side(other.batch_id, 10, 10),
            now={"coverage": MetricValue(0.4, 10), "density": MetricValue(0.8, 9, 0.1)},
            regions=[RegionRow(0, 10, 0.1, gap)],
        )  # fmt: skip
        row.state, row.report = "ready", REPORT.dump_python(report, mode="json")
    at = at.run()
    assert not at.exception
    found = metrics(at)
    assert (found["Coverage"], found["Density"]) == ("40.0\u00a0%", "0.80 ± 0.10")
    assert table(at, "Such as")["About"].tolist() == ["pin, blocked"]


def test_a_failed_measurement_says_why(open_page: OpenPage, workspace: Workspace) -> None:
    batch_id = thin_batch(workspace)
    other = make_batch(workspace, make_template(workspace, "other"), generated=10)
    make_samples(workspace, other)
    request_coverage(workspace, batch_id, other.batch_id)
    with workspace.write() as session:
        row = session.scalars(select(PairReport)).one()
        row.state, row.message = "failed", "The model is gone."
    at = coverage_of(open_page, batch_id)
    at = at.button_group(key="insight.coverage").set_value("A reference").run()
    assert any("model is gone" in error.value for error in at.error)
