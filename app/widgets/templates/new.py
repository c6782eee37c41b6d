"""New template: from nothing, from YAML, or from the library."""

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.layout import back_button, page_header
from core.errors import Conflict, NotFound
from core.templates.definition import TemplateDefinition, build_template, parse_template
from core.templates.editing.starting import minimal_template, name_for
from core.templates.versions import get_template, save_template

WAYS = ("From nothing", "From YAML", "From the library")
FIELD_PX = 480


def new_view() -> None:
    """One of three ways to begin."""
    back_button("All templates", "templates", key="templates.back")
    page_header("New template", "Everything can be changed afterwards.")
    way = st.segmented_control(
        "Begin", WAYS, default=WAYS[0], required=True, key="templates.way",
        label_visibility="collapsed",
    )  # fmt: skip
    if way == "From YAML":
        _from_yaml()
    elif way == "From the library":
        st.caption("Careful prompts, schemas, variables and checks, ready to copy and change.")
        if st.button("Browse the library", type="primary", key="templates.to_library"):
            go("templates", view="library")
    else:
        _from_nothing()


def _from_nothing() -> None:
    title = st.text_input(
        "Title", key="templates.title_new", placeholder="Support tickets", width=FIELD_PX
    )
    if title:
        st.caption(f"Its name will be `{name_for(title)}`.")
    if st.button("Create", type="primary", key="templates.create", disabled=not title):
        with show_errors():
            _create(build_template(minimal_template(title)), "Started from nothing.")


def _from_yaml() -> None:
    file = st.file_uploader("A YAML file", type=["yaml", "yml"], key="templates.upload")
    with st.container(key="code-new"):
        pasted = st.text_area("Or paste it here", height=320, key="templates.pasted")
    text = file.getvalue().decode("utf-8", "replace") if file is not None else pasted or ""
    if st.button("Create", type="primary", key="templates.create_yaml", disabled=not text.strip()):
        with show_errors():
            _create(parse_template(text), "Imported from YAML.")


def _create(definition: TemplateDefinition, note: str) -> None:
    try:
        get_template(cache.workspace(), definition.name)
    except NotFound:
        save_template(cache.workspace(), definition, note)
        state.notify("Created. Every change is kept as you type.")
        go("templates", template=definition.name)
    raise Conflict(
        f"There is a template named {definition.name!r} already.",
        remedy="Choose another title, or open that one.",
    )
