"""The Steps part: the steps as a small graph, and the form of the one that is open."""

import streamlit as st

from app import state
from app.widgets.templates.draft import edit, form_data, is_frozen
from app.widgets.templates.fields import (
    area_field,
    item_buttons,
    key_of,
    number_field,
    on_value,
    text_field,
    toggle_field,
)
from app.widgets.templates.graph import steps_graph
from app.widgets.templates.output import output_fields
from core.templates.editing.draft_text import Data, value_at
from core.templates.editing.steps import (
    add_step,
    delete_step,
    move_step,
    rename_step,
    step_names,
    steps_read,
)

MOST_STEPS = 8
OPEN = "templates.steps.open"


def steps_part() -> None:
    """Add, order and fill in steps."""
    data = form_data()
    names = step_names(data)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Add a step" if names else "Make it several steps", key="templates.steps.add",
            icon=":material/add:", on_click=_add, disabled=is_frozen() or len(names) >= MOST_STEPS,
        )  # fmt: skip
    if not names:
        st.caption(
            "One prompt and one answer. With steps, a later prompt reads earlier answers as "
            "`output.<step>.<field>`: question, answer, critique, revision; chosen and rejected; "
            "the turns of a chat. What is there now becomes the first step."
        )
        return
    draft = state.templates()
    draft.step = min(draft.step, len(names) - 1)
    steps_graph(names, steps_read(data), names[draft.step])
    state.bind(OPEN, draft.step)
    st.segmented_control(
        "Step", range(len(names)), key=OPEN, format_func=lambda i: f"{i + 1} {names[i]}",
        required=True, label_visibility="collapsed", on_change=_open,
    )  # fmt: skip
    with st.container(border=True):
        _form(data, draft.step, names)


def _open() -> None:
    state.templates().step = state.value_of(OPEN)


def _add() -> None:
    edit(add_step)
    state.templates().step = len(step_names(form_data())) - 1


def _move(place: int, by: int) -> None:
    edit(move_step, place, by)
    state.templates().step = place + by


def _form(data: Data, place: int, names: list[str]) -> None:
    path = ("steps", place)
    item_buttons(
        "templates.steps", place, len(names),
        move=lambda by: _move(place, by), delete=lambda: edit(delete_step, place),
    )  # fmt: skip
    left, right = st.columns(2)
    with left:
        key = key_of((*path, "name"))
        state.bind(key, names[place])
        st.text_input(
            "Name", key=key, disabled=is_frozen(), help="Read as `output.name.field` afterwards.",
            on_change=on_value(key, lambda name: edit(rename_step, place, (name or "").strip())),
        )  # fmt: skip
    with right:
        text_field("Title", (*path, "title"), placeholder="optional")
    if place:
        toggle_field(
            "Continue the conversation", (*path, "continues"),
            help="Earlier prompts and answers are sent first, as turns.",
        )  # fmt: skip
    area_field("Prompt", (*path, "user"), height=190, is_required=True)
    area_field("System prompt", (*path, "system"), height=80, placeholder="the template's")
    st.markdown("**Output of this step**")
    output_fields(data, (*path, "output"))
    columns = st.columns(3)
    for column, (label, name) in zip(
        columns,
        (("Temperature", "temperature"), ("Top p", "top_p"),
         ("Most output tokens", "max_output_tokens")),
        strict=True,
    ):  # fmt: skip
        default = value_at(data, ("model", name))
        with column:
            number_field(
                label, (*path, name), is_whole=name.endswith("tokens"),
                placeholder="the template's" if default is None else f"the template's {default}",
            )  # fmt: skip
