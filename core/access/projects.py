"""Projects and the people in them. Without sign-in there is one person: the local admin."""

from sqlalchemy import select

from core.db.ids import new_id
from core.db.tables import LOCAL_ADMIN_ID, Project, User
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound


def list_projects(workspace: Workspace) -> list[Project]:
    """All projects, oldest first."""
    with workspace.read() as session:
        return list(session.scalars(select(Project).order_by(Project.created_at)))


def create_project(workspace: Workspace, name: str, created_by: str = LOCAL_ADMIN_ID) -> Project:
    """A new, empty project.

    Raises InvalidInput for an empty name, Conflict for one that is taken.
    """
    name = name.strip()
    if not name:
        raise InvalidInput("A project needs a name.", remedy="Enter one.")
    with workspace.write() as session:
        if session.scalar(select(Project).where(Project.name == name)) is not None:
            raise Conflict(f"A project called {name!r} exists.", remedy="Choose another name.")
        project = Project(project_id=new_id("prj"), name=name, created_by=created_by)
        session.add(project)
    return project


def local_admin(workspace: Workspace) -> User:
    """The person who uses a workspace without sign-in."""
    with workspace.read() as session:
        user = session.get(User, LOCAL_ADMIN_ID)
    if user is None:
        raise NotFound("user", LOCAL_ADMIN_ID)
    return user
