import threading

import pytest

from core.db.workspace import Workspace
from core.errors import NotFound, TemplateError
from core.templates.definition import TemplateDefinition, build_template, content_hash
from core.templates.starters import INSTALLED, install_starters, starter_definitions
from core.templates.versions import (
    diff_versions,
    get_template,
    get_version,
    is_draft,
    latest_version,
    list_templates,
    list_versions,
    load_definition,
    restore_version,
    save_draft,
    save_template,
)


def definition(title: str = "First", name: str = "stored") -> TemplateDefinition:
    return build_template(
        {
            "name": name, "title": title, "domain": "tests", "system": "Be brief.", "user": "Go.",
            "output": {"type": "object", "required": ["a"], "properties": {"a": {}}},
            "mapping": {"input": "x", "response": "{{ output.a }}"},
        }
    )  # fmt: skip


def saved(workspace: Workspace, title: str = "First", name: str = "stored") -> str:
    made = definition(title, name)
    return save_template(workspace, made, is_trusted=True).template_version_id


def test_a_version_holds_its_definition_and_hash(any_workspace: Workspace) -> None:
    version = save_template(any_workspace, definition(), note="begun", is_trusted=True)
    stored = get_version(any_workspace, version.template_version_id)
    assert (stored.number, stored.note) == (1, "begun")
    assert stored.content_hash == content_hash(load_definition(stored))
    assert load_definition(stored) == definition()


def test_saving_the_same_content_adds_nothing(any_workspace: Workspace) -> None:
    assert saved(any_workspace) == saved(any_workspace)
    template = get_template(any_workspace, "stored")
    assert len(list_versions(any_workspace, template.template_id)) == 1


def test_each_change_is_a_new_version_and_the_old_one_stays(any_workspace: Workspace) -> None:
    first, second = saved(any_workspace, "First"), saved(any_workspace, "Second")
    template = get_template(any_workspace, "stored")
    assert template.title == "Second"
    versions = list_versions(any_workspace, template.template_id)
    assert [v.number for v in versions] == [2, 1]
    assert load_definition(get_version(any_workspace, first)).title == "First"
    assert latest_version(any_workspace, template.template_id).template_version_id == second


def test_restoring_adds_a_version_with_the_old_content(any_workspace: Workspace) -> None:
    first = saved(any_workspace, "First")
    saved(any_workspace, "Second")
    restored = restore_version(any_workspace, first)
    assert (restored.number, restored.note) == (3, "Restored from version 1.")
    assert load_definition(restored).title == "First"
    assert restore_version(any_workspace, first).number == 3


def test_the_diff_shows_what_changed(workspace: Workspace) -> None:
    first, second = saved(workspace, "First"), saved(workspace, "Second")
    diff = diff_versions(workspace, first, second)
    assert diff.startswith("--- version 1\n+++ version 2\n")
    assert "-title: First\n+title: Second\n" in diff
    assert diff_versions(workspace, first, first) == ""


def test_lists_are_paged_and_show_the_newest_version(any_workspace: Workspace) -> None:
    saved(any_workspace, "B", "b")
    saved(any_workspace, "A", "a")
    saved(any_workspace, "A2", "a")
    rows = list_templates(any_workspace)
    assert [(r.template.name, r.latest.number, r.version_count) for r in rows] == [
        ("a", 2, 2), ("b", 1, 1)
    ]  # fmt: skip
    assert [r.template.name for r in list_templates(any_workspace, limit=1, offset=1)] == ["b"]


def test_what_does_not_exist_is_named(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="'ghost'"):
        get_template(workspace, "ghost")
    with pytest.raises(NotFound, match="'ghost'"):
        latest_version(workspace, "ghost")
    with pytest.raises(NotFound, match="'tpv_ghost'"):
        get_version(workspace, "tpv_ghost")


def test_a_template_that_does_not_render_is_not_saved(workspace: Workspace) -> None:
    broken = build_template({**definition().model_dump(), "user": "{{ 1 / 0 }}"})
    with pytest.raises(TemplateError, match=r"the user prompt: .*zero"):
        save_template(workspace, broken)
    assert list_templates(workspace) == []


def test_savers_at_the_same_moment_get_numbers_of_their_own(any_workspace: Workspace) -> None:
    saved(any_workspace, "Begun")
    threads = [threading.Thread(target=saved, args=(any_workspace, f"Title {k}")) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    template = get_template(any_workspace, "stored")
    numbers = [v.number for v in list_versions(any_workspace, template.template_id)]
    assert numbers == [5, 4, 3, 2, 1]


def test_starters_are_installed_once_and_never_over_a_change(workspace: Workspace) -> None:
    assert install_starters(workspace) == len(INSTALLED)
    assert install_starters(workspace) == 0
    mine = starter_definitions()[0].model_copy(update={"title": "Mine"})
    save_template(workspace, mine, is_trusted=True)
    assert install_starters(workspace) == 0
    assert load_definition(latest_version(workspace, mine.name)).title == "Mine"


def test_a_draft_can_be_previewed_and_stays_out_of_the_history(any_workspace: Workspace) -> None:
    first = save_template(any_workspace, definition())
    edited = definition("Second")
    draft = save_draft(any_workspace, edited)
    assert is_draft(draft)
    assert save_draft(any_workspace, edited).template_version_id == draft.template_version_id
    assert save_draft(any_workspace, definition()).template_version_id == first.template_version_id
    another = save_draft(any_workspace, definition("Third"))
    assert (draft.number, another.number) == (0, -1)
    assert [v.number for v in list_versions(any_workspace, first.template_id)] == [1]
    (row,) = list_templates(any_workspace)
    assert (row.latest.number, row.version_count) == (1, 1)
    assert load_definition(get_version(any_workspace, draft.template_version_id)) == edited
    assert save_template(any_workspace, edited).number == 2


def test_a_template_that_was_only_previewed_is_not_listed(workspace: Workspace) -> None:
    save_draft(workspace, definition())
    assert list_templates(workspace) == []
    with pytest.raises(NotFound):
        latest_version(workspace, definition().name)
