"""From an answer to a sample: parsed, validated, mapped, and handed to the quality checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.attempts.calls import NewSample
from core.db.ids import sample_id_of, utc_now
from core.db.tables import Batch
from core.errors import TemplateError
from core.generation.asking import Task
from core.providers.base import Failure, Reply
from core.templates.definition import TemplateDefinition
from core.templates.rendering import Renderer
from core.text.answers import parse_json
from core.text.hashing import pair_hash, storable
from core.text.schema import CompiledSchema, FieldError


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed answer; `errors` is empty where it satisfies the schema."""

    output: dict[str, Any] | None
    errors: list[FieldError]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the inline checks make of a sample. Findings are column values without sample id."""

    quality_score: float
    verdict: str
    findings: Sequence[Mapping[str, Any]]


class Assessor(Protocol):
    """The inline quality checks, given to the runner by the job that composes them."""

    def assess(self, answer: Answer, input: str, response: str, raw_text: str) -> Assessment:
        """Score and findings of one answered sample."""


class Judge:
    """Turns replies into sample rows for one batch."""

    def __init__(self, batch: Batch, definition: TemplateDefinition, assessor: Assessor) -> None:
        self._batch = batch
        self._definition = definition
        self._schema = CompiledSchema(definition.output)
        self._renderer = Renderer(definition)
        self._assessor = assessor

    def read(self, reply: Reply) -> Answer:
        """The answer's object and what is wrong with it."""
        try:
            value = parse_json(reply.text)
        except ValueError as error:
            # The error's own words for the whole value come first.
            return Answer(None, [FieldError("", str(error).removeprefix("the answer "))])
        if not isinstance(value, dict):
            return Answer(None, [FieldError("", "must be a JSON object")])
        return Answer(value, self._schema.errors(value))

    def generated(self, task: Task, answer: Answer, reply: Reply) -> NewSample:
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
        return self._assessed(row, answer, reply.text)

    def failed(
        self, task: Task, raw_text: str, failure: str, errors: list[FieldError]
    ) -> NewSample:
        """The row of a sample that no answer was usable for; what was paid for is kept."""
        row = self._row(task, "failed") | {
            "raw_text": storable(raw_text),
            "failure": storable(failure),
        }
        return self._assessed(row, Answer(None, errors), raw_text)

    def refused(self, task: Task, failure: Failure) -> NewSample:
        """The row of a sample whose request failed for good."""
        return self.failed(task, failure.raw_text, f"{failure.kind}: {failure.message}", [])

    def _assessed(self, row: dict[str, Any], answer: Answer, raw_text: str) -> NewSample:
        if row["state"] == "failed":
            row |= {"quality_score": None, "verdict": "rejected"}
            return NewSample(row)
        assessment = self._assessor.assess(answer, row["input"], row["response"], raw_text)
        row |= {"quality_score": assessment.quality_score, "verdict": assessment.verdict}
        owner = {key: row[key] for key in ("sample_id", "created_at", "created_by", "project_id")}
        return NewSample(row, [{**finding, **owner} for finding in assessment.findings])

    def _row(self, task: Task, state: str) -> dict[str, Any]:
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
            "attempt_id": task.attempt_id,
            "failure": "",
            "created_at": utc_now(),
            "created_by": self._batch.created_by,
            "project_id": self._batch.project_id,
        }
