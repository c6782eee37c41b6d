"""The scopes that people can choose from, newest first. Reads only."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, func, select

from core.db.tables import (
    DEFAULT_PROJECT_ID,
    Batch,
    Dataset,
    DatasetVersion,
    Source,
    Template,
    TemplateVersion,
)
from core.db.workspace import Workspace
from core.generation.batches import KEPT_KINDS
from core.insight.records import Scope, ScopeKind, scope_of
from core.insight.row import owner_of

LIMIT: Final = 200

Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class ScopeRow:
    """One population of texts as pickers name it."""

    scope: Scope
    name: str  # Bank answers, version 3
    note: str  # state of a batch, number of its files …; "" where there is nothing to add
    texts: int  # generated samples, released rows or chunks

    @property
    def kind(self) -> ScopeKind:
        """What it is a population of."""
        return self.scope.kind

    @property
    def scope_id(self) -> str:
        """The id of what can be measured."""
        return self.scope.id


def list_scopes(
    workspace: Workspace,
    kind: ScopeKind,
    *,
    project_id: str = DEFAULT_PROJECT_ID,
    limit: int = LIMIT,
) -> list[ScopeRow]:
    """Scopes of one kind, newest first: batches that are kept, template versions that were
    generated from, released dataset versions, sources.
    """
    with workspace.read() as session:
        rows = session.execute(_statement(kind, project_id).limit(limit)).all()
    return [_row(kind, *row) for row in rows]


def find_scope(workspace: Workspace, scope_id: str) -> ScopeRow:
    """The scope of that id. Raises NotFound."""
    scope = scope_of(scope_id)
    with workspace.read() as session:
        owner = owner_of(session, scope)
        statement = _statement(scope.kind, owner.project_id, any_of_them=True)
        row = session.execute(statement.where(_key(scope.kind) == scope_id)).first()
    return _row(scope.kind, *row) if row else ScopeRow(scope, scope_id, "", 0)


def _key(kind: ScopeKind) -> Any:
    return {
        "batch": Batch.batch_id, "template_version": TemplateVersion.template_version_id,
        "dataset_version": DatasetVersion.dataset_version_id, "source": Source.source_id,
    }[kind]  # fmt: skip


def _row(kind: ScopeKind, scope_id: str, name: str, note: Any, texts: int) -> ScopeRow:
    said = f"{name}, version {note}" if kind == "template_version" else name
    said = f"{name} {note}" if kind == "dataset_version" else said
    return ScopeRow(Scope(kind, scope_id), said, str(note) if kind == "batch" else "", texts or 0)


def _statement(kind: ScopeKind, project_id: str, *, any_of_them: bool = False) -> Rows:
    """Rows of id, name, note and number of texts."""
    if kind == "batch":
        found = select(Batch.batch_id, Batch.name, Batch.state, Batch.generated)
        if not any_of_them:
            found = found.where(Batch.kind.in_(KEPT_KINDS))
        return found.where(Batch.project_id == project_id).order_by(
            Batch.created_at.desc(), Batch.batch_id.desc()
        )
    if kind == "source":
        found = select(Source.source_id, Source.name, Source.kind, Source.chunk_count)
        return found.where(Source.project_id == project_id).order_by(Source.created_at.desc())
    if kind == "dataset_version":
        return (
            select(
                DatasetVersion.dataset_version_id, Dataset.name, DatasetVersion.version,
                DatasetVersion.sample_count,
            )
            .join(Dataset, Dataset.dataset_id == DatasetVersion.dataset_id)
            .where(DatasetVersion.project_id == project_id, DatasetVersion.state == "released")
            .order_by(DatasetVersion.created_at.desc())
        )  # fmt: skip
    return (
        select(
            TemplateVersion.template_version_id, Template.title, TemplateVersion.number,
            func.sum(Batch.generated),
        )
        .join(Template, Template.template_id == TemplateVersion.template_id)
        .join(Batch, Batch.template_version_id == TemplateVersion.template_version_id)
        .where(
            TemplateVersion.project_id == project_id,
            Template.kind == "template",
            Batch.kind.in_(KEPT_KINDS),
        )
        .group_by(TemplateVersion.template_version_id, Template.title, TemplateVersion.number)
        .order_by(func.max(Batch.created_at).desc())
    )  # fmt: skip
