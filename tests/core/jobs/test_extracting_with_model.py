"""Extraction with a model: a small batch, whose answers become terms where the text bears them."""

from pathlib import Path

import pytest
from factories import sample_row

from core.db.tables import Batch, Source
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.batches import get_batch
from core.jobs.extracting import run_extraction
from core.jobs.extracting_with_model import (
    ModelExtraction,
    continue_extraction,
    launch_extraction,
)
from core.jobs.running.queue import list_jobs
from core.sources.importing import import_source
from core.sources.terms.extracted import get_extraction, list_relations, list_terms

HANDBOOK = Path(__file__).resolve().parents[3] / "data" / "samples" / "bank_handbook.md"
ANSWERS = [
    {
        "terms": [
            {"text": "joint account", "kind": "term"},
            {"text": "Alder Bank", "kind": "organization"},
            {"text": "moon landing", "kind": "term"},
            {"text": "Anyone aged sixteen or over who lives in the country", "kind": "term"},
        ],
        "relations": [
            {"subject": "Alder Bank", "predicate": "offers", "object": "joint account"},
            {"subject": "Alder Bank", "predicate": "planned", "object": "moon landing"},
        ],
    },
    {"terms": [{"text": "1.2 percent", "kind": "percent"}], "relations": []},
]


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A launch asks for one; no call is made here."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")


@pytest.fixture
def launched(any_workspace: Workspace) -> tuple[Workspace, Source, Batch]:
    source = import_source(any_workspace, HANDBOOK)
    batch = launch_extraction(any_workspace, ModelExtraction(source.source_id, "openai", chunks=2))
    return any_workspace, source, batch


def answer(workspace: Workspace, source: Source, batch: Batch) -> None:
    rows = [
        sample_row(
            batch, i, output=output, chunk_id=f"{source.source_id}_{i}", input="", response=""
        )
        for i, output in enumerate(ANSWERS)
    ]
    with workspace.write() as session:
        session.add_all(rows)
        stored = session.get_one(Batch, batch.batch_id)
        stored.state, stored.generated = "completed", 2


def test_the_launch_is_a_small_expansion_over_the_sources_chunks(
    launched: tuple[Workspace, Source, Batch],
) -> None:
    workspace, source, batch = launched
    assert (batch.kind, batch.n, batch.source_ids) == ("expansion", 2, [source.source_id])
    row = get_extraction(workspace, source.source_id)
    assert row is not None
    assert (row.state, row.method, row.batch_id) == ("queued", "model", batch.batch_id)
    assert [job.name for job in list_jobs(workspace)] == ["generate_batch"]


def test_only_what_the_text_says_becomes_a_term(launched: tuple[Workspace, Source, Batch]) -> None:
    workspace, source, batch = launched
    answer(workspace, source, batch)
    continue_extraction(workspace, batch.batch_id)
    assert {job.name for job in list_jobs(workspace)} == {"generate_batch", "extract_terms"}
    assert run_extraction(workspace, source.source_id) == "ready"
    terms = {t.text: t for t in list_terms(workspace, source.source_id)}
    assert set(terms) == {"joint account", "Alder Bank", "1.2 percent"}
    assert {t.method for t in terms.values()} == {"model"}
    assert terms["1.2 percent"].mention_count >= 1
    (relation,) = list_relations(workspace, source.source_id)
    assert (relation.subject, relation.predicate, relation.object) == (
        "Alder Bank", "offers", "joint account",
    )  # fmt: skip
    continue_extraction(workspace, batch.batch_id)
    row = get_extraction(workspace, source.source_id)
    assert row is not None
    assert row.state == "ready"


def test_a_batch_without_answers_says_so(launched: tuple[Workspace, Source, Batch]) -> None:
    workspace, source, batch = launched
    with workspace.write() as session:
        session.get_one(Batch, batch.batch_id).state = "cancelled"
    continue_extraction(workspace, batch.batch_id)
    row = get_extraction(workspace, source.source_id)
    assert row is not None
    assert (row.state, "cancelled" in row.message) == ("failed", True)


def test_a_launch_that_cannot_work_leaves_a_reason(workspace: Workspace) -> None:
    source = import_source(workspace, HANDBOOK)
    with pytest.raises(InvalidInput):
        launch_extraction(workspace, ModelExtraction(source.source_id, "openai", chunks=0))
    with pytest.raises(InvalidInput, match="offline provider cannot name terms"):
        launch_extraction(workspace, ModelExtraction(source.source_id, "offline"))
    assert get_extraction(workspace, source.source_id) is None
    batch = launch_extraction(workspace, ModelExtraction(source.source_id, "openai", chunks=500))
    assert get_batch(workspace, batch.batch_id).n == source.chunk_count
