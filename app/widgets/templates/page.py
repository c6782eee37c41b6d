"""The head of one template's page: how the draft stands, saving it, discarding it."""

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import ago, day, plain
from app.widgets.layout import back_button, go_button, page_header
from app.widgets.templates.draft import (
    DraftStatus,
    forget_changes,
    keep_in_step,
    newer_notice,
    reading,
)
from core.db.tables import Template, TemplateVersion
from core.templates.definition import content_hash, parse_template
from core.templates.versions import rename_version, save_template, version_name

NOTE, LABEL = "templates.note", "templates.version_name"


def template_head(template: Template, versions: list[TemplateVersion]) -> DraftStatus:
    """Title, state of the draft, and what can be done with it."""
    status = keep_in_step(template, versions)
    back_button("All templates", "templates", key="templates.back")
    caption = (
        f"{plain(version_name(versions[0])).capitalize()}, saved {ago(versions[0].created_at)}"
    )
    if status.is_changed:
        caption += f" · unsaved changes since {day(status.since)}" if status.since else ""
    with page_header(template.title, caption):
        if status.is_changed:
            _discard_box(versions[0])
        go_button(
            "Launch a batch", "batches", key="templates.launch", view="launch",
            template=template.name,
        )  # fmt: skip
        _save_box(versions[0], is_changed=status.is_changed)
    newer_notice(status, versions[0])
    return status


def _discard_box(newest: TemplateVersion) -> None:
    with st.popover(
        "Discard", icon=":material/undo:", key="templates.discard_box", type="tertiary"
    ):
        st.caption(f"The draft goes back to {plain(version_name(newest))}. This cannot be undone.")
        st.button(
            "Discard my changes", key="templates.discard", on_click=forget_changes,
            args=(newest.template_version_id,),
        )  # fmt: skip


def _save_box(newest: TemplateVersion, *, is_changed: bool) -> None:
    definition = reading().definition
    differs = definition is not None and (
        is_changed and content_hash(definition) != newest.content_hash
    )
    with (
        st.container(key="templates.save_box", width="content"),
        # Another one after each save, so that it is closed.
        st.popover(
            "Save version", icon=":material/save:", key=f"templates.save_box.{newest.number}",
            type="primary",
        ),
    ):  # fmt: skip
        st.text_input("Name", key=LABEL, placeholder="optional")
        st.text_input("What changed, and why", key=NOTE, placeholder="optional")
        if definition is None:
            st.caption("The draft has an error; it is kept, and can be saved once that is gone.")
        elif not differs:
            st.caption("Nothing differs from the newest version.")
        st.button("Save", key="templates.save", type="primary", on_click=save, disabled=not differs)


def save() -> None:
    """The save button's callback: one core call; the draft then starts from the new version."""
    draft = state.templates()
    with show_errors():
        definition = parse_template(draft.text)
        version = save_template(cache.workspace(), definition, (state.value_of(NOTE) or "").strip())
        label = (state.value_of(LABEL) or "").strip()
        if label:
            version = rename_version(cache.workspace(), version.template_version_id, label)
        forget_changes(version.template_version_id)
        state.notify(f"Saved as {version_name(version)}.")
        state.offer(NOTE, "")
        state.offer(LABEL, "")
        state.select("template", definition.name)
