"""A project's word lists: those that Seedbed brings, with the project's own laid over them.

A project's list of the name of a brought one replaces it; a retired one is out of every test until
it is put back.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from core.db.ids import new_id, utc_now
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID
from core.db.tables import WordList as WordListRow
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound
from core.insight.bias.wordlists import WordList, word_lists

KIND = "association"
MAX_LISTS = 50  # active ones; every group pair is tested against each
Origin = Literal["brought", "edited", "own"]


@dataclass(frozen=True)
class KnownList:
    """A list of a project."""

    content: WordList
    origin: Origin  # edited: it replaces one that Seedbed brings
    is_retired: bool  # left out of every test
    changed_at: datetime | None  # None as brought

    @property
    def name(self) -> str:
        """Its slug."""
        return self.content.name


def known_lists(workspace: Workspace, *, project_id: str = DEFAULT_PROJECT_ID) -> list[KnownList]:
    """Every list of the project by name, retired ones included."""
    brought = {one.name: one for one in word_lists()}
    found = {name: KnownList(one, "brought", False, None) for name, one in brought.items()}
    for row in _rows(workspace, project_id):
        origin: Origin = "edited" if row.name in brought else "own"
        found[row.name] = KnownList(
            WordList.model_validate(row.content), origin, row.retired_at is not None,
            row.retired_at or row.created_at,
        )  # fmt: skip
    return [found[name] for name in sorted(found)]


def project_lists(
    workspace: Workspace, *, project_id: str = DEFAULT_PROJECT_ID
) -> tuple[WordList, ...]:
    """The lists that the project's tests use, by name."""
    known = known_lists(workspace, project_id=project_id)
    return tuple(one.content for one in known if not one.is_retired)


def get_list(workspace: Workspace, name: str, *, project_id: str = DEFAULT_PROJECT_ID) -> KnownList:
    """The project's list of that name. Raises NotFound."""
    for one in known_lists(workspace, project_id=project_id):
        if one.name == name:
            return one
    raise NotFound("word list", name)


def put_list(
    workspace: Workspace,
    content: WordList,
    *,
    project_id: str = DEFAULT_PROJECT_ID,
    created_by: str = LOCAL_ADMIN_ID,
) -> KnownList:
    """Store a list under its name, in place of the one that has it.

    Raises InvalidInput where two opposite sides are the same, Conflict above MAX_LISTS.
    """
    _check_sides(content)
    names = {one.name for one in project_lists(workspace, project_id=project_id)}
    if len(names | {content.name}) > MAX_LISTS:
        raise Conflict(
            f"The project has {MAX_LISTS} word lists.", remedy="Retire one that is not needed."
        )
    with workspace.write() as session:
        row = session.scalar(select(WordListRow).where(*_is(content.name, project_id)))
        if row is None:
            row = WordListRow(
                word_list_id=new_id("wls"), kind=KIND, name=content.name, project_id=project_id
            )
            session.add(row)
        row.content, row.retired_at = content.model_dump(mode="json"), None
        row.created_by, row.created_at = created_by, utc_now()
    return get_list(workspace, content.name, project_id=project_id)


def retire_list(
    workspace: Workspace,
    name: str,
    *,
    project_id: str = DEFAULT_PROJECT_ID,
    created_by: str = LOCAL_ADMIN_ID,
) -> KnownList:
    """Leave a list out of every later test. Raises NotFound."""
    known = get_list(workspace, name, project_id=project_id)
    with workspace.write() as session:
        row = session.scalar(select(WordListRow).where(*_is(name, project_id)))
        if row is None:
            row = WordListRow(
                word_list_id=new_id("wls"), kind=KIND, name=name, project_id=project_id,
                content=known.content.model_dump(mode="json"), created_by=created_by,
            )  # fmt: skip
            session.add(row)
        row.retired_at = row.retired_at or utc_now()
    return get_list(workspace, name, project_id=project_id)


def restore_list(
    workspace: Workspace, name: str, *, project_id: str = DEFAULT_PROJECT_ID
) -> KnownList:
    """A brought list as Seedbed brings it, a project's own one back in use. Raises NotFound."""
    known = get_list(workspace, name, project_id=project_id)
    with workspace.write() as session:
        row = session.scalar(select(WordListRow).where(*_is(name, project_id)))
        if row is not None and known.origin == "edited":
            session.delete(row)
        elif row is not None:
            row.retired_at = None
    return get_list(workspace, name, project_id=project_id)


def _check_sides(content: WordList) -> None:
    x, y, a, b = content.sets()
    for one, other in ((x, y), (a, b)):
        if {word.casefold() for word in one.words} == {word.casefold() for word in other.words}:
            raise InvalidInput(
                f"{one.name!r} and {other.name!r} have the same words.",
                remedy="Two opposite sides need words of their own.",
            )


def _is(name: str, project_id: str) -> tuple[Any, ...]:
    return (
        WordListRow.project_id == project_id, WordListRow.kind == KIND, WordListRow.name == name
    )  # fmt: skip


def _rows(workspace: Workspace, project_id: str) -> list[WordListRow]:
    query = select(WordListRow).where(
        WordListRow.project_id == project_id, WordListRow.kind == KIND
    )
    with workspace.read() as session:
        return list(session.scalars(query))
