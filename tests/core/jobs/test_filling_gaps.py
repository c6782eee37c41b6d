"""From a gap to a batch aimed at it, and what the next look says: coverage rises."""

import re
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from factories import TOPICS, make_batch, make_samples, make_template
from numpy.typing import NDArray

from core.db.tables import Batch, PairReport
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.samples import SampleFilter, list_samples
from core.insight.coverage.grid_view import crossed, grid_view
from core.jobs.aimed.aiming import Aim, aimed_launch
from core.jobs.aimed.filling_gaps import FillRequest, estimate_fill, fill_gaps
from core.jobs.pairs.measuring_coverage import measure_coverage
from core.jobs.pairs.reference_coverage import list_coverage, load_coverage, request_coverage
from core.jobs.running.queue import prepare_queue, unfinished_jobs
from core.jobs.workflows import WorkerContext, jobs_of, run_batch
from core.providers.connections import connection_for_url
from core.templates.versions import get_version, is_draft
from core.text.embedding import embeddings

DIMENSIONS = 64


def vector(text: str) -> NDArray[np.float64]:
    row = np.full(DIMENSIONS, 0.01)
    for word in re.findall(r"\w+", text.lower()):
        seed = int.from_bytes(word.encode()[:8].ljust(8, b"."), "little")
        row += np.random.default_rng(seed).normal(size=DIMENSIONS)
    return row / np.linalg.norm(row)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that went through the model, which hashes bags of words."""
    seen: list[str] = []

    def embed(texts: Sequence[str], _model: str) -> NDArray[np.float64]:
        seen.extend(texts)
        return np.stack([vector(text) for text in texts])

    made = partial(embeddings.embed_missing, embed_texts=embed)
    monkeypatch.setattr(embeddings, "embed_missing", made)
    return seen


@pytest.fixture
def ready(any_workspace: Workspace) -> Workspace:
    prepare_queue(any_workspace)
    return any_workspace


def run(workspace: Workspace, batch: Batch) -> None:
    context = WorkerContext(workspace, "wrk_test", threading.Event())
    assert run_batch(context, batch.batch_id) == "completed"


def batch_without_cards(workspace: Workspace, **columns: Any) -> Batch:
    """40 samples were planned, 10 for each topic; those about cards are missing or rejected."""
    batch = make_batch(workspace, n=40, **columns)
    rows = [
        {
            "variables": {"topic": TOPICS[i % 4]},
            "verdict": "rejected" if i % 4 == 0 and i < 20 else "accepted",
        }
        for i in range(40)
        if i % 4 or i < 20
    ]
    make_samples(workspace, batch, rows=rows)
    return batch


def test_filling_a_cell_raises_the_coverage_of_the_grid(ready: Workspace) -> None:
    batch = batch_without_cards(ready)
    view = grid_view(ready, batch.batch_id)
    assert (view.total, view.filled, view.share) == (4, 3, 0.75)
    (gap,) = view.gaps
    assert (gap.label, gap.wanted, gap.present, gap.missing) == ("topic cards", 10, 0, 10)

    request = FillRequest(batch.batch_id, (gap.gap_id,), 12)
    assert estimate_fill(ready, request).n == 12
    made = fill_gaps(ready, request)
    assert made.template_version_id == batch.template_version_id
    assert made.seed != batch.seed
    run(ready, made)

    after = grid_view(ready, batch.batch_id)
    assert (after.share_before, after.share, after.gaps) == (0.75, 1.0, [])
    (fill,) = after.fills
    assert (fill.batch_id, fill.covered_then, fill.generated) == (made.batch_id, 0.75, 12)
    (then,) = fill.gaps
    now = after.now(then)
    assert (then.present, now.before, now.wanted) == (0, 0, 10)
    assert now.present >= 10
    assert {
        s.variables["topic"] for s in list_samples(ready, SampleFilter(batch_ids=(made.batch_id,)))
    } == {"cards"}


def test_the_view_of_the_version_counts_what_filled_its_batches(ready: Workspace) -> None:
    batch = batch_without_cards(ready)
    version_id = batch.template_version_id
    (gap,) = grid_view(ready, version_id).gaps
    made = fill_gaps(ready, FillRequest(version_id, (gap.gap_id,), 10))
    run(ready, made)
    view = grid_view(ready, version_id)
    assert (view.n, view.share_before, view.share) == (40, 0.75, 1.0)
    assert view.before.sum() == 30
    assert view.present.sum() > 30


def test_several_cells_share_one_batch(workspace: Workspace) -> None:
    version = make_template(workspace)
    batch = make_batch(workspace, version, n=40)
    make_samples(workspace, batch, rows=[{"variables": {"topic": "loans"}}] * 10)
    gaps = grid_view(workspace, batch.batch_id).gaps
    assert [gap.label for gap in gaps] == ["topic cards", "topic savings", "topic transfers"]
    made = fill_gaps(
        workspace, FillRequest(batch.batch_id, tuple(gap.gap_id for gap in gaps[:2]), 10)
    )
    assert made.focus == {"cells": [{"topic": "cards"}, {"topic": "savings"}]}
    assert made.name == "Gap: topic cards and 1 more"


def test_samples_of_other_values_are_counted_outside(workspace: Workspace) -> None:
    batch = make_batch(workspace, n=8)
    make_samples(
        workspace,
        batch,
        rows=[{"variables": {"topic": "shoes"}}, {"variables": {"topic": "cards"}}],
    )
    view = grid_view(workspace, batch.batch_id)
    assert (view.outside, int(view.present.sum())) == (1, 1)


def test_a_crossed_grid_adds_up(ready: Workspace) -> None:
    flag = {"name": "is_new", "sampler": {"kind": "bernoulli", "probability": 0.25}}
    topics = {"name": "topic", "sampler": {"kind": "category", "values": list(TOPICS)}}
    version = make_template(ready, variables=[topics, flag])
    batch = make_batch(ready, version, n=16)
    make_samples(
        ready, batch,
        rows=[{"variables": {"topic": TOPICS[i % 4], "is_new": i < 4}} for i in range(16)],
    )  # fmt: skip
    view = grid_view(ready, batch.batch_id)
    down, across, present, wanted = crossed(view, "topic", "is_new")
    assert (down, across) == (list(TOPICS), ["true", "false"])
    assert present.tolist() == [[1, 3]] * 4
    assert wanted.sum() == pytest.approx(16)
    assert view.outside == 0


def reference_batch(workspace: Workspace) -> Batch:
    """40 questions about cards and 40 about loans, from elsewhere."""
    version = make_template(workspace, "elsewhere", variables=[])
    batch = make_batch(workspace, version, kind="import", n=80)
    rng = np.random.default_rng(0)
    words = {
        "cards": ["card", "blocked", "stolen", "pin", "replacement"],
        "loans": ["mortgage", "rate", "repayment", "borrow", "house"],
    }
    rows = []
    for i in range(80):
        topic = ("cards", "loans")[i % 2]
        rows.append({"input": f"{' '.join(rng.permutation(words[topic]))} {i}", "variables": {}})
    make_samples(workspace, batch, rows=rows)
    return batch


def loans_alone(workspace: Workspace, connection: str) -> Batch:
    batch = make_batch(workspace, n=20, connection=connection, model="mock")
    rng = np.random.default_rng(1)
    words = ["mortgage", "rate", "repayment", "borrow", "house"]
    make_samples(
        workspace, batch,
        rows=[{"input": f"{' '.join(rng.permutation(words))} again {i}"} for i in range(20)],
    )  # fmt: skip
    return batch


def measured(workspace: Workspace, left: str, right: str) -> None:
    request_coverage(workspace, left, right, "inputs")
    (job,) = [j for j in unfinished_jobs(workspace) if j.name == "measure_coverage"][-1:]
    assert measure_coverage(workspace, job.subject) == "ready"


def test_filling_a_region_raises_the_coverage_of_the_reference(
    workspace: Workspace, loopback: Any, asked: list[str]
) -> None:
    connection = connection_for_url(workspace, loopback.url, model="mock")
    batch, reference = loans_alone(workspace, connection.name), reference_batch(workspace)
    left, right = batch.batch_id, reference.batch_id
    assert load_coverage(workspace, left, right).state == "none"
    measured(workspace, left, right)
    view = load_coverage(workspace, left, right)
    assert view.report.is_whole
    gap = view.report.regions[0].gap
    assert "card" in " ".join(gap.terms + gap.examples)
    assert (gap.present, gap.is_open) == (0, True)
    covered = view.report.now["coverage"].value
    assert covered is not None
    assert covered < 0.6

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        shown = re.search(r"<example>\n(.*)\n</example>", body["messages"][-1]["content"])
        assert shown is not None
        turned = " ".join(reversed(shown[1].split()))
        return {"question": turned, "answer": "Open the app and follow the steps."}

    loopback.answers = answer
    request = FillRequest(left, (gap.gap_id,), 20, reference_id=right)
    assert estimate_fill(workspace, request).n == 20
    made = fill_gaps(workspace, request)
    version = get_version(workspace, made.template_version_id)
    assert is_draft(version)
    assert made.inputs["aim"]["value"]["terms"] == gap.terms
    run(workspace, made)
    # The batch has asked for the coverage to be measured again.
    again = [j for j in unfinished_jobs(workspace) if j.name == "measure_coverage"]
    before = len(asked)
    context = WorkerContext(workspace, "wrk_test", threading.Event())
    assert jobs_of(context)["measure_coverage"](again[-1].subject) == "ready"
    assert len(set(asked[before:])) == len(asked[before:]) <= 20  # nothing is embedded twice
    assert not set(asked[before:]) & set(asked[:before])

    after = load_coverage(workspace, left, right).report
    row = next(row for row in after.regions if row.gap.gap_id == gap.gap_id)
    assert (row.gap.before, row.gap.wanted) == (0, gap.wanted)
    # Words in another order may belong to the part beside it, which is about cards too.
    of_cards = [r.gap for r in after.regions if "stolen" in " ".join(r.gap.examples)]
    assert sum(part.before for part in of_cards) == 0
    assert sum(part.present for part in of_cards) >= 15
    assert after.before["coverage"].value == covered
    assert after.now["coverage"].value > covered
    assert (after.fills, after.fill_batch_ids) == (20, [made.batch_id])
    assert [view.reference_id for view in list_coverage(workspace, left)] == [right]


def test_the_same_texts_are_not_measured_twice(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    batch, reference = loans_alone(workspace, "offline"), reference_batch(workspace)
    measured(workspace, batch.batch_id, reference.batch_id)
    done = len(asked)

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr("core.jobs.pairs.measuring_coverage.reference_report", never)
    measured(workspace, batch.batch_id, reference.batch_id)
    assert len(asked) == done


def test_a_large_side_is_measured_in_two_parts_between_which_others_pass(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    monkeypatch.setattr("core.jobs.pairs.measuring_coverage.FIRST_USED", 30)
    monkeypatch.setattr("core.jobs.pairs.measuring_coverage.MOST_USED", 60)
    batch, reference = loans_alone(workspace, "offline"), reference_batch(workspace)
    request_coverage(workspace, batch.batch_id, reference.batch_id)
    pair_id = unfinished_jobs(workspace)[-1].subject
    assert measure_coverage(workspace, pair_id, in_slices=True) == "waiting"
    report = load_coverage(workspace, batch.batch_id, reference.batch_id).report
    assert (report.reference.used, report.reference.count, report.is_whole) == (30, 80, False)
    assert report.now["coverage"].error > 0
    assert measure_coverage(workspace, pair_id, in_slices=True) == "ready"
    report = load_coverage(workspace, batch.batch_id, reference.batch_id).report
    assert (report.reference.used, report.is_whole) == (60, True)


def test_another_part_is_another_measurement(workspace: Workspace, asked: list[str]) -> None:
    batch, reference = loans_alone(workspace, "offline"), reference_batch(workspace)
    measured(workspace, batch.batch_id, reference.batch_id)
    request_coverage(workspace, batch.batch_id, reference.batch_id, "responses")
    view = load_coverage(workspace, batch.batch_id, reference.batch_id)
    assert (view.state, view.report.part, view.report.now) == ("queued", "responses", {})


def test_a_failure_is_told_and_does_not_lose_what_was_measured(
    workspace: Workspace, asked: list[str]
) -> None:
    batch, reference = loans_alone(workspace, "offline"), reference_batch(workspace)
    measured(workspace, batch.batch_id, reference.batch_id)
    with workspace.write() as session:
        row = session.query(PairReport).one()
        row.input_hash = "other"
        pair_id = row.pair_report_id

    def broken(*_: Any, **__: Any) -> None:
        raise InvalidInput("The model is gone.")

    embeddings.embed_missing, kept = broken, embeddings.embed_missing
    try:
        assert measure_coverage(workspace, pair_id) == "failed"
    finally:
        embeddings.embed_missing = kept
    view = load_coverage(workspace, batch.batch_id, reference.batch_id)
    assert (view.state, view.message) == ("failed", "The model is gone.")
    assert view.report.now


def test_what_cannot_be_filled_is_refused_with_a_reason(workspace: Workspace) -> None:
    batch = batch_without_cards(workspace)
    (gap,) = grid_view(workspace, batch.batch_id).gaps
    with pytest.raises(NotFound):
        fill_gaps(workspace, FillRequest(batch.batch_id, ("cell_none",), 5))
    with pytest.raises(InvalidInput, match="No gap was chosen"):
        fill_gaps(workspace, FillRequest(batch.batch_id, (), 5))
    with pytest.raises(InvalidInput, match="n is 0"):
        fill_gaps(workspace, FillRequest(batch.batch_id, (gap.gap_id,), 0))
    imported = reference_batch(workspace)
    with pytest.raises(InvalidInput, match="came from no prompt"):
        aimed_launch(
            workspace,
            Aim(imported.template_version_id, 5, texts=["x"], like_batch_id=imported.batch_id),
        )
    with pytest.raises(InvalidInput, match="A scope covers itself"):
        request_coverage(workspace, batch.batch_id, batch.batch_id)
