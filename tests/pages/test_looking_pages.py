"""Sources, Samples, Insight, Spend and Settings: their main actions."""

from decimal import Decimal

import pytest

from core.db.workspace import Workspace
from core.insight.report import load_insight
from core.providers.connections import get_connection
from core.providers.prices import find_price
from core.sources.browsing import list_sources
from core.spend.budgets import list_budgets


def test_an_uploaded_table_is_previewed_and_imported(workspace: Workspace, open_page) -> None:
    at = open_page("sources", view="add")
    rows = b"id,text\n1,Where is my card?\n2,How do I pay abroad?\n"
    at.file_uploader(key="sources.file").upload("questions.csv", rows, "text/csv").run()
    at.selectbox(key="sources.column").set_value("text")
    at.button(key="sources.import.submit").click().run()
    assert not at.exception
    (source,) = list_sources(workspace)
    assert (source.name, source.kind, source.chunk_count) == ("questions.csv", "csv", 2)


def test_a_file_that_cannot_be_read_is_an_error_and_imports_nothing(
    workspace: Workspace, open_page
) -> None:
    at = open_page("sources", view="add")
    at.file_uploader(key="sources.file").upload("bad.csv", b"a,b\n1,\xff\xfe\n", "text/csv").run()
    assert not at.exception
    assert at.error
    assert not list_sources(workspace)


def test_hostile_text_stays_text(seeded, open_page) -> None:
    hostile = seeded["sample"].rsplit("_", 1)[0] + "_3"
    at = open_page("samples", sample=hostile)
    assert any("![x](http" in text.value for text in at.text)
    assert not any("![x](http" in text.value for text in at.markdown)


def test_samples_are_filtered_by_verdict_and_search(seeded, open_page) -> None:
    at = open_page("samples", batch=seeded["batch"])
    at.selectbox(key="samples.verdict").set_value("needs_review").run()
    assert set(at.dataframe[0].value["Verdict"]) == {"Needs review"}
    at.text_input(key="samples.search").set_value("case number 11?").run()
    assert len(at.dataframe[0].value) == 1


def test_insight_is_about_any_kind_of_scope(workspace: Workspace, seeded, open_page) -> None:
    at = open_page("insight", scope=seeded["version"])
    assert not at.exception
    assert at.selectbox(key="insight.scope.template_version").value == seeded["version"]
    at.button(key="insight.compute").click().run()
    assert load_insight(workspace, seeded["version"]).state == "queued"


def test_computing_insight_queues_one_report(workspace: Workspace, seeded, open_page) -> None:
    at = open_page("insight", batch=seeded["batch"])
    at.button(key="insight.compute").click().run()
    assert not at.exception
    assert load_insight(workspace, seeded["batch"]).state == "queued"
    assert at.button(key="insight.compute").disabled


@pytest.mark.parametrize("tab", ["Prices", "Budgets", "Machine", "Workspace"])
def test_every_part_of_the_settings_opens(tab, seeded, open_page) -> None:
    at = open_page("settings")
    at.segmented_control(key="settings.tab").set_value(tab).run()
    assert not at.exception
    assert not at.error


def test_a_key_is_reported_as_present_and_never_shown(seeded, open_page, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    at = open_page("settings")
    table = at.dataframe[0].value.set_index("Connection")
    assert table.loc["openai", "Ready"] == "yes"
    assert table.loc["anthropic", "Ready"].startswith("no")
    assert "very-secret" not in str(at.main)


def test_a_connection_a_price_and_a_budget_are_saved(workspace: Workspace, open_page) -> None:
    at = open_page("settings")
    at.text_input(key="settings.connection.name").set_value("local-qwen")
    at.text_input(key="settings.connection.url").set_value("http://localhost:8000/v1")
    at.text_input(key="settings.connection.model").set_value("qwen2.5")
    at.number_input(key="settings.connection.requests_per_minute").set_value(90)
    at.button(key="settings.connection.save").click().run()
    connection = get_connection(workspace, "local-qwen")
    assert connection.requests_per_minute == 90
    at.selectbox(key="settings.connection").set_value("local-qwen").run()
    at.number_input(key="settings.connection.max_concurrency.local-qwen").set_value(4)
    at.button(key="settings.connection.save").click().run()
    changed = get_connection(workspace, "local-qwen")
    assert (changed.requests_per_minute, changed.max_concurrency) == (90, 4)
    at.segmented_control(key="settings.tab").set_value("Prices").run()
    at.selectbox(key="settings.price.connection").set_value("local-qwen")
    at.number_input(key="settings.price.input").set_value(0.1)
    at.number_input(key="settings.price.output").set_value(0.2)
    at.button(key="settings.price.save").click().run()
    price = find_price(workspace, connection, "qwen2.5")
    assert price is not None
    assert price.output_usd_per_mtok == Decimal("0.2")
    at.segmented_control(key="settings.tab").set_value("Budgets").run()
    at.number_input(key="settings.budget.cap").set_value(25.0)
    at.button(key="settings.budget.save").click().run()
    assert not at.exception
    assert [b.cap_usd for b in list_budgets(workspace)] == [Decimal(25)]


def test_spend_counts_every_call(seeded, open_page) -> None:
    at = open_page("spend")
    assert {m.label: m.value for m in at.metric}["Calls"] == "24"
