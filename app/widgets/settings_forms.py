"""The forms of the Settings page. Keys are named by their variable and never shown."""

from decimal import Decimal
from typing import Any

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import sentence, words
from app.widgets.pickers import has_key
from app.widgets.tables import number, plain_table
from core.db.tables import Connection
from core.providers.connections import MOST, REMOTE_PROTOCOLS, save_connection
from core.providers.prices import find_price, set_price

TITLES = {"openai": "OpenAI-compatible", "anthropic": "Anthropic"}
LIMITS = {
    "requests_per_minute": "Requests per minute",
    "tokens_per_minute": "Tokens per minute",
    "max_concurrency": "Calls in flight at most",
}
LIMIT_HELP = "All batches on this connection share it. Empty leaves it to the provider."


def connections_table(connections: list[Connection]) -> None:
    """How each model is reached, and whether its key is there."""
    rows = [
        {
            "Connection": c.name,
            "Protocol": TITLES.get(c.protocol, words(c.protocol)),
            "Address": c.base_url or "inside Seedbed",
            "Key": "none needed" if c.key_variable is None else c.key_variable,
            "Ready": "yes" if has_key(c) else "no, the key is missing",
            "Default model": c.default_model,
            **{label: getattr(c, field) for field, label in LIMITS.items()},
        }
        for c in connections
    ]
    columns = {label: number(label) for label in LIMITS.values()}
    plain_table(rows, key="settings.connections", columns=columns)


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


def connection_form(connections: list[Connection]) -> None:
    """Add a connection, or change one; what is saved replaces all of it."""
    by_name = {c.name: c for c in connections if c.protocol in REMOTE_PROTOCOLS}
    chosen = st.selectbox(
        "Connection", ["", *by_name], format_func=lambda name: name or "A new one",
        key="settings.connection", width=360,
    )  # fmt: skip
    old = by_name.get(chosen)
    with st.form("settings.connection.form", border=True, clear_on_submit=False):
        values = _connection_fields(old)
        is_sent = st.form_submit_button(
            "Save connection", key="settings.connection.save", type="primary"
        )
    if is_sent:
        with show_errors():
            save_connection(cache.workspace(), **values)
            state.notify(f"{values['name']} is saved.")
            st.rerun()


def _connection_fields(old: Connection | None) -> dict[str, Any]:
    """The fields as `save_connection` takes them."""
    tail = f".{old.name}" if old else ""
    key = "settings.connection.{}" + tail
    left, right = st.columns(2)
    name = old.name if old else left.text_input(
        "Name", key=key.format("name"), placeholder="local-qwen"
    )  # fmt: skip
    protocols = list(REMOTE_PROTOCOLS)
    protocol = right.selectbox(
        "Protocol", protocols, index=protocols.index(old.protocol) if old else 0,
        format_func=lambda p: TITLES.get(p, words(p)), key=key.format("protocol"),
    )  # fmt: skip
    base_url = left.text_input(
        "Base URL", (old.base_url or "") if old else "", key=key.format("url"),
        placeholder="http://localhost:8000/v1",
    )  # fmt: skip
    model = right.text_input(
        "Default model", old.default_model if old else "", key=key.format("model"),
        placeholder="qwen2.5-7b-instruct",
    )  # fmt: skip
    variable = left.text_input(
        "Variable that holds the key", (old.key_variable or "") if old else "",
        key=key.format("variable"), placeholder="empty where none is needed",
        help="The name of an environment variable, never the key itself.",
    )  # fmt: skip
    limits = st.columns(len(LIMITS))
    return {
        "name": name.strip(),
        "protocol": protocol,
        "base_url": base_url.strip(),
        "key_variable": variable.strip() or None,
        "default_model": model.strip(),
        **{
            field: column.number_input(
                label, min_value=1, max_value=MOST[field],
                value=getattr(old, field) if old else None, step=1, key=key.format(field),
                placeholder="as the provider announces", help=LIMIT_HELP,
            )
            for column, (field, label) in zip(limits, LIMITS.items(), strict=True)
        },
    }  # fmt: skip


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
