"""From a plan index to the request that is sent, and from an answer to the request after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from core.attempts.calls import Target
from core.db.tables import Batch, Chunk
from core.generation.steps import steps_of
from core.providers.base import Message, ModelRequest, Prepared
from core.templates.definition import TemplateDefinition
from core.templates.planning.plan import Plan
from core.templates.rendering import Renderer
from core.text.schema import FieldError

MAX_ERRORS_SHOWN = 10
MAX_ANSWER_SHOWN = 20_000
NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return NOTHING


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
    parent_id: str | None = None  # the sample that this one is made from
    step: int = 0  # place among the template's steps
    output: Mapping[str, Any] = field(
        default_factory=_nothing
    )  # answers of the steps before, by name


class Asker:
    """Builds the tasks of one batch. Chunks and rows are looked up by the caller, block by block.

    A request's nonce is (seed, plan index, retry round), then the step where it is not the first.
    """

    def __init__(self, batch: Batch, definition: TemplateDefinition) -> None:
        self._batch = batch
        self._definition = definition
        self._renderer = Renderer(definition)
        self.steps = steps_of(batch, definition)
        self._parent = next(
            (v.name for v in definition.variables if v.sampler.kind == "parent_sample"), None
        )
        self._defect_rate = float(batch.parameters.get("defect_rate", 0.0))

    def task(
        self,
        plan: Plan,
        plan_index: int,
        chunk: Chunk | None,
        rows: Mapping[str, Mapping[str, Any]] = NOTHING,
        terms: Mapping[str, Any] = NOTHING,
    ) -> Task:
        """The first request for this sample; `terms` are the chunk's, where the template reads
        them. Raises TemplateError."""
        context = None if chunk is None else {**chunk_context(chunk), **terms}
        variables = plan.variables(plan_index, context, rows)
        chunk_id = None if chunk is None else chunk.chunk_id
        request = self._request(plan_index, 0, variables, context, NOTHING)
        task = Task(plan_index, variables, chunk_id, context, request)
        if self._parent is not None:
            task.parent_id = plan.row_ids(plan_index).get(self._parent)
        return task

    def is_last(self, task: Task) -> bool:
        """Whether the sample is whole once this step is answered."""
        return task.step == len(self.steps) - 1

    def whole_output(self, task: Task, answer: dict[str, Any]) -> dict[str, Any]:
        """The answers so far: by the names of their steps, or the answer itself without steps."""
        name = self.steps[task.step].name
        return {**task.output, name: answer} if name else answer

    def next_step(self, task: Task, answer: dict[str, Any]) -> Task:
        """The request of the step after an answered one.

        Raises TemplateError for a prompt that reads what the answers lack.
        """
        step, output = task.step + 1, self.whole_output(task, answer)
        request = self._request(task.plan_index, step, task.variables, task.chunk, output)
        return replace(
            task, step=step, output=output, request=request, is_repair=False, number=1,
            retry_cause=None, due_at=0.0, uses_failover=False, prepared=None, attempt_id=None,
        )  # fmt: skip

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

    def in_round(self, task: Task, retry_round: int) -> Task:
        """The same first request of a step, as it was asked in an earlier retry round."""
        nonce = self._nonce(task.plan_index, task.step, retry_round)
        return replace(task, request=replace(task.request, nonce=nonce), prepared=None)

    def _nonce(self, plan_index: int, step: int, retry_round: int) -> str:
        nonce = f"{self._batch.seed}:{plan_index}:{retry_round}"
        return f"{nonce}:{step}" if step else nonce

    def _request(
        self,
        plan_index: int,
        step: int,
        variables: dict[str, Any],
        chunk: Mapping[str, Any] | None,
        output: Mapping[str, Any],
    ) -> ModelRequest:
        asked = self.steps[step]
        context = {
            "variables": variables,
            "chunk": chunk,
            "defect_rate": self._defect_rate,
            "template": self._definition.name,
        }
        if asked.name:
            context |= {"step": asked.name, "output": dict(output)}
        return ModelRequest(
            model=self._batch.model,
            messages=self._renderer.messages(variables, chunk, step=step, output=output),
            max_output_tokens=asked.max_output_tokens,
            temperature=asked.temperature,
            top_p=asked.top_p,
            schema=asked.schema,
            schema_name=asked.schema_name,
            nonce=self._nonce(plan_index, step, self._batch.retry_round),
            context=context,
        )


def chunk_context(chunk: Chunk) -> dict[str, Any]:
    """What prompts and the offline provider see of a chunk."""
    return {"text": chunk.text, "heading": chunk.heading, "fields": chunk.fields}
