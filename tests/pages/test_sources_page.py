"""The Sources page: chunks, terms, graph, and the knowledge of a domain."""

from pathlib import Path

import pytest

from core.db.tables import Source
from core.db.workspace import Workspace
from core.jobs.extracting import extract_here
from core.jobs.running.queue import list_jobs
from core.sources.browsing import get_source
from core.sources.importing import import_source
from core.sources.knowledge.entries import add_entries
from core.sources.knowledge.taking import take_terms
from core.sources.terms.extracted import get_extraction, list_terms

HANDBOOK = Path(__file__).resolve().parents[2] / "data" / "samples" / "bank_handbook.md"


@pytest.fixture
def handbook(workspace: Workspace) -> Source:
    return import_source(workspace, HANDBOOK)


def part(at, name: str):
    return at.segmented_control(key="sources.part").set_value(name).run()


def test_a_source_shows_its_chunks_with_their_places(handbook: Source, open_page) -> None:
    at = open_page("sources", source=handbook.source_id)
    assert not at.exception
    table = at.dataframe[0].value
    assert len(table) == handbook.chunk_count
    assert {"No.", "Text", "Heading", "Characters"} <= set(table.columns)
    at.text_input(key="sources.chunks.search").set_value("overdraft").run()
    assert 0 < len(at.dataframe[0].value) < handbook.chunk_count


def test_extracting_queues_one_job_and_shows_that_it_waits(
    workspace: Workspace, handbook: Source, open_page
) -> None:
    at = part(open_page("sources", source=handbook.source_id), "Terms")
    at.button(key="sources.extract").click().run()
    assert not at.exception
    assert [job.name for job in list_jobs(workspace)] == ["extract_terms"]
    row = get_extraction(workspace, handbook.source_id)
    assert row is not None
    assert row.state == "queued"
    assert not [button for button in at.button if button.key == "sources.extract"]


def test_extracted_terms_are_listed_and_filtered_by_kind(
    workspace: Workspace, handbook: Source, open_page
) -> None:
    extract_here(workspace, handbook.source_id)
    at = part(open_page("sources", source=handbook.source_id), "Terms")
    assert not at.exception
    assert "card" in set(at.dataframe[0].value["Term"])
    at.selectbox(key="sources.terms.kind").set_value("organization").run()
    assert list(at.dataframe[0].value["Term"]) == ["Alder Bank"]


def test_the_graph_is_drawn_and_says_what_is_missing_before(
    workspace: Workspace, handbook: Source, open_page
) -> None:
    at = part(open_page("sources", source=handbook.source_id), "Graph")
    assert any("No two terms are related" in text.value for text in at.markdown)
    extract_here(workspace, handbook.source_id)
    at = part(open_page("sources", source=handbook.source_id), "Graph")
    assert not at.exception
    assert at.get("plotly_chart")


def test_knowledge_is_shown_by_domain_and_table(workspace: Workspace, open_page) -> None:
    assert not open_page("sources", view="knowledge").exception
    add_entries(workspace, "banking", "terms", [{"term": "overdraft"}])
    add_entries(workspace, "banking", "rules", [{"rule": "Ask twice."}, {"rule": "Be brief."}])
    at = open_page("sources", view="knowledge", domain="banking")
    assert not at.exception
    assert list(at.dataframe[0].value["term"]) == ["overdraft"]
    at.segmented_control(key="sources.knowledge.table").set_value("rules").run()
    assert list(at.dataframe[0].value["rule"]) == ["Ask twice.", "Be brief."]
    assert at.button(key="sources.knowledge.save").disabled


def test_terms_taken_over_show_up_in_the_domains_table(
    workspace: Workspace, handbook: Source, open_page
) -> None:
    extract_here(workspace, handbook.source_id)
    terms = list_terms(workspace, handbook.source_id, limit=3)
    take_terms(workspace, "banking", [term.term_id for term in terms])
    at = open_page("sources", view="knowledge", domain="banking")
    assert set(at.dataframe[0].value["term"]) == {term.text for term in terms}


def test_a_source_is_kept_for_evaluation_by_a_toggle(
    workspace: Workspace, handbook: Source, open_page
) -> None:
    at = open_page("sources", source=handbook.source_id)
    at.toggle(key=f"sources.evaluation.{handbook.source_id}").set_value(True).run()
    assert not at.exception
    assert get_source(workspace, handbook.source_id).is_evaluation
    listed = open_page("sources").dataframe[0].value
    assert list(listed["For"]) == ["evaluation"]
