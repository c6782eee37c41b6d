"""Rubrics and their immutable versions in the database, and the starters that ship with Seedbed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db.ids import new_id
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Rubric, RubricVersion
from core.db.workspace import Workspace
from core.errors import Conflict, NotFound
from core.quality.judge.prompting import FORMS, judge_definition
from core.quality.judge.rubric import RubricDefinition, build_rubric, parse_rubric, rubric_hash

FOLDER: Final = Path(__file__).resolve().parents[3] / "data" / "rubrics"
STARTER_NOTE: Final = "Starter rubric that ships with Seedbed."


@dataclass(frozen=True)
class RubricRow:
    """A rubric as lists show it."""

    rubric: Rubric
    latest: RubricVersion
    version_count: int

    @property
    def definition(self) -> RubricDefinition:
        """The content of its newest version."""
        return load_rubric(self.latest)


@cache
def starter_rubrics() -> tuple[RubricDefinition, ...]:
    """The rubrics that ship with Seedbed, by name. Read once per process."""
    return tuple(parse_rubric(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.yaml")))


def load_rubric(version: RubricVersion) -> RubricDefinition:
    """The content of a stored version."""
    return build_rubric(version.definition)


def save_rubric(
    workspace: Workspace,
    definition: RubricDefinition,
    note: str = "",
    *,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> RubricVersion:
    """The version that now holds this content: the newest one if it already does, else a new one.

    The rubric is found by its name, and made when missing. Raises TemplateError for one that no
    prompt can hold, Conflict when someone saved at the same moment.
    """
    for form in FORMS:
        judge_definition(definition, form)
    try:
        with workspace.write() as session:
            return _saved(session, definition, note, created_by, project_id)
    except IntegrityError as error:
        raise Conflict(
            f"The rubric {definition.name!r} was saved by someone else at the same moment.",
            remedy="Load it again and compare.",
        ) from error


def _saved(
    session: Session, definition: RubricDefinition, note: str, created_by: str, project_id: str
) -> RubricVersion:
    rubric = session.scalars(
        select(Rubric).where(Rubric.project_id == project_id, Rubric.name == definition.name)
    ).one_or_none()
    if rubric is None:
        rubric = Rubric(
            rubric_id=new_id("rub"), name=definition.name, created_by=created_by,
            project_id=project_id,
        )  # fmt: skip
        session.add(rubric)
        session.flush()
    latest = _latest(session, rubric.rubric_id)
    content = rubric_hash(definition)
    if latest is not None and latest.content_hash == content:
        return latest
    version = RubricVersion(
        rubric_version_id=new_id("rbv"),
        rubric_id=rubric.rubric_id,
        number=1 if latest is None else latest.number + 1,
        content_hash=content,
        definition=definition.model_dump(mode="json"),
        note=note,
        created_by=created_by,
        project_id=project_id,
    )
    session.add(version)
    return version


def _latest(session: Session, rubric_id: str) -> RubricVersion | None:
    query = select(RubricVersion).where(RubricVersion.rubric_id == rubric_id)
    return session.scalars(query.order_by(RubricVersion.number.desc()).limit(1)).first()


def list_rubrics(workspace: Workspace, *, project_id: str = DEFAULT_PROJECT_ID) -> list[RubricRow]:
    """The project's rubrics, by name."""
    newest = (
        select(RubricVersion.rubric_id, func.max(RubricVersion.number).label("number"))
        .group_by(RubricVersion.rubric_id)
        .subquery()
    )
    query = (
        select(Rubric, RubricVersion, newest.c.number)
        .join(newest, newest.c.rubric_id == Rubric.rubric_id)
        .join(
            RubricVersion,
            (RubricVersion.rubric_id == newest.c.rubric_id)
            & (RubricVersion.number == newest.c.number),
        )
        .where(Rubric.project_id == project_id)
        .order_by(Rubric.name)
    )
    with workspace.read() as session:
        return [RubricRow(row[0], row[1], int(row[2])) for row in session.execute(query)]


def get_rubric(
    workspace: Workspace, rubric: str, *, project_id: str = DEFAULT_PROJECT_ID
) -> RubricRow:
    """The rubric of that id or name. Raises NotFound."""
    for row in list_rubrics(workspace, project_id=project_id):
        if rubric in (row.rubric.rubric_id, row.rubric.name):
            return row
    raise NotFound("rubric", rubric)


def get_rubric_version(workspace: Workspace, rubric_version_id: str) -> RubricVersion:
    """The version of that id. Raises NotFound."""
    with workspace.read() as session:
        version = session.get(RubricVersion, rubric_version_id)
    if version is None:
        raise NotFound("rubric version", rubric_version_id)
    return version


def list_rubric_versions(workspace: Workspace, rubric_id: str) -> Sequence[RubricVersion]:
    """A rubric's versions, newest first. Raises NotFound."""
    query = (
        select(RubricVersion)
        .join(Rubric, Rubric.rubric_id == RubricVersion.rubric_id)
        .where(or_(Rubric.rubric_id == rubric_id, Rubric.name == rubric_id))
        .order_by(RubricVersion.number.desc())
    )
    with workspace.read() as session:
        found = list(session.scalars(query))
    if not found:
        raise NotFound("rubric", rubric_id)
    return found


def install_rubric(
    workspace: Workspace, name: str, *, project_id: str = DEFAULT_PROJECT_ID
) -> RubricVersion:
    """A starter as the project's own rubric; the present one where it has that name.

    Raises NotFound.
    """
    for row in list_rubrics(workspace, project_id=project_id):
        if row.rubric.name == name:
            return row.latest
    for starter in starter_rubrics():
        if starter.name == name:
            return save_rubric(workspace, starter, STARTER_NOTE, project_id=project_id)
    raise NotFound("starter rubric", name)
