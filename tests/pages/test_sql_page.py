"""The SQL page."""

from core.db.workspace import Workspace
from core.querying.examples import EXAMPLES
from core.querying.saved import get_query


def test_it_opens_with_what_to_do(workspace: Workspace, open_page) -> None:
    at = open_page("sql")
    assert not at.exception
    assert "Open an example" in " ".join(c.value for c in at.caption)


def test_an_example_is_opened_run_and_drawn(seeded: dict[str, str], open_page) -> None:
    at = open_page("sql")
    at.selectbox(key="sql.open").select(f"Example: {EXAMPLES[0].name}").run()
    assert at.text_area(key="sql.text").value == EXAMPLES[0].sql
    at.button(key="sql.run").click().run()
    assert not at.exception
    assert not at.error
    (table,) = at.dataframe
    assert list(table.value.columns) == ["version", "samples", "accepted_percent", "mean_score"]
    assert len(table.value) >= 1


def test_a_refused_query_shows_why(workspace: Workspace, open_page) -> None:
    at = open_page("sql")
    at.text_area(key="sql.text").input("DELETE FROM samples").run()
    at.button(key="sql.run").click().run()
    assert not at.exception
    assert "Only one SELECT" in at.error[0].value


def test_a_query_is_saved_under_a_name(workspace: Workspace, open_page) -> None:
    at = open_page("sql")
    at.text_area(key="sql.text").input("SELECT 1 AS one").run()
    at.text_input(key="sql.name").input("One").run()
    at.button(key="sql.save.now").click().run()
    assert not at.error
    assert get_query(workspace, "One").sql == "SELECT 1 AS one"


def test_the_tables_can_be_looked_at(workspace: Workspace, open_page) -> None:
    at = open_page("sql")
    at.toggle(key="sql.tables").set_value(True).run()
    assert not at.exception
    assert "sample_id" in list(at.dataframe[0].value["Column"])
