"""The Model part: what a launch starts from."""

import streamlit as st

from app import cache
from app.widgets.pickers import has_key
from app.widgets.templates.draft import form_data
from app.widgets.templates.fields import choice_field, number_field, text_field
from core.providers.connections import list_connections
from core.templates.definition import ModelDefaults
from core.templates.editing.draft_text import Data, set_at, value_at


def model_part() -> None:
    """Connection, model and sampling settings; a launch can still choose others."""
    data = form_data()
    connections = {c.name: c for c in list_connections(cache.workspace())}
    left, right = st.columns(2)
    with left:
        name = choice_field(
            "Connection", ("model", "connection"), list(connections), is_optional=True,
            placeholder="chosen at launch", change=_set_connection,
        )  # fmt: skip
    found = connections.get(name)
    with right:
        text_field(
            "Model", ("model", "model"),
            placeholder=found.default_model if found else "the connection's own",
        )  # fmt: skip
    if name and found is None:
        st.warning(f"There is no connection called {name!r} here.", icon=":material/link_off:")
    elif found is not None and not has_key(found):
        st.warning(f"`{found.key_variable}` is not set.", icon=":material/key_off:")
    columns = st.columns(3)
    normal = ModelDefaults()
    with columns[0]:
        number_field(
            "Temperature", ("model", "temperature"), default=normal.temperature,
            min_value=0, max_value=2,
        )  # fmt: skip
    with columns[1]:
        number_field(
            "Top p", ("model", "top_p"), min_value=0, max_value=1, step=0.05,
            placeholder="left to the model",
        )  # fmt: skip
    with columns[2]:
        number_field(
            "Most output tokens", ("model", "max_output_tokens"), is_whole=True, min_value=1,
            default=normal.max_output_tokens,
        )  # fmt: skip
    if data.get("steps"):
        st.caption("A step can have settings of its own.")


def _set_connection(data: Data, name: str | None) -> Data:
    """Another connection; the model of the one before is not its own."""
    changed = set_at(data, ("model", "connection"), name)
    if value_at(changed, ("model", "model")) is not None:
        changed = set_at(changed, ("model", "model"), None)
    return changed
