"""Samples that hold an evaluation record are found; the rest of the domain is not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import make_batch, make_samples
from sqlalchemy import select

from core.db.tables import Finding
from core.db.workspace import Workspace
from core.errors import NotFound
from core.quality.across.leakage import compute_leakage
from core.sources.browsing import get_source
from core.sources.evaluation import keep_for_evaluation
from core.sources.importing import import_source
from core.text.alike.containment import Records
from core.text.hashing import pair_hash

RNG = np.random.default_rng(5)
WORDS = [f"word{i}" for i in range(500)]
QUESTIONS = [" ".join(RNG.choice(WORDS, 20)) for _ in range(30)]


def evaluation_set(workspace: Workspace, folder: Path, *, is_kept: bool = True) -> str:
    path = folder / "test.csv"
    lines = [f"{i},{question}" for i, question in enumerate(QUESTIONS)]
    path.write_text("\n".join(["number,question", *lines]), encoding="utf-8")
    source = import_source(workspace, path, text_column="question")
    if is_kept:
        keep_for_evaluation(workspace, source.source_id, True)
    return source.source_id


def row(input: str, response: str = "An answer of its own.") -> dict[str, Any]:
    return {"input": input, "response": response, "text_hash": pair_hash(input, response)}


def found(workspace: Workspace) -> dict[str, Finding]:
    with workspace.read() as session:
        rows = session.scalars(select(Finding).where(Finding.check == "leakage"))
        return {finding.sample_id: finding for finding in rows}


def test_a_record_in_a_sample_is_a_leak_and_names_it(
    any_workspace: Workspace, tmp_path: Path
) -> None:
    source_id = evaluation_set(any_workspace, tmp_path)
    batch = make_batch(any_workspace)
    mixed = " ".join(RNG.choice(WORDS, 20))
    edited = QUESTIONS[9].replace(QUESTIONS[9].split()[2], "other", 1)
    rows = [row(f"Say: {QUESTIONS[3].upper()}!"), row(mixed), row("Why?", f"So. {edited} Yes.")]
    samples = make_samples(any_workspace, batch, rows=rows)
    assert compute_leakage(any_workspace, batch.batch_id) == 2
    leaks = found(any_workspace)
    assert set(leaks) == {samples[0].sample_id, samples[2].sample_id}
    first = leaks[samples[0].sample_id]
    assert first.value == pytest.approx(1)
    assert first.evidence["record"].startswith(source_id)
    assert first.evidence["text"] == QUESTIONS[3]
    # One word changed of 20 breaks the phrases that hold it: 3 of 16, the third word's.
    assert leaks[samples[2].sample_id].value == pytest.approx(13 / 16)
    assert compute_leakage(any_workspace, batch.batch_id) == 2


def test_only_sources_kept_for_evaluation_count(workspace: Workspace, tmp_path: Path) -> None:
    source_id = evaluation_set(workspace, tmp_path, is_kept=False)
    batch = make_batch(workspace)
    make_samples(workspace, batch, rows=[row(QUESTIONS[0])])
    assert compute_leakage(workspace, batch.batch_id) == 0
    assert keep_for_evaluation(workspace, source_id, True).is_evaluation
    assert compute_leakage(workspace, batch.batch_id) == 1
    keep_for_evaluation(workspace, source_id, False)
    assert not get_source(workspace, source_id).is_evaluation
    assert compute_leakage(workspace, batch.batch_id) == 0
    assert found(workspace) == {}


def test_a_sample_made_from_an_evaluation_record_is_a_leak(
    workspace: Workspace, tmp_path: Path
) -> None:
    source_id = evaluation_set(workspace, tmp_path)
    batch = make_batch(workspace)
    samples = make_samples(workspace, batch, rows=[{**row("Why?"), "chunk_id": f"{source_id}_0"}])
    chunk_id = next(iter(found_chunks(workspace, source_id)))
    with workspace.write() as session:
        session.get_one(type(samples[0]), samples[0].sample_id).chunk_id = chunk_id
    assert compute_leakage(workspace, batch.batch_id) == 1
    assert found(workspace)[samples[0].sample_id].evidence["how"] == "made from it"


def found_chunks(workspace: Workspace, source_id: str) -> list[str]:
    from core.sources.browsing import list_chunks

    return [chunk.chunk_id for chunk in list_chunks(workspace, source_id)]


def test_unknown_sources_and_batches_are_told(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        keep_for_evaluation(workspace, "src_none", True)
    with pytest.raises(NotFound):
        compute_leakage(workspace, "bat_none")


def test_containment_equals_counting_phrases() -> None:
    def phrases(text: str) -> set[tuple[str, ...]]:
        words = text.lower().split()
        return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}

    rng = np.random.default_rng(1)
    records = [" ".join(rng.choice(WORDS[:60], int(rng.integers(12, 30)))) for _ in range(40)]
    texts = []
    for k in range(60):
        words = records[k % 40].split()
        start = int(rng.integers(0, 6))
        texts.append(" ".join(["x", *words[start : start + 14], *rng.choice(WORDS, 5)]))
    held = Records(records).held_by(texts)
    for text, record, share in zip(texts, held.record, held.share, strict=True):
        shares = [len(phrases(r) & phrases(text)) / len(phrases(r)) for r in records]
        assert share == pytest.approx(max(shares))
        if share:
            assert shares[int(record)] == pytest.approx(share)


def test_short_records_are_found_only_where_they_are_all_of_a_text() -> None:
    records = Records(["what is the exchange rate", "why is my card blocked today", "my card", ""])
    texts = ["What is the exchange rate?", "Tell me: what is the exchange rate?", "Card my", ""]
    assert records.same_as(texts).tolist() == [0, -1, -1, -1]
    assert records.held_by(texts).record.tolist() == [-1] * 4
    assert Records([]).held_by(texts).record.tolist() == [-1] * 4
    assert Records([]).same_as(texts).tolist() == [-1] * 4
    assert len(records.held_by([]).record) == 0


def test_a_turn_of_speech_of_many_records_is_no_leak() -> None:
    records = [f"please tell me as soon as you possibly can about {word}" for word in WORDS[:200]]
    held = Records(records).held_by(["please tell me as soon as you possibly can about cake"])
    assert held.share.tolist() == [0]
