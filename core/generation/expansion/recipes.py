"""The recipes of expansions and augmentations that ship with Seedbed, as template versions.

A launch takes the version of its recipe, made when missing; lists of templates leave them out.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import select

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Template, TemplateVersion
from core.db.workspace import Workspace
from core.errors import Conflict
from core.templates.definition import (
    TemplateDefinition,
    build_template,
    content_hash,
    parse_template,
)
from core.templates.versions import save_template

FOLDER: Final = Path(__file__).resolve().parents[3] / "data" / "expansions"
NOTE: Final = "Recipe that ships with Seedbed."
# By operation: the file, which is also the recipe's name.
EXPANSIONS: Final = {
    "grow_values": "grow-values",
    "rewrite_prompt": "rewrite-prompt",
    "evolve": "evolve-instructions",
}
AUGMENTATIONS: Final = {
    "paraphrase": "augment-paraphrase",
    "back_translation": "augment-back-translation",
    "persona": "augment-persona",
    "noise": "augment-noise",
    "swap": "augment-swap",
}
BY_RULE: Final = ("noise", "swap")  # made without a call


@cache
def recipe(operation: str) -> TemplateDefinition:
    """The recipe of an operation, read once per process. Raises KeyError for an unknown one."""
    name = {**EXPANSIONS, **AUGMENTATIONS}[operation]
    return parse_template((FOLDER / f"{name}.yaml").read_text("utf-8"))


def variant_of(
    definition: TemplateDefinition, suffix: str, **changes: object
) -> TemplateDefinition:
    """The recipe with some fields changed, under a name of its own: `augment-noise-banking`."""
    if not changes:
        return definition
    data = definition.model_dump(mode="json", exclude_defaults=True)
    slug = re.sub(r"[^a-z0-9]+", "-", suffix.casefold()).strip("-")
    return build_template(
        {**data, "name": f"{definition.name}-{slug}"[:100].rstrip("-"), **changes}
    )


def recipe_version(
    workspace: Workspace,
    definition: TemplateDefinition,
    *,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> TemplateVersion:
    """The version that holds this recipe, made when missing.

    Raises Conflict where a template of one's own has the recipe's name.
    """
    with workspace.read() as session:
        known = session.execute(
            select(Template.kind, TemplateVersion)
            .join(TemplateVersion, TemplateVersion.template_id == Template.template_id)
            .where(Template.project_id == project_id, Template.name == definition.name)
            .order_by(TemplateVersion.number.desc())
            .limit(1)
        ).one_or_none()
    if known is not None and known.kind != "expansion":
        raise Conflict(
            f"A template of yours is called {definition.name!r}, as a recipe of Seedbed is.",
            remedy="Copy it under another name.",
        )
    # An estimate on a page asks with every keystroke: it must not wait for a writer's turn.
    if known is not None and known.TemplateVersion.content_hash == content_hash(definition):
        found: TemplateVersion = known.TemplateVersion
        return found
    return save_template(
        workspace, definition, NOTE, created_by=created_by, project_id=project_id,
        is_trusted=True, kind="expansion",
    )  # fmt: skip
