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


def model_picker(workspace: Workspace, *, key: str) -> ModelChoice:
    """A connection and one of its models; says so where a key is missing."""
    usable_first = sorted(
        list_connections(workspace), key=lambda c: (not has_key(c), c.protocol == "offline", c.name)
    )
    connections = {c.name: c for c in usable_first}
    left, right = st.columns(2)
    name = left.selectbox("Connection", list(connections), key=f"{key}.connection")
    connection = connections[name]
    model = right.text_input(
        "Model", value=connection.default_model, key=f"{key}.model.{name}", required=True
    )
    if not has_key(connection):
        st.warning(
            f"`{connection.key_variable}` is not set. Set it and restart Seedbed.",
            icon=":material/key_off:",
        )
    elif connection.protocol == "offline":
        st.caption(
            "The offline provider needs no key and costs nothing. It fills the output from the "
            "variables and word lists: for trying the loop, not for training."
        )
    return ModelChoice(connection, model or connection.default_model)


def source_picker(sources: Sequence[Source], *, key: str) -> tuple[str, ...]:
    """Any number of sources, in the order chosen."""
    by_id = {source.source_id: source for source in sources}
    return tuple(
        st.multiselect(
            "Sources",
            list(by_id),
            key=key,
            format_func=lambda i: f"{by_id[i].name} ({plural(by_id[i].chunk_count, 'chunk')})",
            placeholder="None; chunks are used in the order chosen",
        )
    )
