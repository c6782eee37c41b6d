"""The list of batches: found, counted and paged in the database."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select

from core.db.tables import DEFAULT_PROJECT_ID, Batch, TemplateVersion
from core.db.workspace import Workspace
from core.generation.batches import KEPT_KINDS


def list_batches(
    workspace: Workspace,
    *,
    state: str | None = None,
    kinds: Sequence[str] = KEPT_KINDS,
    template_id: str | None = None,
    search: str = "",
    project_id: str = DEFAULT_PROJECT_ID,
    limit: int = 50,
    offset: int = 0,
) -> list[Batch]:
    """Batches, newest first; `search` is part of a name or model in any case, or a whole id."""
    query = (
        select(Batch)
        .where(*_conditions(state, kinds, template_id, search, project_id))
        .order_by(Batch.created_at.desc(), Batch.batch_id.desc())
    )
    with workspace.read() as session:
        return list(session.scalars(query.limit(limit).offset(offset)))


def count_batches(
    workspace: Workspace,
    *,
    state: str | None = None,
    kinds: Sequence[str] = KEPT_KINDS,
    template_id: str | None = None,
    search: str = "",
    project_id: str = DEFAULT_PROJECT_ID,
) -> int:
    """How many batches `list_batches` finds with the same arguments."""
    conditions = _conditions(state, kinds, template_id, search, project_id)
    with workspace.read() as session:
        return session.scalar(select(func.count()).select_from(Batch).where(*conditions)) or 0


def _conditions(
    state: str | None,
    kinds: Sequence[str],
    template_id: str | None,
    search: str,
    project_id: str,
) -> list[ColumnElement[bool]]:
    conditions = [Batch.project_id == project_id, Batch.kind.in_(kinds)]
    if state is not None:
        conditions.append(Batch.state == state)
    if template_id is not None:
        of_template = select(TemplateVersion.template_version_id).where(
            TemplateVersion.template_id == template_id
        )
        conditions.append(Batch.template_version_id.in_(of_template))
    if words := search.strip():
        conditions.append(
            or_(
                Batch.name.icontains(words, autoescape=True),
                Batch.model.icontains(words, autoescape=True),
                Batch.batch_id == words,
            )
        )
    return conditions
