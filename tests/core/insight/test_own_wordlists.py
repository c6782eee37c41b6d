"""A project's word lists lie over the brought ones, and come back as brought."""

import pytest

from core.db.tables import Project
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound
from core.insight.bias import own_wordlists
from core.insight.bias.own_wordlists import (
    get_list,
    known_lists,
    project_lists,
    put_list,
    restore_list,
    retire_list,
)
from core.insight.bias.wordlist_formats import read_published
from core.insight.bias.wordlists import WordList, word_lists

OWN = read_published("Hot: tea, coffee\nCold: juice, milk\nEarly: dawn, noon\nLate: dusk, night")


def test_a_fresh_project_has_the_brought_lists(any_workspace: Workspace) -> None:
    assert project_lists(any_workspace) == word_lists()
    assert {one.origin for one in known_lists(any_workspace)} == {"brought"}


def test_an_own_list_is_stored_changed_and_retired(any_workspace: Workspace) -> None:
    stored = put_list(any_workspace, OWN)
    assert (stored.origin, stored.is_retired, stored.content) == ("own", False, OWN)
    changed = OWN.model_copy(update={"title": "Drinks by hour"})
    put_list(any_workspace, changed)
    assert get_list(any_workspace, OWN.name).content.title == "Drinks by hour"
    assert len(project_lists(any_workspace)) == len(word_lists()) + 1
    assert retire_list(any_workspace, OWN.name).is_retired
    assert project_lists(any_workspace) == word_lists()
    assert not restore_list(any_workspace, OWN.name).is_retired
    assert get_list(any_workspace, OWN.name).content.title == "Drinks by hour"


def test_an_edited_brought_list_can_be_had_back(workspace: Workspace) -> None:
    first = word_lists()[0]
    put_list(workspace, first.model_copy(update={"title": "Changed"}))
    assert get_list(workspace, first.name).origin == "edited"
    assert project_lists(workspace)[0].title == "Changed"
    assert restore_list(workspace, first.name).content == first
    assert get_list(workspace, first.name).origin == "brought"


def test_a_brought_list_can_be_retired(workspace: Workspace) -> None:
    first = word_lists()[0]
    retired = retire_list(workspace, first.name)
    assert retired.is_retired
    assert first.name not in {one.name for one in project_lists(workspace)}
    assert not restore_list(workspace, first.name).is_retired


def test_a_project_does_not_see_another_s_lists(workspace: Workspace) -> None:
    with workspace.write() as session:
        session.add(Project(project_id="prj_2", name="Second"))
    put_list(workspace, OWN, project_id="prj_2")
    assert project_lists(workspace) == word_lists()
    assert len(project_lists(workspace, project_id="prj_2")) == len(word_lists()) + 1


def test_what_makes_no_test_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = OWN.model_dump(mode="json")
    same["targets"]["y"]["words"] = ["Coffee", "Tea"]
    with pytest.raises(InvalidInput, match="same words"):
        put_list(workspace, WordList.model_validate(same))
    with pytest.raises(NotFound):
        retire_list(workspace, "nothing")
    monkeypatch.setattr(own_wordlists, "MAX_LISTS", len(word_lists()))
    with pytest.raises(Conflict):
        put_list(workspace, OWN)
