"""The review queue, on SQLite and PostgreSQL."""

from typing import get_args

import pandas as pd
import pytest
from factories import make_batch, make_samples, make_template

from core.db.tables import InsightReport, Judgement, Rubric, RubricVersion, Sample
from core.db.workspace import Workspace
from core.generation.samples import SampleFilter
from core.insight.mapping.mapfile import write_map
from core.review.decisions import submit_review, undo_review
from core.review.picking.queue import QueueCounts, QueueOrder, next_samples, queue_counts

ALL = SampleFilter()


def indexes(samples: list[Sample]) -> list[int]:
    return [sample.plan_index for sample in samples]


def test_uncertain_samples_come_first(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    rows = [
        {"verdict": "accepted", "quality_score": 0.99},
        {"verdict": "needs_review", "quality_score": 0.6},  # 0.2 from both thresholds
        {"verdict": "needs_review", "quality_score": 0.78},
        {"verdict": "rejected", "quality_score": 0.39},
        {"verdict": "needs_review", "quality_score": 0.45},
        {"verdict": "accepted", "quality_score": 0.805},
        {"verdict": "rejected", "quality_score": None, "state": "failed"},
        {"verdict": "accepted", "quality_score": None},
    ]
    make_samples(any_workspace, batch, n=0, rows=rows)
    assert indexes(next_samples(any_workspace, ALL, limit=20)) == [2, 4, 1, 5, 3, 0, 7]
    assert indexes(next_samples(any_workspace, ALL, limit=20, order="oldest")) == [
        0, 1, 2, 3, 4, 5, 7,
    ]  # fmt: skip


def test_thresholds_are_those_of_the_samples_own_template(any_workspace: Workspace) -> None:
    usual = make_batch(any_workspace)
    version = make_template(
        any_workspace, "strict", checks={"accept_at": 0.95, "reject_below": 0.1}
    )
    strict = make_batch(any_workspace, version)
    make_samples(any_workspace, usual, n=0, rows=[{"quality_score": 0.93}])
    make_samples(any_workspace, strict, n=0, start=1, rows=[{"quality_score": 0.93}])
    assert indexes(next_samples(any_workspace, ALL)) == [1, 0]


def test_skipped_samples_come_last_and_undoing_brings_them_back(any_workspace: Workspace) -> None:
    first, second, _ = make_samples(any_workspace, make_batch(any_workspace), n=3)
    submit_review(any_workspace, first.sample_id, "skip", expected_revision=0)
    assert indexes(next_samples(any_workspace, ALL, order="oldest", limit=3)) == [1, 2, 0]
    left = next_samples(any_workspace, ALL, order="oldest", skip=[second.sample_id])
    assert indexes(left) == [2, 0]
    undo_review(any_workspace)
    assert indexes(next_samples(any_workspace, ALL, order="oldest", limit=1)) == [0]


def test_a_random_order_is_a_fixed_shuffle(workspace: Workspace) -> None:
    make_samples(workspace, make_batch(workspace), n=200)
    order = indexes(next_samples(workspace, ALL, order="random", limit=200))
    assert sorted(order) == list(range(200))
    assert order[:2] == indexes(next_samples(workspace, ALL, order="random"))
    upper_half = sum(index >= 100 for index in order[:50])
    assert 12 <= upper_half <= 38


def test_counts_follow_decisions(any_workspace: Workspace) -> None:
    samples = make_samples(any_workspace, make_batch(any_workspace), n=6, verdict="needs_review")
    ids = [sample.sample_id for sample in samples]
    waiting = SampleFilter(verdict="needs_review")
    assert queue_counts(any_workspace, waiting) == QueueCounts(6, 0, 0, 0)
    submit_review(any_workspace, ids[0], "accept", expected_revision=0)
    submit_review(any_workspace, ids[1], "reject", expected_revision=0, reason="wrong")
    submit_review(
        any_workspace, ids[2], "edit", expected_revision=0, corrected={"response": "Better."}
    )
    submit_review(any_workspace, ids[3], "skip", expected_revision=0)
    assert queue_counts(any_workspace, waiting) == QueueCounts(3, 1, 1, 1)


@pytest.mark.parametrize("order", get_args(QueueOrder))
def test_an_empty_queue_is_empty_in_every_order(workspace: Workspace, order: str) -> None:
    assert next_samples(workspace, ALL, order=order) == []  # type: ignore[arg-type]
    assert queue_counts(workspace, ALL) == QueueCounts(0, 0, 0, 0)


def test_a_moved_threshold_moves_what_is_uncertain(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace, checks={"accept_at": 0.95})
    rows = [{"quality_score": 0.81}, {"quality_score": 0.94}]
    make_samples(any_workspace, batch, n=0, rows=rows)
    assert indexes(next_samples(any_workspace, ALL)) == [1, 0]


def test_what_judges_disagree_about_comes_first(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    samples = make_samples(any_workspace, batch, n=5, quality_score=0.7)
    scores = {1: (0.9, 0.8), 2: (0.2, 1.0), 3: (0.1,), 4: (0.7,)}
    with any_workspace.write() as session:
        rubric = Rubric(rubric_id="rub_1", name="plain")
        session.add(rubric)
        session.flush()
        session.add(
            RubricVersion(
                rubric_version_id="rbv_1", rubric_id="rub_1", number=1, content_hash="0" * 64,
                definition={},
            )
        )  # fmt: skip
        session.flush()
        for place, given in scores.items():
            session.add_all(
                Judgement(
                    judgement_id=f"jdg_{place}_{judge}", batch_id=batch.batch_id,
                    rubric_version_id="rbv_1", judge=f"judge-{judge}",
                    sample_id=samples[place].sample_id, score=score,
                )
                for judge, score in enumerate(given)
            )  # fmt: skip
    # By spread: 0.8, 0.1; then one judge: farthest from the checks first; then never judged.
    found = next_samples(any_workspace, ALL, order="disagreement", limit=5)
    assert indexes(found) == [2, 1, 3, 4, 0]


def test_groups_come_in_turn_and_decided_ones_count(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    rows = [{"variables": {"topic": "cards" if i < 6 else "loans"}} for i in range(8)]
    samples = make_samples(any_workspace, batch, n=0, rows=rows)
    chosen = SampleFilter(batch_ids=(batch.batch_id,))

    def topics(limit: int) -> list[str]:
        found = next_samples(any_workspace, chosen, order="stratified", limit=limit)
        return [sample.variables["topic"] for sample in found]

    assert sorted(topics(2)) == ["cards", "loans"]
    assert topics(8)[4:] == ["cards"] * 4
    submit_review(any_workspace, samples[7].sample_id, "accept", expected_revision=0)
    assert topics(1) == ["cards"]
    assert topics(7)[1:3] in (["cards", "loans"], ["loans", "cards"])


def test_regions_of_the_map_come_in_turn(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    samples = make_samples(workspace, batch, n=10)
    clusters = [0, 0, 0, 0, 0, 1, 1, 1, 2]  # the last sample lies on no map
    frame = pd.DataFrame(
        {
            "sample_id": [sample.sample_id for sample in samples[:9]],
            "x": 0.0, "y": 0.0, "cluster": clusters, "cluster_label": "",
        }
    )  # fmt: skip
    write_map(workspace.folder("insight"), "one.parquet", frame)
    with workspace.write() as session:
        session.add(InsightReport(scope_id=batch.batch_id, state="ready", map_file="one.parquet"))
    found = next_samples(workspace, ALL, order="coverage", limit=10)
    regions = [clusters[index] for index in indexes(found)[:-1]]
    assert regions == [0, 1, 2, 0, 1, 0, 1, 0, 0]
    assert indexes(found)[-1] == 9
    submit_review(workspace, samples[0].sample_id, "accept", expected_revision=0)
    submit_review(workspace, samples[6].sample_id, "skip", expected_revision=0)
    after = indexes(next_samples(workspace, ALL, order="coverage", limit=3))
    assert [clusters[index] for index in after] == [1, 2, 0]
    assert 6 not in indexes(next_samples(workspace, ALL, order="coverage", limit=7))
