"""Templates of several steps, and what was asked and stored of their samples."""

from collections import Counter
from typing import Any

from factories import make_template
from sqlalchemy import select

from core.db.tables import Attempt, Batch, Sample, TemplateVersion
from core.db.workspace import Workspace


def schema_of(*fields: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(fields),
        "properties": {field: {"type": "string"} for field in fields},
    }


def step(name: str, user: str, *fields: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "user": user, "output": schema_of(*(fields or ("text",))), **more}


REVISION = (
    step("question", "Ask about {{ topic }}."),
    step("answer", "Answer this: {{ output.question.text }}"),
    step(
        "critique",
        "Criticise the answer {{ output.answer.text }} to {{ output.question.text }}",
        system="You are a strict critic.",
    ),
    step("revision", "Revise {{ output.answer.text }} after {{ output.critique.text }}"),
)
REVISED = {"input": "{{ output.question.text }}", "response": "{{ output.revision.text }}"}

CHAT = (
    step("opening", "A customer opens a chat about {{ topic }}.", "customer", "agent"),
    step("doubt", "The customer doubts it.", "customer", "agent", continues=True),
    step("closing", "The customer is content.", "customer", "agent", continues=True),
)
CHATTED = {"input": "{{ output.opening.customer }}", "response": "{{ output.closing.agent }}"}

PAIR = (
    step("chosen", "Answer a question about {{ topic }}."),
    step("rejected", "Answer a question about {{ topic }}."),
)
PAIRED = {"input": "{{ variables.topic }}", "response": "{{ output.chosen.text }}"}


def make_steps(
    workspace: Workspace,
    steps: tuple[dict[str, Any], ...] = REVISION,
    mapping: dict[str, str] | None = None,
    **changes: Any,
) -> TemplateVersion:
    """A template of these steps."""
    return make_template(
        workspace, changes.pop("name", "revised-answers"), user="", output={}, steps=list(steps),
        mapping=mapping or REVISED, **changes,
    )  # fmt: skip


def step_of(body: dict[str, Any]) -> str:
    """The name of the step that a request of the OpenAI protocol asks for."""
    name: str = body["response_format"]["json_schema"]["name"]
    return name.partition("_of_")[0]


def samples_of(workspace: Workspace, batch: Batch) -> list[Sample]:
    with workspace.read() as session:
        query = select(Sample).where(Sample.batch_id == batch.batch_id)
        return list(session.scalars(query.order_by(Sample.plan_index)))


def attempts_of(workspace: Workspace, batch: Batch) -> list[Attempt]:
    with workspace.read() as session:
        query = select(Attempt).where(Attempt.batch_id == batch.batch_id)
        return list(session.scalars(query.order_by(Attempt.plan_index, Attempt.attempt_id)))


def calls_of(workspace: Workspace, batch: Batch) -> Counter[tuple[int, str]]:
    """Attempts by step and purpose."""
    return Counter((a.step, a.purpose) for a in attempts_of(workspace, batch))


def assert_nothing_answered_twice(workspace: Workspace, batch: Batch) -> None:
    """No question has two stored answers."""
    answered = Counter(
        a.request_key for a in attempts_of(workspace, batch) if a.state == "succeeded"
    )
    assert not [key for key, count in answered.items() if count > 1]
