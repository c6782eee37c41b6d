"""From a plan index to the request that is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.attempts.calls import Target
from core.db.tables import Batch, Chunk
from core.providers.base import Message, ModelRequest, Prepared
from core.templates.definition import TemplateDefinition
from core.templates.plan import Plan
from core.templates.rendering import Renderer
from core.text.schema import FieldError

MAX_ERRORS_SHOWN = 10
MAX_ANSWER_SHOWN = 20_000


@dataclass(slots=True)
class Task:
    """One planned sample on its way: what is asked, and how often it was."""

    plan_index: int
    variables: dict[str, Any]
    chunk_id: str | None
    chunk: Mapping[str, Any] | None
    request: ModelRequest
    is_repair: bool = False
    number: int = 1  # requests of this purpose so far, the present one included
    retry_cause: str | None = None  # FailureKind of the request before, where this is a retry
    due_at: float = 0.0  # monotonic time before which a retry must not be sent
    uses_failover: bool = False  # the first model gave up on it
    prepared: Prepared | None = None
    target: Target | None = None  # whom `prepared` is for
    request_key: str = ""
    attempt_id: str | None = None  # of the newest request


class Asker:
    """Builds the tasks of one batch. `chunks` are looked up by the caller, block by block."""

    def __init__(self, batch: Batch, definition: TemplateDefinition) -> None:
        self._batch = batch
        self._definition = definition
        self._renderer = Renderer(definition)
        chosen = batch.parameters
        model = definition.model
        self.max_output_tokens = int(chosen.get("max_output_tokens", model.max_output_tokens))
        self._temperature = chosen.get("temperature", model.temperature)
        self._top_p = chosen.get("top_p", model.top_p)
        self._defect_rate = float(chosen.get("defect_rate", 0.0))

    def task(self, plan: Plan, plan_index: int, chunk: Chunk | None) -> Task:
        """The first request for this sample."""
        context = None if chunk is None else chunk_context(chunk)
        variables = plan.variables(plan_index, context)
        request = ModelRequest(
            model=self._batch.model,
            messages=self._renderer.messages(variables, context),
            max_output_tokens=self.max_output_tokens,
            temperature=self._temperature,
            top_p=self._top_p,
            schema=self._definition.output,
            schema_name=self._definition.name.replace("-", "_"),
            nonce=f"{self._batch.seed}:{plan_index}:{self._batch.retry_round}",
            context={
                "variables": variables,
                "chunk": context,
                "defect_rate": self._defect_rate,
                "template": self._definition.name,
            },
        )
        chunk_id = None if chunk is None else chunk.chunk_id
        return Task(plan_index, variables, chunk_id, context, request)

    def repair(self, task: Task, answer: str, errors: list[FieldError]) -> Task:
        """The same question with the invalid answer and what is wrong with it."""
        problems = "\n".join(f"- {error}" for error in errors[:MAX_ERRORS_SHOWN])
        messages = (
            *task.request.messages,
            Message("assistant", answer[:MAX_ANSWER_SHOWN] or "(empty)"),
            Message(
                "user",
                "Your answer does not satisfy the JSON Schema:\n"
                f"{problems}\nAnswer again with one corrected JSON object and nothing else.",
            ),
        )
        request = replace(task.request, messages=messages, nonce=task.request.nonce + ":repair")
        return replace(
            task, request=request, is_repair=True, number=1, retry_cause=None, due_at=0.0,
            prepared=None,
        )  # fmt: skip


def chunk_context(chunk: Chunk) -> dict[str, Any]:
    """What prompts and the offline provider see of a chunk."""
    return {"text": chunk.text, "heading": chunk.heading, "fields": chunk.fields}
