"""Answers that were paid for before and can be used again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select

from core.db.tables import Attempt, Batch
from core.db.types import to_nano, to_usd
from core.db.workspace import Workspace
from core.generation.asking import Task
from core.generation.batches import LaunchRequest, check_request
from core.generation.choosing import chosen
from core.generation.probing import Probe

MOST_LOOKED_AT = 2_000  # samples prepared by one count: about a second
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
    """How much of a launch was asked and paid for before. A sample of several steps counts one
    answer for each."""

    planned: int  # answers that the launch needs
    looked_at: int  # answers compared; below `planned` the rest is extrapolated from them
    reusable: int  # answers that are known
    saves_usd: Decimal  # what those answers cost when they were asked for
    by_step: tuple[int, ...] = field(default=(), compare=False)  # known answers of each step


def count_reusable(workspace: Workspace, request: LaunchRequest) -> Reusable:
    """How many answers of this launch are known already; none without a seed, which asks anew.

    Compares at most MOST_LOOKED_AT samples, evenly spread over the plan. Raises what
    `check_request` raises, and TemplateError for a plan that cannot be met.
    """
    request = chosen(workspace, request)
    connection = check_request(workspace, request)
    probe = Probe(workspace, request, connection)
    steps = len(probe.steps)
    planned = request.n * steps
    if request.seed is None or not _has_seed(workspace, request.seed):
        looked_at = 0 if request.seed is None else planned
        return Reusable(planned, looked_at, 0, Decimal(0), (0,) * steps)
    samples = min(request.n, MOST_LOOKED_AT)
    indexes = [request.plan_offset + i * request.n // samples for i in range(samples)]
    known = _Known([0] * steps)
    for start in range(0, samples, KEYS_PER_QUERY):
        known.follow(workspace, probe, list(probe.tasks(indexes[start : start + KEYS_PER_QUERY])))
    by_step = tuple(round(found * request.n / samples) for found in known.by_step)
    saves = to_usd(to_nano(known.saves * request.n / samples))
    return Reusable(planned, samples * steps, sum(by_step), saves, by_step)


@dataclass
class _Known:
    """Answers found so far."""

    by_step: list[int]
    saves: Decimal = Decimal(0)

    def follow(self, workspace: Workspace, probe: Probe, tasks: list[Task]) -> None:
        """Count what is known of these first requests, and of what their answers lead to."""
        while tasks:
            paid = _paid(workspace, [task.request_key for task in tasks])
            following: list[Task] = []
            for task in tasks:
                if task.request_key not in paid:
                    continue
                cost, text = paid[task.request_key]
                self.saves += cost
                self.by_step[task.step] += not task.is_repair
                after = probe.following(task, text)
                following += [] if after is None else [after]
            tasks = following


def _has_seed(workspace: Workspace, seed: int) -> bool:
    with workspace.read() as session:
        query = select(Batch.batch_id).where(Batch.seed == seed).limit(1)
        return session.scalars(query).first() is not None


def _paid(workspace: Workspace, request_keys: list[str]) -> dict[str, tuple[Decimal, str]]:
    query = select(Attempt.request_key, Attempt.cost_usd, Attempt.response_text).where(
        *_answered(request_keys)
    )
    with workspace.read() as session:
        rows = session.execute(query).all()
    return {key: (cost or Decimal(0), text or "") for key, cost, text in rows}
