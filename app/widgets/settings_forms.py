"""The forms of the Settings page. Keys are named by their variable and never shown."""

from decimal import Decimal

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import money, sentence, words
from app.widgets.pickers import has_key
from app.widgets.tables import number, plain_table, right
from core.access.projects import list_projects
from core.db.tables import Budget, Connection
from core.providers.connections import save_connection
from core.providers.prices import find_price, set_price
from core.spend.budgets import set_budget

PROTOCOLS = {"openai": "OpenAI-compatible", "anthropic": "Anthropic"}


def connections_table(connections: list[Connection]) -> None:
    """How each model is reached, and whether its key is there."""
    rows = [
        {
            "Connection": c.name,
            "Protocol": PROTOCOLS.get(c.protocol, words(c.protocol)),
            "Address": c.base_url or "inside Seedbed",
            "Key": "none needed" if c.key_variable is None else c.key_variable,
            "Ready": "yes" if has_key(c) else "no, the key is missing",
            "Default model": c.default_model,
        }
        for c in connections
    ]
    plain_table(rows, key="settings.connections")


def prices_table(connections: list[Connection]) -> None:
    """What each default model costs, in USD per million tokens."""
    found = [(c, find_price(cache.workspace(), c, c.default_model)) for c in connections]
    rows = [
        {
            "Connection": c.name,
            "Model": c.default_model,
            "Input": float(price.input_usd_per_mtok) if price else None,
            "Output": float(price.output_usd_per_mtok) if price else None,
            "Where from": sentence(price.source) if price else "Unknown: enter it below",
        }
        for c, price in found
    ]
    columns = {"Input": number("Input", "%.3f"), "Output": number("Output", "%.3f")}
    plain_table(rows, key="settings.prices", columns=columns)


def connection_form() -> None:
    """Add a connection, or change the one of that name."""
    with st.form("settings.connection", border=True, clear_on_submit=False):
        left, right = st.columns(2)
        name = left.text_input("Name", key="settings.connection.name", placeholder="local-qwen")
        protocol = right.selectbox(
            "Protocol", list(PROTOCOLS), format_func=lambda p: PROTOCOLS[p],
            key="settings.connection.protocol",
        )  # fmt: skip
        base_url = left.text_input(
            "Base URL", key="settings.connection.url", placeholder="http://localhost:8000/v1"
        )
        model = right.text_input(
            "Default model", key="settings.connection.model", placeholder="qwen2.5-7b-instruct"
        )
        variable = left.text_input(
            "Variable that holds the key", key="settings.connection.variable",
            placeholder="empty where none is needed",
            help="The name of an environment variable, never the key itself.",
        )  # fmt: skip
        is_sent = st.form_submit_button(
            "Save connection", key="settings.connection.save", type="primary"
        )
    if is_sent:
        with show_errors():
            save_connection(
                cache.workspace(), name.strip(), protocol, base_url.strip(),
                variable.strip() or None, model.strip(),
            )  # fmt: skip
            st.success(f"`{name.strip()}` is saved.", icon=":material/check_circle:")


def price_form(connections: list[Connection]) -> None:
    """A price of one's own; prices are added, the newest counts."""
    by_name = {c.name: c for c in connections}
    with st.form("settings.price", border=True):
        left, right = st.columns(2)
        name = left.selectbox("Connection", list(by_name), key="settings.price.connection")
        model = right.text_input(
            "Model", key="settings.price.model", placeholder="the connection's default model"
        )
        tokens_in = left.number_input(
            "Input, USD per million tokens", 0.0, format="%.4f", key="settings.price.input"
        )
        tokens_out = right.number_input(
            "Output, USD per million tokens", 0.0, format="%.4f", key="settings.price.output"
        )
        source = st.text_input(
            "Where the figures come from",
            key="settings.price.source",
            placeholder="price list of …",
        )
        is_sent = st.form_submit_button("Save price", key="settings.price.save", type="primary")
    if is_sent:
        with show_errors():
            set_price(
                cache.workspace(), by_name[name], model.strip() or by_name[name].default_model,
                Decimal(str(tokens_in)), Decimal(str(tokens_out)), source.strip(),
            )  # fmt: skip
            st.success("The price is saved.", icon=":material/check_circle:")


def budgets_table(budgets: list[Budget]) -> None:
    """Caps and what is used of them."""
    if not budgets:
        st.caption("No budget is set.")
        return
    names = {"*": "Everything", **{p.project_id: p.name for p in list_projects(cache.workspace())}}
    names |= {b.scope_id: cache.name_of(b.scope_id) for b in budgets if b.scope == "batch"}
    rows = [
        {
            "Scope": words(b.scope),
            "Of": names.get(b.scope_id, b.scope_id),
            "Month": b.month or "All time",
            "Cap": money(b.cap_usd),
            "Spent": money(b.settled_usd),
            "Reserved": money(b.reserved_usd),
        }
        for b in budgets
    ]
    columns = {name: right(name) for name in ("Cap", "Spent", "Reserved")}
    plain_table(rows, key="settings.budgets", columns=columns)


def budget_form() -> None:
    """A cap for the workspace or a project, for all time or one month."""
    projects = {p.project_id: p.name for p in list_projects(cache.workspace())}
    scopes = {"*": "Workspace", **{i: f"Project {name}" for i, name in projects.items()}}
    with st.form("settings.budget", border=True):
        left, middle, right = st.columns(3)
        scope_id = left.selectbox(
            "Scope", list(scopes), format_func=lambda i: scopes[i], key="settings.budget.scope"
        )
        month = middle.text_input(
            "Month", key="settings.budget.month", placeholder="2026-11; empty for all time"
        )
        cap = right.number_input(
            "Cap, USD", 0.0, value=10.0, format="%.2f", key="settings.budget.cap"
        )
        is_sent = st.form_submit_button("Save budget", key="settings.budget.save", type="primary")
    if is_sent:
        with show_errors():
            set_budget(
                cache.workspace(), "workspace" if scope_id == "*" else "project", scope_id,
                Decimal(str(cap)), month.strip(),
            )  # fmt: skip
            state.notify("The budget is saved.")
            st.rerun()
