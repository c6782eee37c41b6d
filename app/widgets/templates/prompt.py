"""The Prompt part: what the model is told, and which texts of its answer make a sample."""

import streamlit as st

from app.widgets.formats import plain
from app.widgets.templates.draft import form_data
from app.widgets.templates.fields import area_field, choice_field, text_field
from core.templates.editing.variables import variable_names

SHAPES = ("instruction", "conversation", "preference")
MOST_NAMES = 30


def prompt_part() -> None:
    """Prompts, mapping and what the template is called."""
    data = form_data()
    names_line()
    area_field("System prompt", ("system",), height=150, is_required=True)
    if data.get("steps"):
        st.caption("Each step has a prompt of its own: they are under Steps.")
    else:
        area_field("User prompt", ("user",), height=250, is_required=True)
    left, right = st.columns(2)
    with left:
        area_field("Mapping: input", ("mapping", "input"), height=104, is_required=True)
    with right:
        area_field("Mapping: response", ("mapping", "response"), height=104, is_required=True)
    with st.expander("Title, domain and source", key="templates.about"):
        text_field("Title", ("title",), is_required=True)
        left, right = st.columns(2)
        with left:
            text_field("Domain", ("domain",), is_required=True)
        with right:
            choice_field("Shape of a sample", ("shape",), SHAPES, default="instruction")
        area_field("Description", ("description",), height=80)
        _source()


def names_line(extra: str = "") -> None:
    """The names that prompts can read."""
    names = variable_names(form_data())
    shown = " ".join(f"`{{{{ {name} }}}}`" for name in names[:MOST_NAMES])
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    variables = f"Variables: {shown}{more}. " if names else "No variables yet. "
    st.caption(
        f"{variables}`{{{{ chunk.text }}}}` is the source chunk, `{{{{ output.… }}}}` the answer "
        f"in the mapping. {plain(extra)}"
    )


def _source() -> None:
    choice_field(
        "Source chunks", ("source",), [{"required": False}, {"required": True}], is_optional=True,
        format_func=lambda use: "Required" if use.get("required") else "Optional",
        placeholder="Not used",
        help="Whether a batch can, or must, be made from the chunks of sources.",
    )  # fmt: skip
