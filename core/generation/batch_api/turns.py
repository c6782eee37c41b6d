"""What one pass over a batch in mode batch_api works with."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from core.attempts.calls import Call, Target
from core.attempts.journal import Journal
from core.db.tables import Batch
from core.db.workspace import Workspace
from core.generation.asking import Asker, Task
from core.generation.batch_api.provider_batches import OpenAttempt
from core.generation.batches import Claim
from core.generation.judging import Judge
from core.generation.missing import MissingSamples
from core.generation.recalling import Recall
from core.generation.routes import prepare_for
from core.generation.runner import Resources
from core.providers.base import ModelRequest, Prepared
from core.providers.batch_api.base import BatchApi
from core.providers.prices import ModelPrice
from core.templates.definition import TemplateDefinition
from core.templates.versions import load_definition

ROWS_AT_ONCE = 500  # settled, discarded or looked up by one transaction, at most
NO_REQUEST = ModelRequest("", (), 0)
NO_BODY = Prepared(b"", 0)
Item = TypeVar("Item")


@dataclass
class Turn:
    """One worker's pass: the claim, what it may use, and what it learned."""

    claim: Claim
    resources: Resources
    api: BatchApi
    journal: Journal
    definition: TemplateDefinition
    asker: Asker
    judge: Judge
    price: ModelPrice | None  # half of the live one
    target: Target

    @classmethod
    def of(
        cls,
        claim: Claim,
        resources: Resources,
        api: BatchApi,
        journal: Journal,
        price: ModelPrice | None,
    ) -> "Turn":
        """A pass over the claimed batch."""
        definition = load_definition(claim.version)
        return cls(
            claim=claim,
            resources=resources,
            api=api,
            journal=journal,
            definition=definition,
            asker=Asker(claim.batch, definition),
            judge=Judge(claim.batch, definition, resources.assessor),
            price=price,
            target=Target(claim.batch.connection, claim.batch.model, price.source if price else ""),
        )

    @property
    def batch(self) -> Batch:
        return self.claim.batch

    @property
    def workspace(self) -> Workspace:
        return self.resources.workspace

    @property
    def wanted(self) -> str:
        """What the user wants: run, pause or cancel."""
        # The batch as claimed is older, but a journal that has not committed knows of no wish.
        return self.batch.wanted if self.journal.wanted == "run" else self.journal.wanted

    def must_stop(self) -> bool:
        """Whether the process was asked to end."""
        return self.resources.is_stopping()

    def missing(self) -> MissingSamples:
        """The plan as it stands now."""
        return MissingSamples(self.workspace, self.batch, self.definition, self.asker)

    def prepare(self, task: Task) -> Task:
        """Put the request into the provider's words, the same as a live call's."""
        prepare_for(task, self.resources.endpoint.provider, self.target)
        return task

    def recall(self) -> Recall:
        """What was answered before."""
        endpoints = [self.resources.endpoint]
        return Recall(self.workspace, self.batch, self.judge, self.asker, endpoints)

    def owed(self, attempt: OpenAttempt, provider_batch_id: str) -> Call:
        """The call of an attempt that an earlier pass opened."""
        return Call(
            plan_index=attempt.plan_index,
            purpose=attempt.purpose,
            number=attempt.number,
            request=NO_REQUEST,
            prepared=NO_BODY,
            request_key=attempt.request_key,
            step=attempt.step,
            worst_case_usd=attempt.reserved_usd,
            attempt_id=attempt.attempt_id,
            target=self.target,
            provider_batch_id=provider_batch_id,
            opened_at=attempt.created_at,
        )

    async def discard(self, calls: Sequence[Call]) -> None:
        """Undo the opening of calls that no provider knows of."""
        for some in chunks_of(calls, ROWS_AT_ONCE):
            await asyncio.gather(*(self.journal.discard(call) for call in some))

    async def stored(self, function: Any, *arguments: Any, **columns: Any) -> Any:
        """Run a transaction on this batch's rows beside the loop."""
        return await asyncio.to_thread(function, self.workspace, self.claim, *arguments, **columns)


def chunks_of(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """The items in order, at most `size` at a time."""
    return [items[start : start + size] for start in range(0, len(items), size)]
