"""Answers that were paid for before and can be used again."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select

from core.db.tables import Attempt, Batch
from core.db.types import to_nano, to_usd
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, check_request
from core.generation.probing import Probe

MOST_LOOKED_AT = 2_000  # requests prepared by one count: about a second
KEYS_PER_QUERY = 500


class KnownAnswer(NamedTuple):
    """An answer that is stored already."""

    attempt_id: str
    text: str


def find_answers(workspace: Workspace, request_keys: Iterable[str]) -> dict[str, KnownAnswer]:
    """Answers by request key, for those keys that were answered.

    An answer that broke its schema counts: the repair round starts from it.
    """
    query = select(Attempt.request_key, Attempt.attempt_id, Attempt.response_text).where(
        *_answered(request_keys)
    )
    with workspace.read() as session:
        rows = session.execute(query).all()
    return {key: KnownAnswer(attempt_id, text) for key, attempt_id, text in rows if text}


def _answered(request_keys: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        Attempt.request_key.in_(list(request_keys)),
        Attempt.state == "succeeded",
        Attempt.response_text != "",
        or_(Attempt.failure_kind.is_(None), Attempt.failure_kind == "schema"),
    )


def has_answers(workspace: Workspace, batch: Batch) -> bool:
    """Whether any answer could be reused at all: one that was asked for with the same seed."""
    query = (
        select(Attempt.attempt_id)
        .join(Batch, Batch.batch_id == Attempt.batch_id)
        .where(Batch.seed == batch.seed, Attempt.state == "succeeded")
    )
    with workspace.read() as session:
        return session.scalars(query.limit(1)).first() is not None


@dataclass(frozen=True)
class Reusable:
    """How much of a launch was asked and paid for before."""

    planned: int  # samples of the launch
    looked_at: int  # requests compared; below `planned` the rest is extrapolated from them
    reusable: int  # samples whose answer is known
    saves_usd: Decimal  # what those answers cost when they were asked for


def count_reusable(workspace: Workspace, request: LaunchRequest) -> Reusable:
    """How many answers of this launch are known already; none without a seed, which asks anew.

    Compares at most MOST_LOOKED_AT requests, evenly spread over the plan. Raises what
    `check_request` raises, and TemplateError for a plan that cannot be met.
    """
    connection = check_request(workspace, request)
    if request.seed is None or not _has_seed(workspace, request.seed):
        return Reusable(request.n, 0 if request.seed is None else request.n, 0, Decimal(0))
    probe = Probe(workspace, request, connection)
    looked_at = min(request.n, MOST_LOOKED_AT)
    indexes = [request.plan_offset + i * request.n // looked_at for i in range(looked_at)]
    found, saves = 0, Decimal(0)
    for start in range(0, looked_at, KEYS_PER_QUERY):
        tasks = probe.tasks(indexes[start : start + KEYS_PER_QUERY])
        known = _paid(workspace, [task.request_key for task in tasks])
        found += len(known)
        saves += sum(known.values(), Decimal(0))
    saves = to_usd(to_nano(saves * request.n / looked_at))
    return Reusable(request.n, looked_at, round(found * request.n / looked_at), saves)


def _has_seed(workspace: Workspace, seed: int) -> bool:
    with workspace.read() as session:
        query = select(Batch.batch_id).where(Batch.seed == seed).limit(1)
        return session.scalars(query).first() is not None


def _paid(workspace: Workspace, request_keys: list[str]) -> dict[str, Decimal]:
    query = select(Attempt.request_key, Attempt.cost_usd).where(*_answered(request_keys))
    with workspace.read() as session:
        return {key: cost or Decimal(0) for key, cost in session.execute(query)}
