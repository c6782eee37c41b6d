"""Where a template came from, and which ones came from it. Reads only: `versions` makes a fork."""

from dataclasses import dataclass

from sqlalchemy import select

from core.db.tables import Template, TemplateVersion
from core.db.workspace import Workspace


@dataclass(frozen=True)
class Fork:
    """A template and the version of another one that it came from or went to."""

    template: Template
    version: TemplateVersion


def origin_of(workspace: Workspace, template: Template) -> Fork | None:
    """Where a template was forked from; None for one that was not, or whose origin is gone."""
    if template.forked_from is None:
        return None
    query = (
        select(Template, TemplateVersion)
        .join(TemplateVersion, TemplateVersion.template_id == Template.template_id)
        .where(TemplateVersion.template_version_id == template.forked_from)
    )
    with workspace.read() as session:
        row = session.execute(query).one_or_none()
    return None if row is None else Fork(row[0], row[1])


def forks_of(workspace: Workspace, template_id: str) -> list[Fork]:
    """Templates that were forked from any version of this one, oldest first."""
    query = (
        select(Template, TemplateVersion)
        .join(TemplateVersion, TemplateVersion.template_version_id == Template.forked_from)
        .where(TemplateVersion.template_id == template_id)
        .order_by(Template.created_at, Template.template_id)
    )
    with workspace.read() as session:
        return [Fork(template, version) for template, version in session.execute(query)]
