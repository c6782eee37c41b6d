"""Settings: connections, prices, budgets, the machine, the workspace."""

import importlib.metadata
import platform

import streamlit as st

from app import cache, state
from app.widgets import settings_forms as forms
from app.widgets.batches.workers import workers_table
from app.widgets.errors import show_errors
from app.widgets.formats import share, size
from app.widgets.layout import Card, cards, facts, page_header, section
from app.widgets.spend import budget_forms
from core.jobs.running.workers import list_workers
from core.providers.connections import list_connections
from core.spend.budgets import list_budgets

TABS = ("Connections", "Prices", "Budgets", "Machine", "Workspace")
PACKAGES = ("seedbed", "streamlit", "sqlalchemy", "duckdb", "pyarrow", "torch")
INTERVAL_S = 5.0


def connections_tab() -> None:
    connections = list_connections(cache.workspace())
    section("Connections", "Keys stay in the environment; only their variable's name is stored.")
    forms.connections_table(connections)
    section("Add or change")
    forms.connection_form(connections)


def prices_tab() -> None:
    connections = list_connections(cache.workspace())
    section("Prices", "US dollars per million tokens, for each connection's default model.")
    forms.prices_table(connections)
    section("Enter a price", "For a model that the table lacks, or where yours differs.")
    forms.price_form(connections)


def budgets_tab() -> None:
    section("Budgets", "A batch pauses by itself before a call could pass a cap.")
    budget_forms.budgets_table(list_budgets(cache.workspace()))
    section("Set a budget")
    budget_forms.budget_form()


@st.fragment(run_every=INTERVAL_S)
def machine_tab() -> None:
    now = cache.machine()
    cards(
        [
            Card("CPU", f"{now.cpu_percent:.0f} % of {now.cpu_count} cores"),
            Card("Memory", f"{size(now.memory_used_bytes)} of {size(now.memory_total_bytes)}"),
            Card(
                "Disk free", size(now.disk_free_bytes),
                share(now.disk_free_bytes / now.disk_total_bytes) + " of the workspace's disk",
            ),
        ]
    )  # fmt: skip
    section("Workers")
    workers_table(list_workers(cache.workspace()), key="settings.workers")


def workspace_tab() -> None:
    settings = cache.workspace().settings
    section("Workspace")
    facts(
        {
            "Folder": str(settings.home.resolve()),
            "Database": "SQLite" if settings.database_url is None else "PostgreSQL",
            "Address": f"http://{settings.host}:{settings.port}",
            "Embedding model": settings.embedding_model,
            "Deadline of a call": f"{settings.request_deadline_s:.0f} s",
            "Batches pause below": f"{size(settings.min_free_disk_bytes)} of free disk",
        }
    )
    section("Versions")
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    facts({"Python": platform.python_version(), **versions})


with show_errors():
    page_header("Settings", "How models are reached and paid for, and what this machine has left.")
    state.offer_once("settings.tab", state.selected("view"), among=TABS)
    tab = st.segmented_control(
        "Part", TABS, default=TABS[0], required=True, key="settings.tab",
        label_visibility="collapsed",
    )  # fmt: skip
    {
        "Connections": connections_tab, "Prices": prices_tab, "Budgets": budgets_tab,
        "Machine": machine_tab, "Workspace": workspace_tab,
    }[tab]()  # fmt: skip
