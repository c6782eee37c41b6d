"""Templates: the library, the editor, the plan, the preview, expansion, the versions."""

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.filters import Choice, filter_bar
from app.widgets.formats import ago
from app.widgets.layout import empty_state, go_button, page_header
from app.widgets.tables import open_table
from app.widgets.templates.comparison_view import comparison_view
from app.widgets.templates.draft import reading
from app.widgets.templates.editor import design_tab, problem_box
from app.widgets.templates.expansion import expansion_tab
from app.widgets.templates.library import library_view
from app.widgets.templates.new import new_view
from app.widgets.templates.page import template_head
from app.widgets.templates.plan import plan_tab
from app.widgets.templates.preview import preview_tab
from app.widgets.templates.versions import versions_tab
from core.templates.drafts import drafted_templates
from core.templates.versions import get_template, list_templates, list_versions

TABS = ("Design", "Plan", "Preview", "Expand", "Versions")


def list_view() -> None:
    rows = list_templates(cache.workspace())
    with page_header("Templates", "Recipes for samples: prompts, variables, output, checks."):
        go_button("Library", "templates", key="templates.library", view="library")
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
    drafted = drafted_templates(cache.workspace())
    table = [
        {
            "Template": row.template.title, "Domain": row.template.domain,
            "Version": row.latest.number,
            "Saved": ago(row.latest.created_at),
            "Draft": "unsaved changes" if row.template.template_id in drafted else "",
            "Description": row.template.description,
        }
        for row in rows
    ]  # fmt: skip
    open_table(
        table, [row.template.name for row in rows], "templates", "template", key="templates.table",
        opener="Template",
    )  # fmt: skip


def template_view(name: str) -> None:
    template = get_template(cache.workspace(), name)
    versions = list_versions(cache.workspace(), template.template_id)
    template_head(template, versions)
    tab = st.segmented_control(
        "View", TABS, default="Design", required=True, key="templates.tab",
        label_visibility="collapsed", persist_state="page",
    )  # fmt: skip
    found = reading()
    if tab == "Design":
        design_tab()
    elif tab == "Versions":
        versions_tab(template, versions)
    elif found.definition is None:
        st.caption("The draft has an error. Correct it under Design; this view follows.")
        if found.problem is not None:
            problem_box(found.problem)
    elif tab == "Plan":
        plan_tab(state.templates().text)
    elif tab == "Preview":
        preview_tab(template, versions, found.definition)
    else:
        expansion_tab(template, versions[0], found.definition)


with show_errors():
    if state.selected("comparison"):
        comparison_view(state.selected("comparison") or "")
    elif state.selected("template"):
        template_view(state.selected("template") or "")
    elif state.selected("view") == "new":
        new_view()
    elif state.selected("view") == "library":
        library_view()
    else:
        list_view()
