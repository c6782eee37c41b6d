"""The starter library that ships with Seedbed: one YAML file per template."""

from pathlib import Path

from sqlalchemy import select

from core.db.tables import DEFAULT_PROJECT_ID, Template, TemplateVersion
from core.db.workspace import Workspace
from core.templates.definition import TemplateDefinition, content_hash, parse_template
from core.templates.versions import save_template

STARTER_FOLDER = Path(__file__).resolve().parents[2] / "data" / "templates"
STARTER_NOTE = "Starter template that ships with Seedbed."


def starter_definitions() -> list[TemplateDefinition]:
    """Every starter, by file name."""
    return [
        parse_template(path.read_text("utf-8")) for path in sorted(STARTER_FOLDER.glob("*.yaml"))
    ]


def install_starters(workspace: Workspace, *, project_id: str = DEFAULT_PROJECT_ID) -> int:
    """Add missing starters and newer editions of them; how many versions that were.

    A template that a person has changed is left as it is.
    """
    added = 0
    for definition in starter_definitions():
        if _is_wanted(workspace, definition, project_id):
            save_template(
                workspace, definition, STARTER_NOTE, project_id=project_id, is_trusted=True
            )
            added += 1
    return added


def _is_wanted(workspace: Workspace, definition: TemplateDefinition, project_id: str) -> bool:
    query = (
        select(TemplateVersion.content_hash, TemplateVersion.note)
        .join(Template, Template.template_id == TemplateVersion.template_id)
        .where(Template.project_id == project_id, Template.name == definition.name)
        .order_by(TemplateVersion.number)
    )
    with workspace.read() as session:
        versions = session.execute(query).all()
    is_known = any(version.content_hash == content_hash(definition) for version in versions)
    return not is_known and all(version.note == STARTER_NOTE for version in versions)
