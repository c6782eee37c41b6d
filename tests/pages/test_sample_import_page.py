"""A table is taken over as samples from the Samples page."""

from pathlib import Path

import pytest

from core.db.workspace import Workspace
from core.generation.browsing import list_batches
from core.jobs.running.queue import prepare_queue
from core.sources.importing import import_source


@pytest.fixture
def source_id(workspace: Workspace, tmp_path: Path) -> str:
    prepare_queue(workspace)
    path = tmp_path / "problems.csv"
    path.write_text('question,answer,level\n"What is 2 + 2?",4,1\n"What is 3 x 3?",9,2\n')
    return import_source(workspace, path, text_column="question").source_id


def test_without_a_table_the_page_says_where_to_get_one(workspace: Workspace, open_page) -> None:
    at = open_page("samples", view="import")
    assert not at.exception
    assert at.button(key="samples.import.empty")


def test_a_table_is_mapped_previewed_and_imported_once(
    workspace: Workspace, source_id: str, open_page
) -> None:
    at = open_page("samples", view="import", source=source_id)
    assert not at.exception
    assert list(at.dataframe[0].value["Response"]) == ["4", "9"]
    at.text_input(key="samples.import.domain").set_value("mathematics")
    at.button(key="samples.import.start").click().run()
    assert not at.exception
    (batch,) = list_batches(workspace)
    assert (batch.kind, batch.n, batch.name) == ("import", 2, "Import of problems.csv")
    assert batch.origin["response"] == ["answer"]


def test_a_mapping_without_a_response_says_what_to_do(
    workspace: Workspace, source_id: str, open_page
) -> None:
    at = open_page("samples", view="import", source=source_id)
    at.multiselect(key=f"samples.import.{source_id}.response").set_value([]).run()
    assert not at.exception
    assert any("No column is the response" in error.value for error in at.error)
    assert not list_batches(workspace)
