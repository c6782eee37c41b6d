"""The starter library that ships with Seedbed: one YAML file per template, one folder per set.

A workspace begins with the few starters that the README, the demonstration and the notebooks use.
The others stay in the library until somebody copies one: a list of templates is for one's own work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import select

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Template, TemplateVersion
from core.db.workspace import Workspace
from core.errors import Conflict, NotFound
from core.templates.definition import (
    TemplateDefinition,
    build_template,
    content_hash,
    parse_template,
)
from core.templates.versions import save_template

STARTER_FOLDER = Path(__file__).resolve().parents[2] / "data" / "templates"
STARTER_NOTE = "Starter template that ships with Seedbed."
# The folders below STARTER_FOLDER, in the order in which people browse them.
SETS = {
    "industry": "Industry answers",
    "comic": "Comic and storytelling",
    "documents": "Documents",
    "conversation": "Conversation",
    "preference": "Preference",
    "classification": "Classification",
    "rewriting": "Rewriting",
    "languages": "Languages",
    "reasoning": "Reasoning",
}
NEEDED = {"table_row": "a table", "knowledge": "a knowledge base"}
MAX_COPIES = 1000
INSTALLED = ("banking-expert-answer", "comic-panel", "grounded-qa", "preference-pair")


@dataclass(frozen=True)
class Starter:
    """One template of the library."""

    set_name: str  # a key of SETS
    definition: TemplateDefinition

    @property
    def purpose(self) -> str:
        """The first sentence of its description."""
        first, _, _ = self.definition.description.partition(". ")
        return first.rstrip(".") + "."

    @property
    def calls(self) -> int:
        """Requests to a model for one sample."""
        return len(self.definition.steps) or 1

    @property
    def needs(self) -> str:
        """What a batch of it is made from besides its variables; "" for nothing."""
        wanted = [
            NEEDED[variable.sampler.kind]
            for variable in self.definition.variables
            if variable.sampler.kind in NEEDED
        ]
        source = self.definition.source
        if source is not None:
            wanted.insert(0, "a source" if source.required else "a source, if you have one")
        return ", ".join(dict.fromkeys(wanted))


@cache
def starters() -> tuple[Starter, ...]:
    """The whole library, by set and then by file name. Read once per process."""
    return tuple(
        Starter(name, parse_template(path.read_text("utf-8")))
        for name in SETS
        for path in sorted((STARTER_FOLDER / name).glob("*.yaml"))
    )


def starter_definitions() -> list[TemplateDefinition]:
    """Every starter's definition, in the order of the library."""
    return [starter.definition for starter in starters()]


def get_starter(name: str) -> Starter:
    """The starter of that name.

    Raises NotFound.
    """
    found = next((s for s in starters() if s.definition.name == name), None)
    if found is None:
        raise NotFound("starter", name)
    return found


def copy_starter(
    workspace: Workspace,
    name: str,
    new_name: str,
    *,
    title: str = "",
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> TemplateVersion:
    """The first version of a template of one's own with a starter's content.

    Raises NotFound for the starter, TemplateError for a name that is none, Conflict when a template
    has it already.
    """
    starter = get_starter(name).definition
    data = starter.model_dump(mode="json", exclude_defaults=True)
    copy = build_template({**data, "name": new_name, "title": title or starter.title})
    with workspace.read() as session:
        taken = session.scalar(
            select(Template.template_id).where(
                Template.project_id == project_id, Template.name == new_name
            )
        )
    if taken is not None:
        raise Conflict(f"There is a template {new_name!r} already.", remedy="Choose another name.")
    return save_template(
        workspace, copy, f"Copied from the starter {name}.",
        created_by=created_by, project_id=project_id, is_trusted=True,
    )  # fmt: skip


def free_name(workspace: Workspace, name: str, *, project_id: str = DEFAULT_PROJECT_ID) -> str:
    """A name for a copy of that starter which no template has: my-…, my-…-2 and so on."""
    first = f"my-{name}"
    query = select(Template.name).where(
        Template.project_id == project_id, Template.name.startswith(first)
    )
    with workspace.read() as session:
        taken = set(session.scalars(query))
    numbered = (f"{first}-{number}" for number in range(2, MAX_COPIES))
    return next((n for n in (first, *numbered) if n not in taken), first)


def install_starters(
    workspace: Workspace,
    names: Sequence[str] = INSTALLED,
    *,
    project_id: str = DEFAULT_PROJECT_ID,
) -> int:
    """Add these starters where they are missing or older; how many versions that were.

    A template that a person has changed is left as it is. Raises NotFound.
    """
    wanted = [_read(name) for name in names]
    missing = [d for d in wanted if _is_wanted(workspace, d, project_id)]
    for definition in missing:
        save_template(workspace, definition, STARTER_NOTE, project_id=project_id, is_trusted=True)
    return len(missing)


@cache
def _read(name: str) -> TemplateDefinition:
    """One starter, without parsing the others: every process opens a workspace."""
    path = next(STARTER_FOLDER.glob(f"*/{name}.yaml"), None)
    if path is None:
        raise NotFound("starter", name)
    return parse_template(path.read_text("utf-8"))


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
