"""Queries that people keep."""

import pytest

from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.querying.saved import (
    ChartSettings,
    chart_of,
    delete_query,
    get_query,
    list_queries,
    save_query,
)

BARS = ChartSettings(kind="bar", x="verdict", y="n")


def test_a_query_is_kept_with_its_chart_and_replaced_under_its_name(workspace: Workspace) -> None:
    first = save_query(workspace, " Verdicts ", "SELECT 1", BARS)
    again = save_query(workspace, "Verdicts", "SELECT 2", BARS)
    assert again.query_id == first.query_id
    (kept,) = list_queries(workspace)
    assert (kept.name, kept.sql, chart_of(kept.chart)) == ("Verdicts", "SELECT 2", BARS)
    assert get_query(workspace, "Verdicts").query_id == get_query(workspace, kept.query_id).query_id


@pytest.mark.parametrize(("name", "sql"), [("", "SELECT 1"), ("x" * 101, "SELECT 1"), ("x", " ")])
def test_a_query_without_name_or_text_is_not_kept(
    workspace: Workspace, name: str, sql: str
) -> None:
    with pytest.raises(InvalidInput):
        save_query(workspace, name, sql)
    assert list_queries(workspace) == []


def test_a_deleted_query_is_gone(workspace: Workspace) -> None:
    query = save_query(workspace, "Verdicts", "SELECT 1")
    delete_query(workspace, query.query_id)
    with pytest.raises(NotFound):
        get_query(workspace, "Verdicts")
    with pytest.raises(NotFound):
        delete_query(workspace, query.query_id)


def test_a_chart_that_no_longer_fits_is_none() -> None:
    assert chart_of({"kind": "pie"}) == ChartSettings()
