"""Unsaved texts of templates: one per person and template, valid or not, kept as they type.

A draft is not a version: nothing is generated from it, and nobody else sees it.
"""

from sqlalchemy import ColumnElement, delete, select

from core.db.ids import new_id, utc_now
from core.db.tables import LOCAL_ADMIN_ID, Template, TemplateDraft
from core.db.workspace import Workspace
from core.errors import NotFound, TemplateError
from core.templates.yaml_text import MAX_YAML_CHARS


def load_draft(
    workspace: Workspace, template_id: str, user_id: str = LOCAL_ADMIN_ID
) -> TemplateDraft | None:
    """That person's draft of the template; None where they have none."""
    with workspace.read() as session:
        return session.scalar(select(TemplateDraft).where(*_of(template_id, user_id)))


def store_draft(
    workspace: Workspace,
    template_id: str,
    base_version_id: str,
    text: str,
    user_id: str = LOCAL_ADMIN_ID,
) -> TemplateDraft:
    """The draft that now holds this text; `base_version_id` is the version it was opened from.

    Raises NotFound for an unknown template, TemplateError for a text that is too long to be one.
    """
    if len(text) > MAX_YAML_CHARS:
        raise TemplateError(f"The text is longer than {MAX_YAML_CHARS:,} characters.")
    with workspace.write() as session:
        template = session.get(Template, template_id)
        if template is None:
            raise NotFound("template", template_id)
        draft = session.scalar(select(TemplateDraft).where(*_of(template_id, user_id)))
        if draft is None:
            draft = TemplateDraft(
                draft_id=new_id("dft"),
                template_id=template_id,
                project_id=template.project_id,
                created_by=user_id,
            )
            session.add(draft)
        draft.base_version_id, draft.text, draft.updated_at = base_version_id, text, utc_now()
        return draft


def drop_draft(workspace: Workspace, template_id: str, user_id: str = LOCAL_ADMIN_ID) -> None:
    """Forget that person's draft; nothing happens where there is none."""
    with workspace.write() as session:
        session.execute(delete(TemplateDraft).where(*_of(template_id, user_id)))


def drafted_templates(workspace: Workspace, user_id: str = LOCAL_ADMIN_ID) -> set[str]:
    """The ids of the templates that this person has unsaved changes of."""
    with workspace.read() as session:
        query = select(TemplateDraft.template_id).where(TemplateDraft.created_by == user_id)
        return set(session.scalars(query))


def _of(template_id: str, user_id: str) -> tuple[ColumnElement[bool], ...]:
    return (TemplateDraft.template_id == template_id, TemplateDraft.created_by == user_id)
