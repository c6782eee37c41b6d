"""Comparing two scopes end to end, with a model of hashed words."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
from factories import make_batch, make_finding, make_samples, make_template
from numpy.typing import NDArray

from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.jobs.pairs import comparing_scopes
from core.jobs.pairs.comparing_scopes import (
    JOB,
    compare_scopes,
    get_scope_comparison,
    list_scope_comparisons,
    load_scope_comparison,
    request_scope_comparison,
)
from core.jobs.running.queue import live_jobs
from core.text.embedding import embeddings
from core.text.embedding.embeddings import embed_missing

asked: list[str] = []


def hashed_words(texts: Sequence[str], _model: str) -> NDArray[np.float32]:
    asked.extend(texts)
    rows = np.full((len(texts), 24), 0.01)
    for row, text in zip(rows, texts, strict=True):
        for word in text.lower().split():
            seed = int.from_bytes(word.encode()[:8].ljust(8, b"."), "little")
            row += np.random.default_rng(seed).normal(size=24)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    asked.clear()
    fake = partial(embed_missing, embed_texts=hashed_words)
    monkeypatch.setattr(embeddings, "embed_missing", fake)


def two_batches(workspace: Workspace, n: int = 40) -> tuple[str, str]:
    version = make_template(workspace)
    good = make_batch(workspace, version, name="Good", generated=n)
    bad = make_batch(workspace, version, name="Bad", generated=n)
    make_samples(workspace, good, n)
    rows = make_samples(workspace, bad, n, verdict="rejected", quality_score=0.2)
    for sample in rows[:20]:
        make_finding(workspace, sample, "repetition", score=0.1)
    make_finding(workspace, rows[25], "refusal", score=1.0)
    return good.batch_id, bad.batch_id


def test_two_batches_are_compared_by_a_worker(any_workspace: Workspace) -> None:
    a, b = two_batches(any_workspace)
    asked_for = request_scope_comparison(any_workspace, a, b)
    assert asked_for.state == "queued"
    assert len(live_jobs(any_workspace, JOB, asked_for.pair_report_id)) == 1
    assert compare_scopes(any_workspace, asked_for.pair_report_id) == "ready"
    found = load_scope_comparison(any_workspace, a, b)
    assert (found.state, found.is_waiting, found.done) == ("ready", False, found.total)
    rows = {row.name: row for row in found.report.measures}
    assert (rows["accepted"].a, rows["accepted"].b, rows["accepted"].better) == (1.0, 0.0, "a")
    assert (rows["score"].difference, rows["score"].better) == (pytest.approx(-0.8), "a")
    assert (rows["repetition"].b, rows["repetition"].label) == (0.5, "Repetition")
    assert "refusal" not in rows
    assert found.report.compared == 40
    assert found.report.pairs


def test_a_second_run_embeds_nothing_and_finds_the_same(workspace: Workspace) -> None:
    a, b = two_batches(workspace)
    pair_id = request_scope_comparison(workspace, a, b).pair_report_id
    compare_scopes(workspace, pair_id)
    first, made = get_scope_comparison(workspace, pair_id).report, len(asked)
    assert request_scope_comparison(workspace, a, b).pair_report_id == pair_id
    compare_scopes(workspace, pair_id)
    assert get_scope_comparison(workspace, pair_id).report == first
    assert len(asked) == made > 0


def test_a_batch_is_compared_with_its_template_version(workspace: Workspace) -> None:
    version = make_template(workspace)
    batch, other = (make_batch(workspace, version) for _ in range(2))
    make_samples(workspace, batch, 5)
    make_samples(workspace, other, 5)
    wanted = request_scope_comparison(workspace, batch.batch_id, version.template_version_id)
    compare_scopes(workspace, wanted.pair_report_id)
    report = get_scope_comparison(workspace, wanted.pair_report_id).report
    assert (report.a_texts, report.b_texts, report.compared) == (5, 10, 5)
    assert any("5 samples are in both" in note for note in report.notes)


def test_an_empty_side_is_told_and_no_failure(workspace: Workspace) -> None:
    version = make_template(workspace)
    a, b = (make_batch(workspace, version).batch_id for _ in range(2))
    wanted = request_scope_comparison(workspace, a, b)
    assert compare_scopes(workspace, wanted.pair_report_id) == "ready"
    assert "no texts" in get_scope_comparison(workspace, wanted.pair_report_id).report.notes[0]


def test_a_failure_is_kept_for_people(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = two_batches(workspace)

    def broken(*_: object) -> None:
        raise InvalidInput("The model is gone.", remedy="Install it.")

    monkeypatch.setattr(comparing_scopes, "_compared", broken)
    wanted = request_scope_comparison(workspace, a, b)
    assert compare_scopes(workspace, wanted.pair_report_id) == "failed"
    found = list_scope_comparisons(workspace)
    assert [(row.state, "The model is gone." in row.message) for row in found] == [("failed", True)]


def test_wishes_that_cannot_be_met_are_refused(workspace: Workspace) -> None:
    batch_id = make_batch(workspace).batch_id
    with pytest.raises(InvalidInput):
        request_scope_comparison(workspace, batch_id, batch_id)
    with pytest.raises(NotFound):
        request_scope_comparison(workspace, batch_id, "bat_none")
    with pytest.raises(NotFound):
        load_scope_comparison(workspace, "usr_local", batch_id)
    assert load_scope_comparison(workspace, batch_id, make_batch(workspace).batch_id).state == (
        "none"
    )
