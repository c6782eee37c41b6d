"""Templates and their immutable versions in the database.

A version is never changed: saving adds one, and restoring adds one with the old content. What is
previewed before it is saved is a *draft*: a version too, so that its samples keep their lineage,
numbered 0, -1, -2 … and left out of every list.
"""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeGuard

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db.ids import new_id
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Template, TemplateVersion
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound
from core.templates.definition import (
    TemplateDefinition,
    build_template,
    content_hash,
    parse_template,
    template_yaml,
)
from core.templates.trial import trial_render

SAVED = TemplateVersion.number > 0
MAX_LABEL_CHARS = 200


@dataclass(frozen=True)
class TemplateRow:
    """A template as lists show it."""

    template: Template
    latest: TemplateVersion
    version_count: int


def save_template(
    workspace: Workspace,
    definition: TemplateDefinition,
    note: str = "",
    *,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
    is_trusted: bool = False,
    kind: str = "template",
) -> TemplateVersion:
    """The version that now holds this content: the newest one if it already does, else a new one.

    The template is found by its name, and made when missing. `is_trusted` skips the trial
    rendering; it is for templates that ship with Seedbed. `kind` is that of a template made now.

    Raises TemplateError when the trial fails, Conflict when someone saved at the same moment.
    """
    if not is_trusted:
        trial_render(definition)
    with _one_saver(definition.name), workspace.write() as session:
        template = _locked(session, definition, created_by, project_id, kind)
        latest = _latest(session, template.template_id)
        if _holds(latest, definition):
            return latest
        template.title, template.domain = definition.title, definition.domain
        template.description = definition.description
        number = 1 if latest is None else latest.number + 1
        version = _version(template, definition, number, note, created_by)
        session.add(version)
        return version


def save_draft(
    workspace: Workspace,
    definition: TemplateDefinition,
    *,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> TemplateVersion:
    """A version to preview this content with, without adding one to the template's history.

    The newest version where it holds this content, else the draft that does, else a new draft.

    Raises TemplateError when the trial rendering fails, Conflict when someone saved at that moment.
    """
    trial_render(definition)
    with _one_saver(definition.name), workspace.write() as session:
        template = _locked(session, definition, created_by, project_id)
        of_template = TemplateVersion.template_id == template.template_id
        drafts = session.scalars(select(TemplateVersion).where(of_template, ~SAVED))
        for known in (_latest(session, template.template_id), *drafts):
            if _holds(known, definition):
                return known
        lowest = session.scalar(select(func.min(TemplateVersion.number)).where(of_template))
        number = min(1 if lowest is None else lowest, 1) - 1
        draft = _version(template, definition, number, "Previewed, not saved.", created_by)
        session.add(draft)
        return draft


def _holds(
    version: TemplateVersion | None, definition: TemplateDefinition
) -> TypeGuard[TemplateVersion]:
    return version is not None and version.content_hash == content_hash(definition)


def is_draft(version: TemplateVersion) -> bool:
    """Whether the version was previewed and never saved."""
    return version.number <= 0


def version_name(version: TemplateVersion) -> str:
    """What people call it: "version 3", "version 3, shorter" where named, or "unsaved draft"."""
    if is_draft(version):
        return "unsaved draft"
    return f"version {version.number}" + (f", {version.name}" if version.name else "")


def _version(
    template: Template, definition: TemplateDefinition, number: int, note: str, created_by: str
) -> TemplateVersion:
    return TemplateVersion(
        template_version_id=new_id("tpv"),
        template_id=template.template_id,
        number=number,
        content_hash=content_hash(definition),
        definition=definition.model_dump(mode="json"),
        note=note,
        created_by=created_by,
        project_id=template.project_id,
    )


@contextmanager
def _one_saver(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Conflict(
            f"Someone saved the template {name!r} at the same moment.", remedy="Save again."
        ) from error


def _locked(
    session: Session,
    definition: TemplateDefinition,
    created_by: str,
    project_id: str,
    kind: str = "template",
) -> Template:
    """The template of that name, held against other savers until the end of the transaction."""
    template = session.scalar(
        select(Template)
        .where(Template.project_id == project_id, Template.name == definition.name)
        .with_for_update()
    )
    if template is None:
        template = Template(
            template_id=new_id("tpl"),
            name=definition.name,
            title=definition.title,
            domain=definition.domain,
            kind=kind,
            created_by=created_by,
            project_id=project_id,
        )
        session.add(template)
        session.flush()
    return template


def list_templates(
    workspace: Workspace,
    *,
    limit: int = 100,
    offset: int = 0,
    project_id: str = DEFAULT_PROJECT_ID,
) -> list[TemplateRow]:
    """The templates that people edit, by title, each with its newest version."""
    newest = (
        select(
            TemplateVersion.template_id,
            func.max(TemplateVersion.number).label("number"),
            func.count().label("version_count"),
        )
        .where(SAVED)
        .group_by(TemplateVersion.template_id)
        .subquery()
    )
    query = (
        select(Template, TemplateVersion, newest.c.version_count)
        .join(newest, newest.c.template_id == Template.template_id)
        .join(
            TemplateVersion,
            (TemplateVersion.template_id == newest.c.template_id)
            & (TemplateVersion.number == newest.c.number),
        )
        .where(Template.project_id == project_id, Template.kind == "template")
        .order_by(Template.title, Template.template_id)
        .limit(limit)
        .offset(offset)
    )
    with workspace.read() as session:
        return [
            TemplateRow(template, version, n) for template, version, n in session.execute(query)
        ]


def get_template(
    workspace: Workspace, name_or_id: str, *, project_id: str = DEFAULT_PROJECT_ID
) -> Template:
    """The template with that id, or that name in the project.

    Raises NotFound.
    """
    with workspace.read() as session:
        return _template(session, name_or_id, project_id)


def _template(session: Session, name_or_id: str, project_id: str) -> Template:
    template = session.scalar(
        select(Template).where(
            Template.project_id == project_id,
            (Template.template_id == name_or_id) | (Template.name == name_or_id),
        )
    )
    if template is None:
        raise NotFound("template", name_or_id)
    return template


def list_versions(
    workspace: Workspace, template_id: str, *, limit: int = 100, offset: int = 0
) -> list[TemplateVersion]:
    """A template's saved versions, newest first."""
    query = (
        select(TemplateVersion)
        .where(TemplateVersion.template_id == template_id, SAVED)
        .order_by(TemplateVersion.number.desc())
        .limit(limit)
        .offset(offset)
    )
    with workspace.read() as session:
        return list(session.scalars(query))


def latest_version(
    workspace: Workspace, name_or_id: str, *, project_id: str = DEFAULT_PROJECT_ID
) -> TemplateVersion:
    """The newest version of a template.

    Raises NotFound.
    """
    with workspace.read() as session:
        template = _template(session, name_or_id, project_id)
        version = _latest(session, template.template_id)
        if version is None:
            raise NotFound("template", name_or_id)
        return version


def _latest(session: Session, template_id: str) -> TemplateVersion | None:
    return session.scalar(
        select(TemplateVersion)
        .where(TemplateVersion.template_id == template_id, SAVED)
        .order_by(TemplateVersion.number.desc())
        .limit(1)
    )


def get_version(workspace: Workspace, template_version_id: str) -> TemplateVersion:
    """The version with that id.

    Raises NotFound.
    """
    with workspace.read() as session:
        version = session.get(TemplateVersion, template_version_id)
        if version is None:
            raise NotFound("template version", template_version_id)
        return version


def load_definition(version: TemplateVersion) -> TemplateDefinition:
    """The definition that a version holds."""
    return build_template(version.definition)


def restore_version(
    workspace: Workspace, template_version_id: str, *, created_by: str = LOCAL_ADMIN_ID
) -> TemplateVersion:
    """A new version with the content of an old one; the newest itself if that is asked for.

    Raises NotFound.
    """
    old = get_version(workspace, template_version_id)
    return save_template(
        workspace,
        load_definition(old),
        note=f"Restored from version {old.number}.",
        created_by=created_by,
        project_id=old.project_id,
    )


def find_version(
    workspace: Workspace,
    name_or_id: str,
    version: str = "",
    *,
    project_id: str = DEFAULT_PROJECT_ID,
) -> TemplateVersion:
    """A template's version by number, label or id; the newest without one.

    Of two versions with the same label, the newer one. Raises NotFound.
    """
    wanted = version.strip()
    if not wanted:
        return latest_version(workspace, name_or_id, project_id=project_id)
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 10 else None
    with workspace.read() as session:
        template = _template(session, name_or_id, project_id)
        found = session.scalar(
            select(TemplateVersion)
            .where(
                TemplateVersion.template_id == template.template_id,
                or_(
                    (TemplateVersion.name == wanted) & SAVED,
                    TemplateVersion.template_version_id == wanted,
                    (TemplateVersion.number == number) & SAVED,
                ),
            )
            .order_by((TemplateVersion.number == number).desc(), TemplateVersion.number.desc())
            .limit(1)
        )
        if found is None:
            raise NotFound("template version", wanted)
        return found


def rename_version(workspace: Workspace, template_version_id: str, name: str) -> TemplateVersion:
    """The version under another label; "" takes the label away. Its content stays as it is.

    Raises NotFound, or InvalidInput for a label that is too long or only a number.
    """
    label = " ".join(name.split())
    if len(label) > MAX_LABEL_CHARS:
        raise InvalidInput(
            f"The name has {len(label)} characters.", remedy=f"Use at most {MAX_LABEL_CHARS}."
        )
    if label.isdecimal():
        raise InvalidInput(
            f"{label!r} would read as a version's number.", remedy="Add a word to it."
        )
    with workspace.write() as session:
        version = session.get(TemplateVersion, template_version_id)
        if version is None:
            raise NotFound("template version", template_version_id)
        version.name = label
        return version


def fork_template(
    workspace: Workspace,
    template_version_id: str,
    name: str,
    *,
    title: str = "",
    created_by: str = LOCAL_ADMIN_ID,
) -> TemplateVersion:
    """The first version of a new template that starts from this one and remembers it.

    Raises NotFound, TemplateError for a name that is none, Conflict for one that is taken.
    """
    origin = get_version(workspace, template_version_id)
    definition = _renamed(load_definition(origin), name, title)
    with _one_saver(name), workspace.write() as session:
        parent = session.get_one(Template, origin.template_id)
        taken = select(Template.template_id).where(
            Template.project_id == origin.project_id, Template.name == definition.name
        )
        if session.scalar(taken) is not None:
            raise Conflict(f"A template is already called {name!r}.", remedy="Choose another name.")
        template = _locked(session, definition, created_by, origin.project_id)
        template.description = definition.description
        template.forked_from = template_version_id
        note = f"Forked from {parent.name}, {version_name(origin)}."
        version = _version(template, definition, 1, note, created_by)
        session.add(version)
        return version


def _renamed(definition: TemplateDefinition, name: str, title: str) -> TemplateDefinition:
    named = definition.model_copy(update={"name": name, "title": title.strip() or definition.title})
    return parse_template(template_yaml(named))


def diff_versions(workspace: Workspace, a_id: str, b_id: str) -> str:
    """The unified diff of two versions' YAML; an empty text where they say the same.

    Raises NotFound.
    """
    a, b = get_version(workspace, a_id), get_version(workspace, b_id)
    before, after = (
        template_yaml(load_definition(version)).splitlines(keepends=True) for version in (a, b)
    )
    names = f"version {a.number}", f"version {b.number}"
    return "".join(difflib.unified_diff(before, after, *names))
