"""The dear checks over a batch: stored in blocks, resumable, scored, idempotent."""

from collections.abc import Sequence
from typing import Any

import pytest
from factories import make_batch, make_template
from sqlalchemy import insert, select

from core.db.ids import new_id, sample_id_of, utc_now
from core.db.tables import Batch, Chunk, Finding, Sample, Source, WordList
from core.db.workspace import Workspace
from core.errors import NotFound
from core.quality import examining
from core.quality.examining import EXAMINATION_VERSION, examine

CLEAN = "Please check the limit of your card in the app before you travel abroad, number {}."
GERMAN = "Bitte prüfen Sie das Limit Ihrer Karte in der App, bevor Sie ins Ausland reisen."


def fill(workspace: Workspace, responses: Sequence[str], **columns: Any) -> Batch:
    """A batch with these responses, scored 1 and accepted."""
    batch = make_batch(workspace, **columns.pop("batch", {}))
    shared = {
        "batch_id": batch.batch_id, "state": "generated", "verdict": "accepted",
        "domain": "banking", "quality_score": 1.0, "variables": {}, "raw_text": "", "failure": "",
        "is_reviewed": False,
        "revision": 0, "language": "", "examined": 0, "created_at": utc_now(), "created_by": "x",
        "project_id": batch.project_id, "output": None, "chunk_id": None,
    }  # fmt: skip
    rows = [
        shared | {
            "sample_id": sample_id_of(batch.batch_id, i), "plan_index": i, "response": text,
            "input": f"What should I do before I travel, case {i}?", "text_hash": f"{i:05d}",
        } | columns
        for i, text in enumerate(responses)
    ]  # fmt: skip
    with workspace.write() as session:
        session.execute(insert(Sample), rows)
    return batch


def samples(workspace: Workspace, batch: Batch) -> list[Sample]:
    statement = select(Sample).where(Sample.batch_id == batch.batch_id).order_by(Sample.plan_index)
    with workspace.read() as session:
        return list(session.scalars(statement))


def findings(workspace: Workspace, batch: Batch) -> dict[tuple[int, str], Finding]:
    statement = (
        select(Sample.plan_index, Finding)
        .join(Finding, Finding.sample_id == Sample.sample_id)
        .where(Sample.batch_id == batch.batch_id)
    )
    with workspace.read() as session:
        return {(index, found.check): found for index, found in session.execute(statement)}


def texts(n: int = 40) -> list[str]:
    return [CLEAN.format(i) for i in range(n)]


def test_findings_languages_and_scores_are_stored(any_workspace: Workspace) -> None:
    responses = texts()
    responses[3] = GERMAN
    responses[5] += " Write to anna.schmidt@web.de."
    responses[7] += " You idiot."
    batch = fill(any_workspace, responses)
    seen: list[tuple[int, int]] = []
    assert examine(any_workspace, batch.batch_id, on_progress=lambda *p: seen.append(p)) == 40
    assert seen == [(40, 40)]
    assert set(findings(any_workspace, batch)) == {(3, "language"), (5, "pii"), (7, "toxicity")}
    stored = samples(any_workspace, batch)
    assert [s.language for s in stored[2:5]] == ["en", "de", "en"]
    assert all(s.examined == EXAMINATION_VERSION for s in stored)
    assert [s.plan_index for s in stored if s.verdict != "accepted"] == [3, 5, 7]
    assert [s.quality_score for s in stored][:3] == [1.0] * 3


def test_it_goes_on_where_it_was_stopped(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examining, "BLOCK", 10)
    batch = fill(workspace, [f"{text} You idiot." for text in texts()])
    turns = iter([False, False, True])
    assert examine(workspace, batch.batch_id, is_stopping=lambda: next(turns)) == 20
    assert len(findings(workspace, batch)) == 20
    seen: list[tuple[int, int]] = []
    assert examine(workspace, batch.batch_id, on_progress=lambda *p: seen.append(p)) == 20
    assert seen == [(30, 40), (40, 40)]
    assert len(findings(workspace, batch)) == 40
    assert examine(workspace, batch.batch_id) == 0


def test_a_death_within_a_block_leaves_nothing_half_done(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = fill(workspace, [*texts(), f"{GERMAN} Du Arschloch."])

    def dies(*args: Any, **options: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(examining, "rescore", dies)
        with pytest.raises(RuntimeError):
            examine(workspace, batch.batch_id)
    assert findings(workspace, batch) == {}
    assert {s.examined for s in samples(workspace, batch)} == {0}
    assert examine(workspace, batch.batch_id) == 41
    assert set(findings(workspace, batch)) == {(40, "language"), (40, "toxicity")}


def test_what_a_person_decided_stays_decided(workspace: Workspace) -> None:
    batch = fill(workspace, [f"{text} You idiot." for text in texts()], is_reviewed=True)
    examine(workspace, batch.batch_id)
    assert {(s.verdict, s.quality_score) for s in samples(workspace, batch)} == {("accepted", 1.0)}
    assert len(findings(workspace, batch)) == 40


def test_own_words_count_once_the_batch_is_looked_at_again(workspace: Workspace) -> None:
    batch = fill(workspace, [*texts(), "He is a muggle, they say about him at home."])
    examine(workspace, batch.batch_id)
    assert findings(workspace, batch) == {}
    with workspace.write() as session:
        session.add(
            WordList(
                word_list_id=new_id("wls"), kind="toxicity", name="house",
                content={"words": {"0.9": ["muggle"]}},
            )
        )  # fmt: skip
    assert examine(workspace, batch.batch_id) == 0
    assert examine(workspace, batch.batch_id, again=True) == 41
    assert set(findings(workspace, batch)) == {(40, "toxicity")}
    with workspace.write() as session:
        session.query(WordList).update({"retired_at": utc_now()})
    examine(workspace, batch.batch_id, again=True)
    assert findings(workspace, batch) == {}
    assert samples(workspace, batch)[40].verdict == "accepted"


def test_other_checks_findings_are_left_alone_and_count(workspace: Workspace) -> None:
    batch = fill(workspace, [f"{text} You idiot." for text in texts()])
    with workspace.write() as session:
        session.add(
            Finding(sample_id=sample_id_of(batch.batch_id, 0), check="refusal", value=1, score=0)
        )
    examine(workspace, batch.batch_id)
    assert (0, "refusal") in findings(workspace, batch)
    assert samples(workspace, batch)[0].verdict == "rejected"


def test_a_response_is_held_against_its_chunk_but_an_import_against_nothing(
    workspace: Workspace,
) -> None:
    with workspace.write() as session:
        session.add(Source(source_id="src_a", name="a", kind="text", content_hash="1",
                           size_bytes=1, chunk_count=1))  # fmt: skip
        session.flush()
        session.add(Chunk(chunk_id="src_a-0", source_id="src_a", ordinal=0, start_char=0,
                          end_char=9, heading="Limits", text="The limit of a card is 900 euros.",
                          text_hash="1"))  # fmt: skip
    version = make_template(workspace, source={"required": True})
    wrong = ["The limit of a card is 800 euros."] * 2
    grounded = fill(workspace, wrong, chunk_id="src_a-0", batch={"version": version})
    free = fill(workspace, wrong, chunk_id="src_a-0", batch={"version": make_template(workspace)})
    imported = fill(
        workspace, ["The limit of a card is 800 euros."], chunk_id="src_a-0",
        batch={"kind": "import", "version": version},
    )  # fmt: skip
    examine(workspace, grounded.batch_id)
    examine(workspace, imported.batch_id)
    found = findings(workspace, grounded)[0, "groundedness"]
    assert found.evidence["spans"][0]["missing"] == ["800"]
    assert findings(workspace, imported) == {}
    examine(workspace, free.batch_id)
    assert findings(workspace, free) == {}, "a chunk that is not demanded only gave the idea"


def test_values_of_the_plan_are_no_leak_and_a_planned_language_is_right(
    workspace: Workspace,
) -> None:
    planned = {"person": {"email": "anna.schmidt@web.de"}, "language": "German"}
    batch = fill(workspace, [f"{GERMAN} anna.schmidt@web.de"] * 30, variables=planned)
    examine(workspace, batch.batch_id)
    assert findings(workspace, batch) == {}


def test_an_unknown_batch_is_refused(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        examine(workspace, "bat_none")
