"""Drafts: one per person and template, kept apart from the versions."""

import pytest

from core.db.workspace import Workspace
from core.errors import NotFound, TemplateError
from core.templates.definition import build_template
from core.templates.drafts import drafted_templates, drop_draft, load_draft, store_draft
from core.templates.editing.starting import minimal_template
from core.templates.versions import list_versions, save_template


def test_a_draft_is_stored_replaced_and_dropped(any_workspace: Workspace) -> None:
    version = save_template(any_workspace, build_template(minimal_template("Notes")))
    template_id, version_id = version.template_id, version.template_version_id
    assert load_draft(any_workspace, template_id) is None
    store_draft(any_workspace, template_id, version_id, "name: [not yet")
    store_draft(any_workspace, template_id, version_id, "name: notes")
    kept = load_draft(any_workspace, template_id)
    assert kept is not None
    assert (kept.text, kept.base_version_id) == ("name: notes", version_id)
    assert drafted_templates(any_workspace) == {template_id}
    assert len(list_versions(any_workspace, template_id)) == 1
    drop_draft(any_workspace, template_id)
    assert load_draft(any_workspace, template_id) is None


def test_each_person_has_a_draft_of_their_own(workspace: Workspace) -> None:
    version = save_template(workspace, build_template(minimal_template("Notes")))
    ids = version.template_id, version.template_version_id
    store_draft(workspace, *ids, "a", "usr_a")
    store_draft(workspace, *ids, "b", "usr_b")
    drop_draft(workspace, version.template_id, "usr_a")
    kept = load_draft(workspace, version.template_id, "usr_b")
    assert kept is not None
    assert kept.text == "b"
    assert load_draft(workspace, version.template_id, "usr_a") is None


def test_a_draft_of_nothing_or_without_end_is_refused(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        store_draft(workspace, "tpl_none", "", "text")
    version = save_template(workspace, build_template(minimal_template("Notes")))
    with pytest.raises(TemplateError, match="longer"):
        store_draft(workspace, version.template_id, "", "x" * (1024 * 1024 + 1))
