"""Pickers: each shows records by name, returns an id or a record, and keeps the choice."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from app import state
from app.widgets.formats import plural, words
from core.db.tables import Batch, Connection, Source, TemplateVersion
from core.db.workspace import Workspace
from core.providers.connections import list_connections
from core.settings import read_secret


class ModelChoice(NamedTuple):
    """Where a batch is generated."""

    connection: Connection
    model: str


def batch_label(batch: Batch) -> str:
    """A batch as pickers name it."""
    return " · ".join((batch.name, plural(batch.generated, "sample"), words(batch.state).lower()))


def batch_picker(batches: Sequence[Batch], *, key: str, width: int = 440) -> Batch:
    """One of these batches, at least one; the choice stands in the URL."""
    by_id = {batch.batch_id: batch for batch in batches}
    chosen = state.selected("batch")
    state.offer(key, chosen if chosen in by_id else batches[0].batch_id)
    batch_id = st.selectbox(
        "Batch",
        list(by_id),
        key=key,
        format_func=lambda i: batch_label(by_id[i]),
        label_visibility="collapsed",
        width=width,
        on_change=state.select_from_widget,
        args=("batch", key),
    )
    return by_id[batch_id]


def version_picker(versions: Sequence[TemplateVersion], *, key: str) -> TemplateVersion:
    """One version of a template, the newest first."""
    by_id = {version.template_version_id: version for version in versions}
    chosen = st.selectbox(
        "Version",
        list(by_id),
        key=key,
        format_func=lambda i: " · ".join(
            filter(None, (f"Version {by_id[i].number}", by_id[i].note))
        ),
    )
    return by_id[chosen]


def has_key(connection: Connection) -> bool:
    """Whether the connection can be used: it needs no key, or its variable is set."""
    return connection.key_variable is None or read_secret(connection.key_variable) is not None


def model_picker(
    workspace: Workspace, *, key: str, connection: str | None = None, model: str = ""
) -> ModelChoice:
    """A connection and one of its models, first the named ones; says where a key is missing."""
    usable_first = sorted(
        list_connections(workspace), key=lambda c: (not has_key(c), c.protocol == "offline", c.name)
    )
    connections = {c.name: c for c in usable_first}
    left, right = st.columns(2)
    names = list(connections)
    name = left.selectbox(
        "Connection", names, key=f"{key}.connection",
        index=names.index(connection) if connection in connections else 0,
    )  # fmt: skip
    found = connections[name]
    first = model if name == connection and model else found.default_model
    chosen = right.text_input("Model", value=first, key=f"{key}.model.{name}", required=True)
    if not has_key(found):
        st.warning(
            f"`{found.key_variable}` is not set. Set it and restart Seedbed.",
            icon=":material/key_off:",
        )
    elif found.protocol == "offline":
        st.caption(
            "The offline provider needs no key and costs nothing. It fills the output from the "
            "variables and word lists: for trying the loop, not for training."
        )
    return ModelChoice(found, chosen or found.default_model)


def connection_picker(
    workspace: Workspace, label: str, *, key: str, chosen: str = "", help: str = ""
) -> str:
    """One connection whose key is there, by name; "" for none."""
    names = ["", *(c.name for c in list_connections(workspace) if has_key(c) or c.name == chosen)]
    return st.selectbox(
        label, names, key=key, index=names.index(chosen) if chosen in names else 0,
        format_func=lambda name: name or "None", help=help,
    )  # fmt: skip


def source_picker(
    sources: Sequence[Source], *, key: str, chosen: Sequence[str] = ()
) -> tuple[str, ...]:
    """Any number of sources, in the order chosen."""
    by_id = {source.source_id: source for source in sources}
    return tuple(
        st.multiselect(
            "Sources",
            list(by_id),
            default=[source_id for source_id in chosen if source_id in by_id],
            key=key,
            format_func=lambda i: f"{by_id[i].name} ({plural(by_id[i].chunk_count, 'chunk')})",
            placeholder="None; chunks are used in the order chosen",
        )
    )
