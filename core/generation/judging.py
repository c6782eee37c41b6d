"""From an answer to a sample: parsed, validated, mapped, and handed to the quality checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.attempts.calls import NewSample
from core.db.ids import sample_id_of, utc_now
from core.db.tables import Batch
from core.errors import TemplateError
from core.generation.answers import Answer as Answer
from core.generation.answers import AnswerReader
from core.generation.asking import Task
from core.providers.base import Failure, Reply
from core.templates.definition import TemplateDefinition
from core.templates.rendering import Renderer
from core.text.hashing import pair_hash, storable
from core.text.schema import FieldError


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the inline checks make of a sample. Findings are column values without sample id."""

    quality_score: float
    verdict: str
    findings: Sequence[Mapping[str, Any]]


class Assessor(Protocol):
    """The inline quality checks, given to the runner by the job that composes them."""

    def assess(
        self,
        answer: Answer,
        input: str,
        response: str,
        raw_text: str,
        variables: Mapping[str, Any],
        chunk: Mapping[str, Any] | None,
    ) -> Assessment:
        """Score and findings of one answered sample."""


class Planned(Protocol):
    """One sample on its way, as far as its row shows it."""

    @property
    def plan_index(self) -> int: ...
    @property
    def variables(self) -> dict[str, Any]: ...
    @property
    def chunk(self) -> Mapping[str, Any] | None: ...
    @property
    def chunk_id(self) -> str | None: ...
    @property
    def parent_id(self) -> str | None: ...
    @property
    def attempt_id(self) -> str | None: ...


class Judge:
    """Turns replies into sample rows for one batch."""

    def __init__(self, batch: Batch, definition: TemplateDefinition, assessor: Assessor) -> None:
        self._batch = batch
        self._definition = definition
        self._reader = AnswerReader(definition)
        self._renderer = Renderer(definition)
        self._assessor = assessor

    def read(self, reply: Reply, step: int = 0) -> Answer:
        """The answer's object and what is wrong with it, by the schema of the `step`-th step."""
        return self._reader.read(reply.text, step)

    def generated(self, task: Planned, answer: Answer, reply: Reply) -> NewSample:
        """The row of a valid answer."""
        assert answer.output is not None
        try:
            mapped = self._renderer.map_output(answer.output, task.variables, task.chunk)
        except TemplateError as error:
            return self.failed(task, reply.text, f"mapping: {error}", [])
        row = self._row(task, "generated") | {
            "output": answer.output,
            "input": mapped.input,
            "response": mapped.response,
            "text_hash": pair_hash(mapped.input, mapped.response),
        }
        return self._assessed(row, answer, reply.text, task.chunk)

    def failed(
        self, task: Planned, raw_text: str, failure: str, errors: list[FieldError]
    ) -> NewSample:
        """The row of a sample that no answer was usable for; what was paid for is kept."""
        row = self._row(task, "failed") | {
            "raw_text": storable(raw_text),
            "failure": storable(failure),
        }
        return self._assessed(row, Answer(None, errors), raw_text)

    def refused(self, task: Task, failure: Failure) -> NewSample:
        """The row of a sample whose request failed for good."""
        return self.failed_in(task, failure.raw_text, f"{failure.kind}: {failure.message}", [])

    def failed_in(
        self, task: Task, raw_text: str, failure: str, errors: list[FieldError]
    ) -> NewSample:
        """The same as `failed`, with the name of the step where the template has steps."""
        if steps := self._definition.steps:
            failure = f"{failure.rstrip('.')} (in the step {steps[task.step].name})."
        return self.failed(task, raw_text, failure, errors)

    def _assessed(
        self,
        row: dict[str, Any],
        answer: Answer,
        raw_text: str,
        chunk: Mapping[str, Any] | None = None,
    ) -> NewSample:
        if row["state"] == "failed":
            row |= {"quality_score": None, "verdict": "rejected"}
            return NewSample(row)
        assessment = self._assessor.assess(
            answer, row["input"], row["response"], raw_text, row["variables"], chunk
        )
        row |= {"quality_score": assessment.quality_score, "verdict": assessment.verdict}
        owner = {key: row[key] for key in ("sample_id", "created_at", "created_by", "project_id")}
        return NewSample(row, [{**finding, **owner} for finding in assessment.findings])

    def _row(self, task: Planned, state: str) -> dict[str, Any]:
        return {
            "sample_id": sample_id_of(self._batch.batch_id, task.plan_index),
            "batch_id": self._batch.batch_id,
            "plan_index": task.plan_index,
            "state": state,
            "is_reviewed": False,
            "revision": 0,
            "domain": self._definition.domain,
            "variables": task.variables,
            "output": None,
            "input": "",
            "response": "",
            "raw_text": "",
            "text_hash": "",
            "chunk_id": task.chunk_id,
            "parent_id": task.parent_id,
            "attempt_id": task.attempt_id,
            "failure": "",
            "created_at": utc_now(),
            "created_by": self._batch.created_by,
            "project_id": self._batch.project_id,
        }
