"""The map as it is drawn: places on a grid, one colour at a time."""

from typing import Any

import numpy as np
import pandas as pd
from factories import make_batch, make_samples, make_template
from sqlalchemy import update

from core.db.ids import utc_now
from core.db.tables import Batch, InsightReport, Sample
from core.db.workspace import Workspace
from core.insight.mapping.mapfile import map_name, write_map
from core.insight.mapping.points import (
    GRID,
    MISSING,
    MOST_NAMES,
    TOP_CODE,
    MapPoints,
    PointField,
    chosen_counts,
    chosen_rows,
    load_points,
    point_colors,
    point_fields,
)

VERDICT = PointField("verdict", "Verdict", "category")
SCORE = PointField("quality_score", "Quality score", "number")


def stored_map(workspace: Workspace, scope_id: str, ids: list[str], **columns: Any) -> MapPoints:
    n = len(ids)
    frame = pd.DataFrame(
        {
            "sample_id": ids, "x": np.linspace(-1, 1, n), "y": np.linspace(5, 15, n),
            "cluster": np.arange(n) % 2, "cluster_label": [f"c{i % 2}" for i in range(n)],
            **columns,
        }
    )  # fmt: skip
    name = map_name(scope_id, "a" * 64, "complete")
    write_map(workspace.folder("insight"), name, frame)
    with workspace.write() as session:
        session.add(
            InsightReport(
                scope_id=scope_id, state="ready", map_file=name, computed_at=utc_now(), report={}
            )
        )
    return load_points(workspace, scope_id)


def drawn_batch(workspace: Workspace, n: int = 5, **columns: Any) -> tuple[Batch, MapPoints]:
    batch = make_batch(workspace)
    samples = make_samples(workspace, batch, n)
    return batch, stored_map(workspace, batch.batch_id, [s.sample_id for s in samples], **columns)


def test_places_fill_the_grid_and_lead_back_to_the_map(workspace: Workspace) -> None:
    _, points = drawn_batch(workspace)
    assert points.places[0].tolist() == [0, 0]
    assert points.places[-1].tolist() == [GRID, GRID]
    assert points.on_grid(0.0, 10.0) == tuple(points.places[2].tolist())


def test_a_map_whose_points_are_one_lies_in_the_middle(workspace: Workspace) -> None:
    _, points = drawn_batch(workspace, 3, x=[2.0] * 3, y=[7.0] * 3)
    assert points.places.tolist() == [[GRID // 2 + 1] * 2] * 3
    assert points.on_grid(2.0, 7.0) == (GRID // 2, GRID // 2)


def test_without_a_map_there_is_no_point(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    points = load_points(workspace, batch.batch_id)
    assert len(points) == 0
    assert [f.name for f in point_fields(workspace, points)] == ["cluster_label"]
    assert len(point_colors(workspace, points, VERDICT).codes) == 0


def test_verdicts_and_scores_are_those_of_now(any_workspace: Workspace) -> None:
    batch, points = drawn_batch(any_workspace, 4)
    changed = update(Sample).where(Sample.batch_id == batch.batch_id, Sample.plan_index == 3)
    with any_workspace.write() as session:
        session.execute(changed.values(verdict="rejected", quality_score=0.25, is_reviewed=True))
    verdicts = point_colors(any_workspace, points, VERDICT)
    assert verdicts.names == ("accepted", "rejected")
    assert verdicts.codes.tolist() == [0, 0, 0, 1]
    assert verdicts.counts == (3, 1)
    scores = point_colors(any_workspace, points, SCORE)
    assert (scores.low, scores.high) == (0.25, 1.0)
    assert scores.codes.tolist() == [TOP_CODE, TOP_CODE, TOP_CODE, 0]
    reviewed = point_colors(any_workspace, points, PointField("is_reviewed", "", "category"))
    assert reviewed.names == ("not reviewed", "reviewed")
    counts = chosen_counts(any_workspace, points, np.array([2, 3]))
    assert counts.verdicts == {"accepted": 1, "rejected": 1}
    assert (counts.mean_score, counts.reviewed) == (0.625, 1)


def test_a_sample_without_a_score_has_a_colour_of_its_own(workspace: Workspace) -> None:
    batch, points = drawn_batch(workspace, 3)
    first = update(Sample).where(Sample.batch_id == batch.batch_id, Sample.plan_index == 0)
    with workspace.write() as session:
        session.execute(first.values(quality_score=None))
    scores = point_colors(workspace, points, SCORE)
    assert (scores.codes[0], scores.missing) == (MISSING, 1)


def test_points_of_two_batches_take_their_own_samples_values(workspace: Workspace) -> None:
    version = make_template(workspace)
    first, second = (make_batch(workspace, version) for _ in range(2))
    ids = [s.sample_id for s in make_samples(workspace, first, 2, verdict="rejected")]
    ids += [s.sample_id for s in make_samples(workspace, second, 2, verdict="accepted")]
    points = stored_map(workspace, version.template_version_id, ids[::-1])
    found = point_colors(workspace, points, VERDICT)
    assert [found.names[code] for code in found.codes] == ["accepted"] * 2 + ["rejected"] * 2


def test_rare_categories_share_one_colour_and_free_text_is_no_field(workspace: Workspace) -> None:
    n = 120
    _, points = drawn_batch(
        workspace, n,
        **{
            "variables.many": [f"v{i % 40:02d}" for i in range(n)],
            "variables.free": [f"text {i}" for i in range(n)],
            "variables.few": [i % 3 for i in range(n)],
            "variables.size": np.arange(n) * 1.5,
            "domain": ["banking"] * n,
        },
    )  # fmt: skip
    fields = {field.name: field for field in point_fields(workspace, points)}
    assert "variables.free" not in fields
    assert "domain" not in fields
    assert fields["variables.few"].kind == "category"
    assert fields["variables.size"].kind == "number"
    many = point_colors(workspace, points, fields["variables.many"])
    assert len(many.names) == MOST_NAMES
    assert many.names[-1] is None
    assert sum(many.counts) == n
    assert many.counts[-1] == np.count_nonzero(many.codes == MOST_NAMES - 1) == 17 * 3


def test_chosen_rows_come_in_the_order_asked_for(workspace: Workspace) -> None:
    _, points = drawn_batch(workspace, 3)
    ids = [str(points.ids[2]), "smp_gone_1", str(points.ids[0])]
    assert [row.sample_id for row in chosen_rows(workspace, ids)] == [ids[0], ids[2]]
