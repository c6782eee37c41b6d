"""Templates: the library, the editor, the plan, the preview, the versions."""

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets import template_editor as editor
from app.widgets.errors import show_errors
from app.widgets.filters import Choice, filter_bar
from app.widgets.formats import ago
from app.widgets.layout import back_button, empty_state, go_button, page_header
from app.widgets.preview import preview_form, preview_results
from app.widgets.tables import open_table
from app.widgets.template_versions import versions_tab
from core.templates.definition import build_template, parse_template, template_yaml
from core.templates.starters import starter_definitions
from core.templates.versions import (
    get_template,
    list_templates,
    list_versions,
    load_definition,
    save_template,
)

FIELD_PX = 480
TABS = ("Prompt", "Variables", "Output schema", "YAML", "Plan", "Preview", "Versions")


def list_view() -> None:
    rows = list_templates(cache.workspace())
    with page_header("Templates", "Recipes for samples: prompts, variables, output, checks."):
        if st.button("New template", type="primary", icon=":material/add:", key="templates.new"):
            go("templates", view="new")
    domains = sorted({row.template.domain for row in rows})
    chosen = filter_bar("templates", [Choice("domain", "Any domain", domains)])
    rows = [
        row for row in rows
        if chosen["domain"] in (None, row.template.domain)
        and chosen.matches(row.template.title, row.template.name, row.template.description)
    ]  # fmt: skip
    if not rows:
        with empty_state(
            ":material/edit_note:", "No template fits", "Take a filter away, or make a new one."
        ):
            go_button("New template", "templates", key="templates.empty", view="new")
        return
    table = [
        {
            "Template": row.template.title, "Domain": row.template.domain,
            "Version": row.latest.number,
            "Saved": ago(row.latest.created_at), "Description": row.template.description,
        }
        for row in rows
    ]  # fmt: skip
    open_table(
        table, [row.template.name for row in rows], "templates", "template", key="templates.table",
        opener="Template",
    )  # fmt: skip


def new_view() -> None:
    back_button("All templates", "templates", key="templates.back")
    page_header("New template", "Start from one of these; everything can be changed.")
    starters = {d.title: d for d in starter_definitions()}
    title = st.selectbox("Start from", list(starters), key="templates.starter", width=FIELD_PX)
    st.caption(starters[title].description)
    name = st.text_input(
        "Name", key="templates.name", help="Lower-case letters, digits and hyphens.",
        placeholder=f"my-{starters[title].name}", width=FIELD_PX,
    )  # fmt: skip
    if st.button("Create", type="primary", key="templates.create", disabled=not name):
        with show_errors():
            definition = build_template({**starters[title].model_dump(mode="json"), "name": name})
            save_template(cache.workspace(), definition, "First version")
            go("templates", template=name)


def save(note_key: str) -> None:
    """The save button's callback: one core call; the draft then starts from the new version."""
    draft = state.templates()
    with show_errors():
        definition = parse_template(draft.text)
        version = save_template(cache.workspace(), definition, state.value_of(note_key, ""))
        draft.base = ""
        state.notify(f"Saved as version {version.number}.")
        state.select("template", definition.name)


def template_view(name: str) -> None:
    template = get_template(cache.workspace(), name)
    versions = list_versions(cache.workspace(), template.template_id)
    draft = state.templates()
    if draft.base != versions[0].template_version_id:
        draft.base, draft.problem = versions[0].template_version_id, ""
        draft.text = template_yaml(load_definition(versions[0]))
        draft.preview_batch_id = None
    is_changed = draft.text != template_yaml(load_definition(versions[0]))
    back_button("All templates", "templates", key="templates.back")
    caption = f"Version {versions[0].number}" + (", with unsaved changes" if is_changed else "")
    with page_header(template.title, caption):
        go_button("Launch a batch", "batches", key="templates.launch", view="launch", template=name)
        with st.popover(
            "Save version", icon=":material/save:", key="templates.save_box", type="primary"
        ):
            st.text_input("What changed", key="templates.note", placeholder="optional")
            st.button(
                "Save", key="templates.save", type="primary", on_click=save,
                args=("templates.note",), disabled=not is_changed,
            )  # fmt: skip
    tab = st.segmented_control(
        "Part", TABS, default="Prompt", required=True, key="templates.tab",
        label_visibility="collapsed", persist_state="page",
    )  # fmt: skip
    editor.problem_line()
    if tab == "YAML":
        editor.yaml_tab()
    if tab == "Versions":
        versions_tab(versions)
        return
    definition = editor.draft_definition()
    if definition is None:
        st.caption("Correct the YAML first; the other parts follow it.")
    elif tab == "Preview":
        what = "your changes" if is_changed else f"version {versions[0].number}"
        preview_form(definition, f"Preview {what}")
        if draft.preview_batch_id:
            preview_results(draft.preview_batch_id)
    elif tab != "YAML":
        {
            "Prompt": editor.prompt_tab, "Variables": editor.variables_tab,
            "Output schema": editor.schema_tab, "Plan": editor.plan_tab,
        }[tab](definition)  # fmt: skip


with show_errors():
    if state.selected("template"):
        template_view(state.selected("template") or "")
    elif state.selected("view") == "new":
        new_view()
    else:
        list_view()
