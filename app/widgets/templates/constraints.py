"""The Constraints part: what must hold between the variables of one sample."""

from functools import partial
from typing import Any

import streamlit as st

from app import state
from app.widgets.templates.draft import edit, form_data, is_frozen
from app.widgets.templates.fields import (
    area_field,
    choice_field,
    item_buttons,
    key_of,
    on_value,
    put,
)
from core.templates.editing.constraints import (
    KINDS,
    OPERATORS,
    add_constraint,
    change_constraint,
    exclude_variables,
    in_words,
    set_right,
)
from core.templates.editing.draft_text import Data, delete_item, move_item, set_at
from core.templates.editing.variables import values_of, variable_names

CONSTRAINTS = ("constraints",)


def constraints_part() -> None:
    """Every constraint as a form of its kind."""
    data = form_data()
    constraints = data.get("constraints") or []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for kind, label in KINDS.items():
            st.button(
                label, key=f"templates.constraints.add.{kind}", icon=":material/add:",
                on_click=edit, args=(add_constraint, kind),
                disabled=is_frozen() or not variable_names(data),
            )  # fmt: skip
    if not variable_names(data):
        st.caption("Constraints are about variables: add those first.")
    elif not constraints:
        st.caption(
            "A constraint holds in every sample. Shares of categories stay as they were declared, "
            "and what no allocation can meet is refused with the numbers."
        )
    for place, constraint in enumerate(constraints):
        with st.container(border=True):
            _one(data, place, constraint, len(constraints))


def _one(data: Data, place: int, constraint: dict[str, Any], count: int) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.markdown(f"**{place + 1}** · {in_words(constraint)}", width="content")
        item_buttons(
            f"templates.constraints.{place}", place, count,
            move=lambda by: edit(move_item, CONSTRAINTS, place, by),
            delete=lambda: edit(delete_item, CONSTRAINTS, place),
        )  # fmt: skip
    path = ("constraints", place, "kind")
    key = key_of(path)
    state.bind(key, constraint.get("kind"))
    st.segmented_control(
        "Kind", list(KINDS), key=key, format_func=KINDS.__getitem__, required=True,
        disabled=is_frozen(), label_visibility="collapsed",
        on_change=on_value(key, lambda kind: edit(change_constraint, place, kind)),
    )  # fmt: skip
    match constraint.get("kind"):
        case "inequality":
            _inequality(data, place)
        case "exclusion":
            _exclusion(data, place, constraint)
        case "rule":
            _rule(place)


def _inequality(data: Data, place: int) -> None:
    names = variable_names(data)
    left, middle, right = st.columns([3, 1, 3])
    with left:
        choice_field("Variable", ("constraints", place, "left"), names)
    with middle:
        choice_field("Stands", ("constraints", place, "operator"), list(OPERATORS))
    with right:
        path = ("constraints", place, "right")
        key = key_of(path)
        state.bind(key, str(data["constraints"][place].get("right", "")))
        value = str(data["constraints"][place].get("right", ""))
        left_name = str(data["constraints"][place].get("left", ""))
        offered = [*names, *(values_of(data, left_name) or ())]
        st.selectbox(
            "To a variable, number or text", list(dict.fromkeys([*offered, value])), key=key,
            accept_new_options=True, disabled=is_frozen(), on_change=put,
            args=(path, key, partial(_set_right, place=place), lambda chosen: chosen or ""),
        )  # fmt: skip


def _set_right(data: Data, text: str, *, place: int) -> Data:
    return set_right(data, place, text)


def _exclusion(data: Data, place: int, constraint: dict[str, Any]) -> None:
    listed = [name for name in variable_names(data) if values_of(data, name) is not None]
    values = constraint.get("values") or {}
    key = key_of(("constraints", place, "variables"))
    state.bind(key, list(values))
    st.multiselect(
        "Never together: variables", list(dict.fromkeys([*listed, *values])), key=key,
        disabled=is_frozen(),
        on_change=on_value(key, lambda names: edit(exclude_variables, place, list(names or ()))),
    )  # fmt: skip
    for name, excluded in values.items():
        _excluded_values(data, place, name, [str(value) for value in excluded])
    if len(values) < 2:
        st.caption("Choose at least two variables.")


def _excluded_values(data: Data, place: int, name: str, excluded: list[str]) -> None:
    key = key_of(("constraints", place, "values", name))
    state.bind(key, excluded)
    st.multiselect(
        name, list(dict.fromkeys([*(values_of(data, name) or ()), *excluded])), key=key,
        disabled=is_frozen(),
        on_change=on_value(
            key, lambda chosen: edit(set_at, ("constraints", place, "values", name), list(chosen))
        ),
    )  # fmt: skip


def _rule(place: int) -> None:
    area_field(
        "Where", ("constraints", place, "when"), height=68, placeholder="in every sample",
        help="A condition over the variables, such as `escalated`.",
    )  # fmt: skip
    area_field(
        "Holds", ("constraints", place, "then"), height=68, is_required=True,
        help="Such as `severity | int >= 3`.",
    )  # fmt: skip
