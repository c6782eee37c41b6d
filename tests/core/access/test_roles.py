"""Who may do what."""

import pytest

from core.access.roles import require_admin
from core.db.tables import LOCAL_ADMIN_ID, User
from core.db.workspace import Workspace
from core.errors import AccessDenied


def test_the_local_admin_is_an_admin(workspace: Workspace) -> None:
    with workspace.read() as session:
        require_admin(session, LOCAL_ADMIN_ID)


@pytest.mark.parametrize("role", ["researcher", "annotator", "viewer"])
def test_other_roles_and_strangers_are_refused(workspace: Workspace, role: str) -> None:
    with workspace.write() as session:
        session.add(User(user_id="usr_1", name="Ada", role=role))
    for user_id in ("usr_1", "usr_unknown"):
        with workspace.read() as session, pytest.raises(AccessDenied, match=user_id):
            require_admin(session, user_id)
