"""What budgets are about: whether a scope's record exists, and what people call it."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Select, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Budget, Project, Template, User
from core.db.workspace import Workspace
from core.errors import NotFound

SCOPES = ("workspace", "project", "template", "batch", "user")
WHOLE_WORKSPACE = "*"


def check_exists(session: Session | Connection, scope: str, scope_id: str) -> None:
    """Raises NotFound where no record of that scope has this id."""
    if scope != "workspace" and _name(session, scope, scope_id) is None:
        raise NotFound(scope, scope_id)


def label_of(session: Session | Connection, scope: str, scope_id: str) -> str:
    """The scope in words: `the workspace`, `batch Bank answers`; its id where nothing has it."""
    if scope == "workspace":
        return "the workspace"
    return f"{scope} {_name(session, scope, scope_id) or scope_id}"


def label_budgets(workspace: Workspace, budgets: Iterable[Budget]) -> dict[str, str]:
    """What each budget caps, in words, by its id."""
    with workspace.read() as session:
        return {b.budget_id: label_of(session, b.scope, b.scope_id) for b in budgets}


def _name(session: Session | Connection, scope: str, scope_id: str) -> str | None:
    name, key = _NAMED[scope]
    query: Select[str] = select(name).where(key == scope_id)
    return session.execute(query).scalar_one_or_none()


_NAMED: dict[str, tuple[ColumnElement[str], ColumnElement[str]]] = {
    "project": (Project.name.expression, Project.project_id.expression),
    "template": (Template.title.expression, Template.template_id.expression),
    "batch": (Batch.name.expression, Batch.batch_id.expression),
    "user": (User.name.expression, User.user_id.expression),
}
