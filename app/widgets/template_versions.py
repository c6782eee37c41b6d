"""A template's versions: list, compare with the newest, restore."""

import streamlit as st

from app import cache, state
from app.widgets.diff import unified_diff
from app.widgets.errors import show_errors
from app.widgets.formats import ago
from app.widgets.pickers import version_picker
from core.db.tables import TemplateVersion
from core.templates.versions import diff_versions, restore_version


def versions_tab(versions: list[TemplateVersion]) -> None:
    """Newest first; an older one can be compared and restored."""
    table = [
        {"Version": str(v.number), "Saved": ago(v.created_at),
         "By": cache.person(v.created_by), "Note": v.note, "Content hash": v.content_hash[:12]}
        for v in versions
    ]  # fmt: skip
    st.dataframe(table, key="templates.versions", hide_index=True)
    if len(versions) < 2:
        st.caption("Saving again makes a second version to compare with.")
        return
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        older = version_picker(versions[1:], key="templates.compare")
    right.button(
        f"Restore version {older.number}", key="templates.restore", on_click=restore,
        args=(older.template_version_id,), icon=":material/settings_backup_restore:",
    )  # fmt: skip
    st.caption(f"From version {older.number} to version {versions[0].number}")
    new_id, old_id = versions[0].template_version_id, older.template_version_id
    unified_diff(diff_versions(cache.workspace(), old_id, new_id))


def restore(template_version_id: str) -> None:
    """The button's callback: the old content becomes the newest version."""
    with show_errors():
        version = restore_version(cache.workspace(), template_version_id)
        state.notify(f"Restored as version {version.number}.")
