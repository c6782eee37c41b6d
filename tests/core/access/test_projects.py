"""Projects and the local admin."""

import pytest

from core.access.projects import create_project, list_projects, local_admin
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput


def test_a_workspace_starts_with_one_project_and_one_admin(workspace: Workspace) -> None:
    assert [project.name for project in list_projects(workspace)] == ["Default"]
    assert local_admin(workspace).role == "admin"


def test_a_project_needs_a_name_of_its_own(workspace: Workspace) -> None:
    assert create_project(workspace, "  Comics ").name == "Comics"
    with pytest.raises(Conflict):
        create_project(workspace, "Comics")
    with pytest.raises(InvalidInput):
        create_project(workspace, "  ")
