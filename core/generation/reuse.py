"""Answers that were paid for before and can be used again."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import or_, select

from core.db.tables import Attempt
from core.db.workspace import Workspace


class KnownAnswer(NamedTuple):
    """An answer that is stored already."""

    attempt_id: str
    text: str


def find_answers(workspace: Workspace, request_keys: Iterable[str]) -> dict[str, KnownAnswer]:
    """Answers by request key, for those keys that were answered.

    An answer that broke its schema counts: the repair round starts from it.
    """
    query = select(Attempt.request_key, Attempt.attempt_id, Attempt.response_text).where(
        Attempt.request_key.in_(list(request_keys)),
        Attempt.state == "succeeded",
        Attempt.response_text.is_not(None),
        or_(Attempt.failure_kind.is_(None), Attempt.failure_kind == "schema"),
    )
    with workspace.read() as session:
        rows = session.execute(query).all()
    return {key: KnownAnswer(attempt_id, text) for key, attempt_id, text in rows if text}
