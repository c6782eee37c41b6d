"""Labels of versions, finding one, and forks."""

import threading

import pytest

from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound, TemplateError
from core.templates.definition import TemplateDefinition, build_template
from core.templates.forks import forks_of, origin_of
from core.templates.versions import (
    find_version,
    fork_template,
    get_template,
    get_version,
    latest_version,
    list_templates,
    load_definition,
    rename_version,
    save_draft,
    save_template,
    version_name,
)


def definition(title: str = "First") -> TemplateDefinition:
    return build_template(
        {
            "name": "stored", "title": title, "domain": "tests", "system": "Be brief.",
            "user": "Go.", "description": "What it is for.",
            "output": {"type": "object", "required": ["a"], "properties": {"a": {}}},
            "mapping": {"input": "x", "response": "{{ output.a }}"},
        }
    )  # fmt: skip


def saved(workspace: Workspace, title: str = "First") -> str:
    return save_template(workspace, definition(title), is_trusted=True).template_version_id


def test_a_label_changes_nothing_but_the_label(any_workspace: Workspace) -> None:
    version_id = saved(any_workspace)
    before = get_version(any_workspace, version_id)
    rename_version(any_workspace, version_id, "  shorter   answers ")
    named = get_version(any_workspace, version_id)
    assert (named.name, version_name(named)) == ("shorter answers", "version 1, shorter answers")
    assert (named.content_hash, named.definition) == (before.content_hash, before.definition)
    assert version_name(rename_version(any_workspace, version_id, "")) == "version 1"


@pytest.mark.parametrize("label", ["12", "x" * 201], ids=["a number", "too long"])
def test_labels_that_could_be_mistaken_or_are_too_long_are_refused(
    workspace: Workspace, label: str
) -> None:
    version_id = saved(workspace)
    with pytest.raises(InvalidInput):
        rename_version(workspace, version_id, label)
    assert get_version(workspace, version_id).name == ""


def test_an_unknown_version_cannot_be_named(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        rename_version(workspace, "tpv_ghost", "x")


def test_a_version_is_found_by_number_label_or_id_and_without_any_the_newest(
    any_workspace: Workspace,
) -> None:
    first, second = saved(any_workspace, "First"), saved(any_workspace, "Second")
    rename_version(any_workspace, first, "old one")
    for wanted, expected in (("1", first), ("old one", first), (second, second), ("", second)):
        assert find_version(any_workspace, "stored", wanted).template_version_id == expected
    with pytest.raises(NotFound, match="'9'"):
        find_version(any_workspace, "stored", "9")
    with pytest.raises(NotFound):
        find_version(any_workspace, "stored", "9" * 30)


def test_a_draft_is_found_by_its_id_alone(workspace: Workspace) -> None:
    saved(workspace)
    draft = save_draft(workspace, definition("Draft"))
    with pytest.raises(NotFound):
        find_version(workspace, "stored", "0")
    assert find_version(workspace, "stored", draft.template_version_id).number == 0


def test_a_fork_holds_the_content_under_its_own_name_and_remembers_where_from(
    any_workspace: Workspace,
) -> None:
    first = saved(any_workspace, "First")
    saved(any_workspace, "Second")
    fork = fork_template(any_workspace, first, "forked", title="Mine")
    assert (fork.number, fork.note) == (1, "Forked from stored, version 1.")
    content = load_definition(fork)
    assert (content.name, content.title, content.user) == ("forked", "Mine", "Go.")
    template = get_template(any_workspace, "forked")
    assert (template.title, template.description) == ("Mine", "What it is for.")
    origin = origin_of(any_workspace, template)
    assert origin is not None
    assert (origin.template.name, origin.version.number) == ("stored", 1)
    stored = get_template(any_workspace, "stored")
    assert [found.template.name for found in forks_of(any_workspace, stored.template_id)] == [
        "forked"
    ]
    assert origin_of(any_workspace, stored) is None
    assert latest_version(any_workspace, "stored").number == 2


def test_a_fork_needs_a_name_that_is_one_and_is_free(workspace: Workspace) -> None:
    version_id = saved(workspace)
    with pytest.raises(Conflict, match="already called"):
        fork_template(workspace, version_id, "stored")
    with pytest.raises(TemplateError):
        fork_template(workspace, version_id, "Not A Name")
    with pytest.raises(NotFound):
        fork_template(workspace, "tpv_ghost", "forked")
    assert [row.template.name for row in list_templates(workspace)] == ["stored"]


def test_of_forks_at_the_same_moment_one_wins_and_the_others_are_told(
    any_workspace: Workspace,
) -> None:
    version_id = saved(any_workspace)
    outcomes: list[str] = []

    def fork() -> None:
        try:
            fork_template(any_workspace, version_id, "forked")
            outcomes.append("made")
        except Conflict:
            outcomes.append("told")

    threads = [threading.Thread(target=fork) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "told", "told", "told"]


def test_templates_that_the_program_made_are_not_listed(workspace: Workspace) -> None:
    saved(workspace)
    made = definition().model_copy(update={"name": "made"})
    save_template(workspace, made, is_trusted=True, kind="expansion")
    assert [row.template.name for row in list_templates(workspace)] == ["stored"]
    assert get_template(workspace, "made").kind == "expansion"
