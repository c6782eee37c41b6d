"""The draft behind the editor: one text, kept in the database as it changes.

Every form edits the text and nothing else; `keep_in_step` stores it, and takes over what another
tab stored. Where the text is no YAML that forms can draw, they show the last one that was.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import ago, plain
from core.db.tables import LOCAL_ADMIN_ID, Template, TemplateVersion
from core.errors import SeedbedError
from core.templates.definition import template_yaml
from core.templates.drafts import drop_draft, load_draft, store_draft
from core.templates.editing.draft_text import Data, Reading, read_draft, write_draft
from core.templates.versions import get_version, load_definition


class DraftStatus(NamedTuple):
    """How the draft stands to the versions."""

    is_changed: bool
    since: datetime | None  # of the last unsaved change
    base_number: int | None  # the version it began from, where a newer one was saved since


def keep_in_step(template: Template, versions: list[TemplateVersion]) -> DraftStatus:
    """Open the person's draft, or store what this tab changed; call it once at the top."""
    draft, newest = state.templates(), versions[0]
    saved = cache.version_text(newest.template_version_id)
    kept = load_draft(cache.workspace(), template.template_id, LOCAL_ADMIN_ID)
    if draft.template_id != template.template_id:
        state.forget_templates()
        draft = state.templates()
        draft.template_id = template.template_id
        _take(draft, kept.text if kept else saved, kept, newest)
    elif draft.text != draft.stored:
        kept = _store(draft, saved, newest)
    elif (kept.text if kept else saved) != draft.text:
        _take(draft, kept.text if kept else saved, kept, newest)
    if kept is None:
        draft.base = newest.template_version_id
    if read_draft(draft.text).data is not None:
        draft.drawn = draft.text
    is_old = kept is not None and kept.base_version_id != newest.template_version_id
    base = get_version(cache.workspace(), kept.base_version_id).number if kept and is_old else None
    return DraftStatus(draft.text != saved, kept.updated_at if kept else None, base)


def _take(draft: state.TemplatesDraft, text: str, kept: Any, newest: TemplateVersion) -> None:
    draft.text = draft.stored = text
    draft.base = kept.base_version_id if kept else newest.template_version_id
    draft.drawn = draft.drawn or cache.version_text(newest.template_version_id)


def _store(draft: state.TemplatesDraft, saved: str, newest: TemplateVersion) -> Any:
    draft.stored = draft.text
    if draft.text == saved:
        drop_draft(cache.workspace(), draft.template_id, LOCAL_ADMIN_ID)
        return None
    base = draft.base or newest.template_version_id
    return store_draft(cache.workspace(), draft.template_id, base, draft.text, LOCAL_ADMIN_ID)


def forget_changes(base_version_id: str) -> None:
    """After saving or discarding: the draft is what that version says."""
    draft = state.templates()
    version = get_version(cache.workspace(), base_version_id)
    drop_draft(cache.workspace(), draft.template_id, LOCAL_ADMIN_ID)
    draft.text = draft.stored = draft.drawn = template_yaml(load_definition(version))
    draft.base, draft.problem, draft.note = base_version_id, "", ""


def keep_mine(newest_version_id: str) -> None:
    """The draft goes on from the newest version: saving it puts it on top."""
    draft = state.templates()
    with show_errors():
        store_draft(
            cache.workspace(), draft.template_id, newest_version_id, draft.text, LOCAL_ADMIN_ID
        )
        draft.base = newest_version_id


def newer_notice(status: DraftStatus, newest: TemplateVersion) -> None:
    """Somebody saved while this draft was open: what that was, and the two ways on."""
    if status.base_number is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/merge_type: Version {newest.number} was saved {ago(newest.created_at)} by "
            f"{plain(cache.person(newest.created_by))}"
            + (f" ({plain(newest.note)})" if newest.note else "")
            + f". Your changes began from version {status.base_number}."
        )
        st.button(
            "Keep mine", key="templates.keep_mine", on_click=keep_mine,
            args=(newest.template_version_id,),
            help="Your text stays as it is, and saving it makes the next version.",
        )  # fmt: skip
        st.button(
            f"Take version {newest.number}", key="templates.take_newest", on_click=forget_changes,
            args=(newest.template_version_id,), help="Your unsaved changes are dropped.",
        )  # fmt: skip


def reading() -> Reading:
    """What the draft's text says now."""
    return read_draft(state.templates().text)


def is_frozen() -> bool:
    """Whether the forms cannot edit: the text is not one that they can draw."""
    return reading().data is None


def form_data() -> Data:
    """The data that the forms show: the draft's, or the last that could be drawn. Read only."""
    return reading().data or read_draft(state.templates().drawn).data or {}


def edit(change: Callable[..., Data], *args: Any) -> None:
    """For callbacks: the draft becomes what `change(data, *args)` gives."""
    draft = state.templates()
    draft.problem = draft.note = ""
    data = reading().data
    if data is None:
        draft.problem = "Correct the YAML first; forms can edit it then."
        return
    try:
        draft.text = write_draft(draft.text, change(data, *args))
    except (SeedbedError, ValueError) as error:
        draft.problem = f"Not taken over: {error}"
