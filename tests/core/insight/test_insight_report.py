"""The report of a batch, end to end: on both databases, at every size, twice, and after failure."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from factories import DEFINITION, failed_row, make_batch, make_samples, make_template
from sqlalchemy import update
from word_model import WordModel

from core.db.tables import Batch, InsightReport, Sample
from core.db.workspace import Workspace
from core.errors import NotFound, SeedbedError, TemplateError
from core.insight.diversity.metrics import METRICS
from core.insight.report import (
    MapField,
    load_insight,
    load_map,
    map_fields,
)
from core.insight.row import fail_insight, queue_insight
from core.insight.storing import store_report
from core.jobs.analysis import analysing
from core.jobs.analysis.analysing import compute_insight
from core.jobs.launching import request_insight
from core.text.embedding.embeddings import embed_missing


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> WordModel:
    fake = WordModel()
    monkeypatch.setattr(analysing, "embed_missing", partial(embed_missing, embed_texts=fake))
    return fake


def grouped_batch(workspace: Workspace, n: int) -> Batch:
    version = make_template(
        workspace,
        variables=[
            *DEFINITION["variables"],
            {"name": "gender", "sampler": {"kind": "category", "values": ["woman", "man"]}},
        ],
        groups=[{"variable": "gender", "target": {"woman": 0.5, "man": 0.5}}],
    )
    batch = make_batch(workspace, version, n=max(1, n))
    topics = ("cards", "loans", "savings", "transfers")
    rows = [
        {"variables": {"topic": topics[i % 4], "gender": ("woman", "man")[i % 2], "age": 20 + i}}
        for i in range(n)
    ]
    make_samples(workspace, batch, n, rows=rows)
    return batch


def test_a_report_on_each_database(any_workspace: Workspace, model: WordModel) -> None:
    batch = grouped_batch(any_workspace, 24)
    compute_insight(any_workspace, batch.batch_id)
    view = load_insight(any_workspace, batch.batch_id)
    assert (view.state, view.message, view.done, view.total) == ("ready", "", 24, 24)
    assert (view.samples, view.is_stale) == (24, False)
    assert list(view.metrics) == list(METRICS)
    assert all(metric.value is not None for metric in view.metrics.values())
    assert view.coverage is not None
    # Topic and gender are both even, so only four of the eight cells can have been met.
    assert (view.coverage.cells_total, view.coverage.cells_filled) == (8, 4)
    assert sum(cluster.count for cluster in view.clusters) == 24
    assert [one.variable for one in view.bias.representation] == ["gender", "topic"]
    assert len(view.bias.groups) == len(view.bias.words) == 3

    frame = load_map(any_workspace, batch.batch_id)
    assert len(frame) == 24
    assert frame["plan_index"].tolist() == list(range(24))
    assert frame["variables.gender"].tolist()[:2] == ["woman", "man"]
    assert np.isfinite(frame[["x", "y"]].to_numpy()).all()
    assert set(frame["sample_id"]) >= {cluster.sample_id for cluster in view.clusters}


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 9])
def test_few_samples_make_a_report_that_says_so(
    workspace: Workspace, model: WordModel, n: int
) -> None:
    batch = grouped_batch(workspace, n)
    compute_insight(workspace, batch.batch_id)
    view = load_insight(workspace, batch.batch_id)
    assert view.state == "ready"
    assert view.message.startswith("Too few samples")
    assert view.samples == n
    assert len(load_map(workspace, batch.batch_id)) == n
    assert (view.metrics["self_bleu"].value is None) == (n < 2)
    if n == 0:
        assert model.texts == []
        assert view.bias.note == "There are no samples yet."


def test_the_stored_report_is_plain_finite_json(workspace: Workspace, model: WordModel) -> None:
    batch = grouped_batch(workspace, 12)
    compute_insight(workspace, batch.batch_id)
    with workspace.read() as session:
        stored = session.get_one(InsightReport, batch.batch_id).report
    assert json.loads(json.dumps(stored, allow_nan=False)) == stored


def test_copies_of_one_text_are_embedded_once_and_measured(
    workspace: Workspace, model: WordModel
) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 12, input="The same question?", response="The same answer.")
    seen: list[tuple[int, int]] = []
    compute_insight(workspace, batch.batch_id, lambda done, total: seen.append((done, total)))
    assert sum(text.startswith("The same") for text in model.texts) == 1
    view = load_insight(workspace, batch.batch_id)
    assert view.metrics["vendi_score"].value == pytest.approx(1, abs=1e-4)
    assert view.metrics["near_duplicates_lexical"].value == 1
    assert view.metrics["near_duplicates_semantic"].value == 1
    assert len(view.clusters) == 1
    assert seen[0] == (0, 12)
    assert seen[-1] == (12, 12)


def test_unchanged_texts_are_not_measured_again(
    workspace: Workspace, model: WordModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = grouped_batch(workspace, 6)
    compute_insight(workspace, batch.batch_id)
    first = load_insight(workspace, batch.batch_id)
    asked = len(model.texts)
    monkeypatch.setattr(analysing, "full_look", None)
    with workspace.write() as session:
        queue_insight(session, batch.batch_id)
    assert load_insight(workspace, batch.batch_id).state == "queued"
    compute_insight(workspace, batch.batch_id)
    assert load_insight(workspace, batch.batch_id) == first
    assert len(model.texts) == asked


def test_added_samples_make_the_report_stale_and_only_they_are_embedded(
    workspace: Workspace, model: WordModel
) -> None:
    batch = grouped_batch(workspace, 6)
    compute_insight(workspace, batch.batch_id)
    asked = len(model.texts)
    make_samples(workspace, batch, 2, start=6)
    assert load_insight(workspace, batch.batch_id).is_stale
    states: set[str] = set()
    compute_insight(
        workspace,
        batch.batch_id,
        lambda *_: states.add(load_insight(workspace, batch.batch_id).state),
    )
    assert states == {"running", "ready"}
    assert len(model.texts) == asked + 2
    assert load_insight(workspace, batch.batch_id).samples == 8
    assert len(list(workspace.folder("insight").iterdir())) == 1


def test_a_lost_map_is_made_again(workspace: Workspace, model: WordModel) -> None:
    batch = grouped_batch(workspace, 4)
    compute_insight(workspace, batch.batch_id)
    for path in workspace.folder("insight").iterdir():
        path.unlink()
    assert load_map(workspace, batch.batch_id).empty
    compute_insight(workspace, batch.batch_id)
    assert len(load_map(workspace, batch.batch_id)) == 4


def test_failed_samples_are_not_on_the_map(workspace: Workspace, model: WordModel) -> None:
    batch = grouped_batch(workspace, 4)
    with workspace.write() as session:
        session.add(failed_row(batch, 4))
    compute_insight(workspace, batch.batch_id)
    view = load_insight(workspace, batch.batch_id)
    assert (view.samples, view.is_stale) == (4, False)
    assert len(load_map(workspace, batch.batch_id)) == 4


def test_verdicts_on_the_map_are_those_of_now(workspace: Workspace, model: WordModel) -> None:
    batch = grouped_batch(workspace, 4)
    compute_insight(workspace, batch.batch_id)
    with workspace.write() as session:
        changed = update(Sample).where(Sample.plan_index == 2)
        session.execute(changed.values(verdict="rejected", quality_score=0.25))
    frame = load_map(workspace, batch.batch_id)
    assert frame["verdict"].tolist() == ["accepted", "accepted", "rejected", "accepted"]
    assert frame["quality_score"].tolist() == [1.0, 1.0, 0.25, 1.0]


def test_fields_to_colour_by_are_those_that_tell_points_apart(
    workspace: Workspace, model: WordModel
) -> None:
    batch = grouped_batch(workspace, 8)
    compute_insight(workspace, batch.batch_id)
    fields = map_fields(load_map(workspace, batch.batch_id))
    assert MapField("cluster_label", "Cluster", "category") in fields
    assert MapField("is_reviewed", "Reviewed", "category") in fields
    assert MapField("quality_score", "Quality score", "number") in fields
    assert MapField("variables.topic", "topic", "category") in fields
    assert MapField("variables.age", "age", "number") in fields
    assert "domain" not in {field.column for field in fields}


def test_values_that_are_no_colour_are_left_out(workspace: Workspace, model: WordModel) -> None:
    batch = make_batch(workspace, n=60)
    rows = [
        {"variables": {"topic": "cards", "name": f"n{i}", "person": {"age": i}, "vip": i % 2 == 0}}
        for i in range(60)
    ]
    make_samples(workspace, batch, rows=rows)
    compute_insight(workspace, batch.batch_id)
    frame = load_map(workspace, batch.batch_id)
    assert "variables.person" not in frame
    assert {field.label for field in map_fields(frame)} & {"topic", "name", "vip"} == {"vip"}


def test_nothing_was_asked_for_yet(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    view = load_insight(workspace, batch.batch_id)
    assert (view.state, view.metrics, view.computed_at) == ("none", {}, None)
    frame = load_map(workspace, batch.batch_id)
    assert isinstance(frame, pd.DataFrame)
    assert frame.empty
    assert {"sample_id", "x", "verdict", "input"} <= set(frame.columns)
    assert map_fields(frame)


@pytest.mark.parametrize("verb", [compute_insight, load_insight, request_insight])
def test_an_unknown_batch_is_not_found(
    workspace: Workspace, verb: Callable[[Workspace, str], object]
) -> None:
    with pytest.raises(NotFound):
        verb(workspace, "bat_unknown")


def test_a_failure_is_shown_and_the_next_try_succeeds(
    workspace: Workspace, model: WordModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **_options: object) -> None:
        raise SeedbedError("No embedding model is called 'nope'.", remedy="Choose another.")

    batch = grouped_batch(workspace, 4)
    with monkeypatch.context() as patch:
        patch.setattr(analysing, "embed_missing", broken)
        with pytest.raises(SeedbedError):
            compute_insight(workspace, batch.batch_id)
    view = load_insight(workspace, batch.batch_id)
    assert (view.state, view.message) == (
        "failed",
        "No embedding model is called 'nope'. Choose another.",
    )
    compute_insight(workspace, batch.batch_id)
    assert load_insight(workspace, batch.batch_id).state == "ready"


def test_a_plan_that_cannot_be_made_again_is_shown_as_a_failure(
    workspace: Workspace, model: WordModel
) -> None:
    batch = make_batch(workspace, make_template(workspace, source={"required": True}))
    make_samples(workspace, batch, 3)
    with pytest.raises(TemplateError):
        compute_insight(workspace, batch.batch_id)
    assert load_insight(workspace, batch.batch_id).state == "failed"


def test_a_worker_s_own_failure_keeps_the_older_report(
    workspace: Workspace, model: WordModel
) -> None:
    batch = grouped_batch(workspace, 4)
    compute_insight(workspace, batch.batch_id)
    fail_insight(workspace, batch.batch_id, "The worker ran out of memory.")
    view = load_insight(workspace, batch.batch_id)
    assert (view.state, view.message) == ("failed", "The worker ran out of memory.")
    assert view.samples == 4
    assert len(load_map(workspace, batch.batch_id)) == 4


def test_a_worker_killed_before_the_end_leaves_nothing_in_the_way(
    workspace: Workspace, model: WordModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    batch = grouped_batch(workspace, 5)

    def killed(*arguments: Any, **options: Any) -> None:
        if arguments[3] == "complete":
            raise KeyboardInterrupt
        store_report(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(analysing, "store_report", killed)
        with pytest.raises(KeyboardInterrupt):
            compute_insight(workspace, batch.batch_id)
    assert load_insight(workspace, batch.batch_id).state == "running"
    asked = len(model.texts)
    compute_insight(workspace, batch.batch_id)
    assert load_insight(workspace, batch.batch_id).state == "ready"
    assert len(model.texts) == asked
