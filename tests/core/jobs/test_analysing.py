"""The analysis by stages and slices: live, interruptible, and never twice for one text."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
from factories import make_batch, make_samples
from numpy.typing import NDArray
from page_seeds import release
from sqlalchemy import select
from word_model import WordModel

from core.db.tables import Batch, Chunk, InsightReport, Source
from core.db.workspace import Workspace, open_workspace
from core.errors import NotFound
from core.insight.mapping import projection
from core.insight.records import scope_of
from core.insight.report import InsightView, load_insight, load_map
from core.insight.scopes import find_scope, list_scopes
from core.jobs.analysis import analysing, map_drawing
from core.jobs.analysis.analysing import Analysis, compute_insight
from core.jobs.analysis.map_drawing import draw_map
from core.jobs.analysis.slices import BACKGROUND, run_slice
from core.jobs.launching import is_insight_underway, request_insight
from core.jobs.records import read_records
from core.jobs.running.queue import COMPUTE, enqueue, unfinished_jobs
from core.settings import load_settings
from core.text.embedding import embeddings
from core.text.embedding.embeddings import EmbeddingStore, embed_missing
from core.text.hashing import text_hash

TOPICS = ("cards", "loans", "savings", "transfers")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> WordModel:
    """A quick model, and stages so small that forty texts pass through all of them."""
    fake = WordModel()
    monkeypatch.setattr(analysing, "embed_missing", partial(embed_missing, embed_texts=fake))
    monkeypatch.setattr(analysing, "FIRST_EMBEDDED", 8)
    monkeypatch.setattr(analysing, "FEW_MISSING", 2)
    monkeypatch.setattr(embeddings, "TEXTS_PER_SEGMENT", 4)
    return fake


def full_batch(workspace: Workspace, n: int = 40) -> Batch:
    batch = make_batch(workspace, n=n)
    rows = [{"variables": {"topic": TOPICS[i % 4]}} for i in range(n)]
    make_samples(workspace, batch, n, rows=rows)
    return batch


def test_figures_come_at_once_and_sharpen(workspace: Workspace, model: WordModel) -> None:
    batch = full_batch(workspace)
    seen: list[InsightView] = []
    compute_insight(
        workspace, batch.batch_id, lambda *_: seen.append(load_insight(workspace, batch.batch_id))
    )
    stages = list(dict.fromkeys(view.stage for view in seen))
    assert stages == ["", "lexical", "sampled", "complete"]
    first = next(view for view in seen if view.stage == "lexical")
    assert first.metrics["distinct_1"].value is not None
    assert "vendi_score" not in first.metrics
    assert first.projection is not None
    assert first.projection.method.startswith("By words in common")
    assert [view.embedded for view in seen if view.stage == "sampled"] != []
    done = load_insight(workspace, batch.batch_id)
    assert (done.state, done.embedded, done.rate_per_s, done.eta_s) == ("ready", 40, 0, None)
    assert done.metrics["vendi_score"].error == 0


def test_the_map_is_there_before_the_embeddings(workspace: Workspace, model: WordModel) -> None:
    batch = full_batch(workspace)
    slice_ = Analysis(workspace, batch.batch_id, must_yield=lambda: bool(model.texts))
    assert slice_.run() == "waiting"
    assert load_insight(workspace, batch.batch_id).stage == "lexical"
    frame = load_map(workspace, batch.batch_id)
    assert len(frame) == 40
    assert set(frame["variables.topic"]) == set(TOPICS)


def test_a_slice_goes_on_where_the_last_one_stopped(workspace: Workspace, model: WordModel) -> None:
    batch = full_batch(workspace)
    slices = 0
    while Analysis(workspace, batch.batch_id, must_yield=lambda: True).run() == "waiting":
        slices += 1
        assert load_insight(workspace, batch.batch_id).state == "running"
        assert slices < 40
    assert slices > 3
    assert load_insight(workspace, batch.batch_id).state == "ready"
    assert set(Counter(model.texts).values()) == {1}


def test_a_release_passes_between_two_slices(workspace: Workspace, model: WordModel) -> None:
    batch = full_batch(workspace)
    with workspace.write() as session:
        enqueue(workspace, session, COMPUTE, "build_dataset", "dsv_waiting")
    assert run_slice(workspace, batch.batch_id) == "waiting"
    waiting = sorted(unfinished_jobs(workspace), key=lambda job: job.priority)
    assert [(job.name, job.priority) for job in waiting] == [
        ("build_dataset", 10), ("analyse", BACKGROUND),
    ]  # fmt: skip
    assert run_slice(workspace, batch.batch_id) == "waiting"
    assert len(unfinished_jobs(workspace)) == 2  # a slice that ran twice leaves one behind it


def test_a_report_is_underway_while_its_job_waits(workspace: Workspace) -> None:
    batch = full_batch(workspace, 4)
    assert not is_insight_underway(workspace, batch.batch_id)
    request_insight(workspace, batch.batch_id)
    assert is_insight_underway(workspace, batch.batch_id)


def test_nobody_waits_so_one_slice_does_it_all(workspace: Workspace, model: WordModel) -> None:
    batch = full_batch(workspace)
    assert run_slice(workspace, batch.batch_id) == "ready"
    assert unfinished_jobs(workspace) == []


def test_scopes_that_share_texts_embed_each_once(workspace: Workspace, model: WordModel) -> None:
    batch = full_batch(workspace, 24)
    version_id = release(workspace, batch.batch_id)
    for scope_id in (batch.batch_id, batch.template_version_id, version_id):
        compute_insight(workspace, scope_id)
        view = load_insight(workspace, scope_id)
        assert (view.state, view.stage, view.is_stale) == ("ready", "complete", False)
        assert len(load_map(workspace, scope_id)) == view.samples
    assert set(Counter(model.texts).values()) == {1}


def _analyse_slowly(home: str, batch_id: str) -> None:
    def slow(texts: Sequence[str], name: str) -> NDArray[np.float32]:
        time.sleep(0.2)
        return WordModel()(texts, name)

    analysing.embed_missing = partial(embed_missing, embed_texts=slow)
    embeddings.TEXTS_PER_SEGMENT = 4
    compute_insight(open_workspace(load_settings(home=home)), batch_id)


def test_a_worker_killed_while_it_embeds_repeats_nothing(
    workspace: Workspace, model: WordModel
) -> None:
    batch = full_batch(workspace)
    context = multiprocessing.get_context("spawn")
    worker = context.Process(target=_analyse_slowly, args=(str(workspace.home), batch.batch_id))
    worker.start()
    name = workspace.settings.embedding_model
    texts = read_records(workspace, scope_of(batch.batch_id)).texts()
    hashes = [text_hash(text) for text in texts]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        missing = EmbeddingStore(workspace.folder("embeddings"), name).missing(hashes)
        if len(missing) <= len(set(hashes)) - 8:
            break
        time.sleep(0.05)
    os.kill(worker.pid or 0, signal.SIGKILL)
    worker.join(10)
    stored = set(hashes) - set(EmbeddingStore(workspace.folder("embeddings"), name).missing(hashes))
    assert 8 <= len(stored) < len(set(hashes))
    assert load_insight(workspace, batch.batch_id).state == "running"
    compute_insight(workspace, batch.batch_id)
    assert load_insight(workspace, batch.batch_id).state == "ready"
    assert stored.isdisjoint(text_hash(text) for text in model.texts)
    assert set(Counter(model.texts).values()) == {1}


def test_what_was_released_is_read_with_its_split(workspace: Workspace) -> None:
    batch = full_batch(workspace, 24)
    records = read_records(workspace, scope_of(release(workspace, batch.batch_id)))
    assert set(records.ids) == set(read_records(workspace, scope_of(batch.batch_id)).ids)
    assert {variables["split"] for variables in records.variables} <= {
        "train", "validation", "test",
    }  # fmt: skip
    assert {variables["topic"] for variables in records.variables} == set(TOPICS)
    assert set(records.verdicts) == {"accepted"}
    assert list(records.scores) == [1.0] * 24


def test_a_source_is_measured_by_its_chunks(workspace: Workspace, model: WordModel) -> None:
    with workspace.write() as session:
        session.add(
            Source(source_id="src_1", name="guide.md", kind="markdown", content_hash="x",
                   size_bytes=9, chunk_count=12)
        )  # fmt: skip
        session.flush()
        session.add_all(
            Chunk(chunk_id=f"src_1.{i}", source_id="src_1", ordinal=i, start_char=0, end_char=9,
                  text=f"How to open a {TOPICS[i % 4]} account, part {i}.", text_hash=str(i),
                  fields={"part": i})
            for i in range(12)
        )  # fmt: skip
    compute_insight(workspace, "src_1")
    view = load_insight(workspace, "src_1")
    assert (view.state, view.samples, view.batch_id) == ("ready", 12, "")
    frame = load_map(workspace, "src_1")
    assert frame["variables.part"].tolist() == list(range(12))


def test_a_version_that_is_not_released_is_refused(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        read_records(workspace, scope_of("dsv_unknown"))
    with pytest.raises(NotFound):
        request_insight(workspace, "dsv_unknown")


def test_scopes_are_listed_by_kind(workspace: Workspace) -> None:
    batch = full_batch(workspace, 24)
    version_id = release(workspace, batch.batch_id)
    assert [row.scope_id for row in list_scopes(workspace, "batch")] == [batch.batch_id]
    (version,) = list_scopes(workspace, "template_version")
    assert version.scope_id == batch.template_version_id
    assert version.name.endswith(", version 1")
    (released,) = list_scopes(workspace, "dataset_version")
    assert (released.scope_id, released.texts) == (version_id, 24)
    assert find_scope(workspace, version_id) == released
    with pytest.raises(NotFound):
        find_scope(workspace, "bat_unknown")


def test_many_texts_get_a_better_map_after_the_report(
    workspace: Workspace, model: WordModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "TSNE_MAX_ROWS", 10)
    batch = full_batch(workspace)
    assert run_slice(workspace, batch.batch_id) == "ready"
    before = load_insight(workspace, batch.batch_id)
    assert before.projection is not None
    assert (before.projection.is_final, before.state) == (False, "ready")
    assert [job.name for job in unfinished_jobs(workspace)] == ["draw_map"]

    def points(vectors: NDArray[np.float32], *_: object, **__: object) -> NDArray[np.float32]:
        return np.asarray(vectors[:, :2] + 7, dtype=np.float32)

    monkeypatch.setattr(map_drawing, "umap_points", points)
    assert draw_map(workspace, batch.batch_id) == "drawn"
    view = load_insight(workspace, batch.batch_id)
    assert view.projection is not None
    assert view.projection.is_final
    assert view.metrics == before.metrics
    assert all(cluster.x > 5 for cluster in view.clusters)
    assert load_map(workspace, batch.batch_id)["x"].min() > 5
    assert draw_map(workspace, batch.batch_id) == "changed"
    assert len(list(workspace.folder("insight").iterdir())) == 1


def test_a_failure_is_told_to_the_page(
    workspace: Workspace, model: WordModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    batch = full_batch(workspace)
    monkeypatch.setattr(analysing, "full_look", broken)
    with pytest.raises(MemoryError):
        run_slice(workspace, batch.batch_id)
    view = load_insight(workspace, batch.batch_id)
    assert (view.state, view.message) == ("failed", "Unexpected MemoryError: no room")
    assert view.stage == "sampled"  # what was there stays


def test_a_report_row_knows_its_kind(workspace: Workspace, model: WordModel) -> None:
    batch = full_batch(workspace, 8)
    compute_insight(workspace, batch.template_version_id)
    with workspace.read() as session:
        (row,) = session.scalars(select(InsightReport))
    assert (row.scope, row.scope_id) == ("template_version", batch.template_version_id)
