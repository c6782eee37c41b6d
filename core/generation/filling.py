"""Samples that need no call: the rows of an import, copies changed by a rule.

They are judged, checked and stored like generated ones, block by block. What is stored already is
left out, so a run may be killed at any line. It makes no calls and knows no provider.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import select

from core.attempts.calls import Charging, NewSample
from core.attempts.storing import SettleOrder, Store
from core.db.tables import Sample
from core.db.workspace import Workspace
from core.generation.batches import Claim, Ending
from core.generation.judging import Answer, Assessor, Judge
from core.generation.watching import low_disk
from core.providers.base import Reply
from core.templates.versions import load_definition
from core.text.hashing import canonical_json
from core.text.schema import CompiledSchema

BLOCK = 500
READ_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Made:
    """One sample's content. With a problem, the sample is kept as failed, and the problem said."""

    plan_index: int
    variables: dict[str, Any]
    output: dict[str, Any]
    problem: str = ""
    chunk_id: str | None = None
    chunk: Mapping[str, Any] | None = None
    parent_id: str | None = None
    attempt_id: str | None = None


Make = Callable[[Sequence[int]], Iterable[Made]]  # plan indexes to samples, in any order


def fill(
    workspace: Workspace,
    claim: Claim,
    assessor: Assessor,
    make: Make,
    *,
    worker_id: str,
    is_stopping: Callable[[], bool],
) -> Ending | None:
    """The ending to store, or None when the process stops and the batch goes on elsewhere.

    Raises Fenced when another worker has taken the batch over.
    """
    batch, definition = claim.batch, load_definition(claim.version)
    judge = Judge(batch, definition, assessor)
    schema = CompiledSchema(definition.output)
    store = Store(workspace, Charging(batch.batch_id, batch.fence, worker_id, claim.scope))
    try:
        indexes = _missing(workspace, claim)
        while block := list(islice(indexes, BLOCK)):
            store.commit([SettleOrder(None, _sample(judge, schema, row)) for row in make(block)])
            if (ending := _wish(store) or low_disk(workspace.settings)) is not None:
                return ending
            if is_stopping():
                return None
    finally:
        store.close()
    return Ending("completed")


def _missing(workspace: Workspace, claim: Claim) -> Iterator[int]:
    batch = claim.batch
    done = bytearray(batch.n)
    query = select(Sample.plan_index).where(Sample.batch_id == batch.batch_id)
    with workspace.read() as session:
        for index in session.scalars(query.execution_options(yield_per=READ_ROWS)):
            done[index - batch.plan_offset] = 1
    return (i + batch.plan_offset for i in range(batch.n) if not done[i])


def _sample(judge: Judge, schema: CompiledSchema, made: Made) -> NewSample:
    text = canonical_json(made.output)
    if made.problem:
        return judge.failed(made, text, made.problem, [])
    errors = schema.errors(made.output)
    if errors:
        return judge.failed(made, text, f"schema: {errors[0]}", errors)
    return judge.generated(made, Answer(made.output, []), Reply(text, None, "stop", ""))


def _wish(store: Store) -> Ending | None:
    return {"cancel": Ending("cancelled"), "pause": Ending("paused", "", "user")}.get(store.wanted)
