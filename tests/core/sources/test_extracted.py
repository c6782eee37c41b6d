"""Extraction over a real document, stored and read back."""

from pathlib import Path

import pytest

from core.db.tables import Source, TermExtraction
from core.db.workspace import Workspace
from core.errors import NotFound
from core.jobs.extracting import request_extraction, run_extraction
from core.jobs.running.queue import list_jobs
from core.sources.browsing import list_chunks
from core.sources.importing import import_source
from core.sources.terms.extracted import (
    count_relations,
    count_terms,
    get_extraction,
    list_relations,
    list_terms,
    mentioning_chunks,
    term_kinds,
    terms_of_chunks,
)

HANDBOOK = Path(__file__).resolve().parents[3] / "data" / "samples" / "bank_handbook.md"


def extracted(workspace: Workspace) -> Source:
    source = import_source(workspace, HANDBOOK)
    request_extraction(workspace, source.source_id)
    assert run_extraction(workspace, source.source_id) == "ready"
    return source


def test_the_handbook_is_about_cards_payments_and_accounts(any_workspace: Workspace) -> None:
    source = extracted(any_workspace)
    texts = [term.text for term in list_terms(any_workspace, source.source_id, limit=40)]
    assert {"card", "payment", "account", "current account", "cash machine", "PIN"} <= set(texts)
    assert not {"the", "day", "can", "working", "opened"} & set(texts)
    (bank,) = list_terms(any_workspace, source.source_id, kind="organization")
    assert bank.text == "Alder Bank"
    assert term_kinds(any_workspace, source.source_id)["term"] > 20


def test_mentions_point_to_the_words_themselves(workspace: Workspace) -> None:
    source = extracted(workspace)
    for term in list_terms(workspace, source.source_id, limit=None):
        mentions = mentioning_chunks(workspace, term.term_id, limit=100)
        assert len(mentions) == term.chunk_count
        assert sum(count for _, count, _ in mentions) >= term.mention_count
        for chunk, _, start in mentions:
            stem = term.text.split()[0].lower()[:4]
            assert chunk.text[start:].lower().startswith(stem), (term.text, chunk.text[start:][:20])


def test_relations_name_two_terms_and_what_joins_them(workspace: Workspace) -> None:
    source = extracted(workspace)
    found = list_relations(workspace, source.source_id, limit=None)
    assert len(found) == count_relations(workspace, source.source_id) > 10
    assert all(
        0 < relation.weight <= 1 and relation.subject != relation.object for relation in found
    )
    said = {(r.subject, r.predicate, r.object) for r in found}
    assert ("merchant", "sets", "rate") in said
    assert any(r.predicate == "appears with" for r in found)
    one = found[0]
    assert one in list_relations(workspace, source.source_id, term_id=one.subject_id)


def test_extracting_again_replaces_what_was_there(any_workspace: Workspace) -> None:
    source = extracted(any_workspace)
    before = [(t.text, t.score) for t in list_terms(any_workspace, source.source_id, limit=None)]
    ids = {t.term_id for t in list_terms(any_workspace, source.source_id, limit=None)}
    assert run_extraction(any_workspace, source.source_id) == "ready"
    after = list_terms(any_workspace, source.source_id, limit=None)
    assert [(t.text, t.score) for t in after] == before
    assert not ids & {t.term_id for t in after}
    assert count_terms(any_workspace, source.source_id) == len(before)


def test_asking_twice_starts_one_job(workspace: Workspace) -> None:
    source = import_source(workspace, HANDBOOK)
    first = request_extraction(workspace, source.source_id)
    assert (first.state, first.total) == ("queued", 2 * source.chunk_count)
    request_extraction(workspace, source.source_id)
    assert [job.name for job in list_jobs(workspace)] == ["extract_terms"]


def test_progress_and_language_stand_in_the_row(workspace: Workspace) -> None:
    source = import_source(workspace, HANDBOOK)
    assert get_extraction(workspace, source.source_id) is None
    request_extraction(workspace, source.source_id)
    run_extraction(workspace, source.source_id)
    row = get_extraction(workspace, source.source_id)
    assert isinstance(row, TermExtraction)
    assert (row.state, row.language, row.method) == ("ready", "en", "statistics")
    with pytest.raises(NotFound):
        get_extraction(workspace, "src_none")
    with pytest.raises(NotFound):
        request_extraction(workspace, "src_none")


def test_a_failed_extraction_keeps_the_terms_and_says_why(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = extracted(workspace)
    count = count_terms(workspace, source.source_id)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("core.jobs.extracting.store_extraction", broken)
    with pytest.raises(RuntimeError):
        run_extraction(workspace, source.source_id)
    row = get_extraction(workspace, source.source_id)
    assert row is not None
    assert (row.state, row.message) == ("failed", "Unexpected RuntimeError.")
    assert count_terms(workspace, source.source_id) == count


def test_terms_and_entities_of_chunks_are_loaded_in_blocks(workspace: Workspace) -> None:
    source = extracted(workspace)
    ids = [chunk.chunk_id for chunk in list_chunks(workspace, source.source_id)]
    found = terms_of_chunks(workspace, ids)
    assert "card" in [term for entry in found.values() for term in entry["terms"]]
    kinds = {entity["kind"] for entry in found.values() for entity in entry["entities"]}
    assert "organization" in kinds
