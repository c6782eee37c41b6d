from decimal import Decimal
from typing import Any

import pytest
from factories import failed_row, make_batch, make_samples, make_template

from core.db.ids import new_id
from core.db.tables import Attempt, Batch
from core.db.workspace import Workspace
from core.errors import NotFound
from core.insight.comparing.preview_report import full_batch, load_preview
from core.providers.connections import get_connection
from core.providers.prices import set_price


def attempt(batch: Batch, index: int, **columns: Any) -> Attempt:
    values: dict[str, Any] = {
        "attempt_id": new_id("att"), "batch_id": batch.batch_id, "plan_index": index,
        "purpose": "generate", "number": 1, "state": "succeeded", "connection": "offline",
        "model": "m", "request_key": "k", "worker_id": "w", "reserved_usd": Decimal(1),
        "cost_usd": Decimal("0.01"), "input_tokens": 100, "output_tokens": 50, "latency_ms": 1000,
    }  # fmt: skip
    return Attempt(**{**values, **columns})


def test_a_sample_shows_its_prompt_fields_tokens_cost_and_latency(workspace: Workspace) -> None:
    batch = make_batch(workspace, kind="preview", n=2)
    make_samples(workspace, batch, 1)
    with workspace.write() as session:
        session.add(failed_row(batch, 1, raw_text='{"question": "Why?"}'))
        session.add(attempt(batch, 0))
        session.add(attempt(batch, 1))
        session.add(attempt(batch, 1, purpose="repair", cost_usd=Decimal("0.02")))
    found = load_preview(workspace, batch.batch_id)
    first, second = found.samples
    assert first.prompts[0].messages[-1].content == (
        "Write a customer's question about cards and answer it."
    )
    assert [(row.path, row.state) for row in first.fields] == [
        ("/question", "fits"), ("/answer", "fits"),
    ]  # fmt: skip
    assert first.is_compliant
    assert [row.problems for row in second.fields] == [(), ("is required but missing",)]
    assert not second.is_compliant
    assert (second.calls, second.input_tokens, second.cost_usd) == (2, 200, Decimal("0.03"))
    sums = found.sums
    assert (sums.finished, sums.compliant, sums.accepted, sums.calls) == (2, 1, 1, 3)
    assert (sums.cost_usd, sums.mean_latency_ms) == (Decimal("0.04"), 1500.0)


def test_a_reused_answer_shows_what_it_cost_when_it_was_asked(workspace: Workspace) -> None:
    earlier = make_batch(workspace)
    source = attempt(earlier, 0)
    with workspace.write() as session:
        session.add(source)
    batch = make_batch(workspace, kind="preview", n=1)
    make_samples(workspace, batch, 1, attempt_id=source.attempt_id)
    (found,) = load_preview(workspace, batch.batch_id).samples
    assert (found.is_reused, found.cost_usd, found.latency_ms) == (True, Decimal("0.01"), 1000)


def test_a_full_batch_is_reckoned_from_the_measured_samples(workspace: Workspace) -> None:
    batch = make_batch(workspace, kind="preview", n=3)
    make_samples(workspace, batch, 3)
    with workspace.write() as session:
        session.add_all(
            attempt(batch, i, cost_usd=Decimal(f"0.0{i + 1}"), latency_ms=1000) for i in range(3)
        )
    connection = get_connection(workspace, "offline")
    set_price(workspace, connection, batch.model, Decimal(1), Decimal(2))
    found = full_batch(workspace, load_preview(workspace, batch.batch_id), 1_000)
    assert found.cost_usd is not None
    assert found.cost_usd.value == pytest.approx(20.0)
    assert found.cost_usd.high is not None
    assert found.cost_usd.high > 40.0  # three samples that far apart say little
    assert found.seconds is not None
    assert found.seconds.value == pytest.approx(1000 / 64)
    assert found.seconds.low == pytest.approx(found.seconds.high)
    assert found.input_tokens is not None
    assert found.input_tokens.value == 100_000
    assert "3 samples" in found.basis


def test_every_step_shows_its_own_prompt_as_far_as_it_was_asked(workspace: Workspace) -> None:
    answer = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
    version = make_template(
        workspace, user="",
        steps=[
            {"name": "ask", "title": "Question", "user": "Ask about {{ topic }}.",
             "output": answer},
            {"name": "reply", "user": "Answer: {{ output.ask.text }}", "output": answer},
        ],
        output={
            "type": "object", "additionalProperties": False, "required": ["ask", "reply"],
            "properties": {"ask": answer, "reply": answer},
        },
        mapping={"input": "{{ output.ask.text }}", "response": "{{ output.reply.text }}"},
    )  # fmt: skip
    batch = make_batch(workspace, version, kind="preview", n=2)
    make_samples(workspace, batch, 1, output={"ask": {"text": "Why?"}, "reply": {"text": "So."}})
    with workspace.write() as session:
        session.add(failed_row(batch, 1, raw_text="no json"))
        session.add(attempt(batch, 1, step=0, response_text='{"text": "How?"}'))
        session.add(attempt(batch, 1, step=1, state="failed", cost_usd=None))
    whole, broken = load_preview(workspace, batch.batch_id).samples
    assert [prompt.title for prompt in whole.prompts] == ["Question", "reply"]
    assert whole.prompts[1].messages[-1].content == "Answer: Why?"
    assert [prompt.messages[-1].content for prompt in broken.prompts] == [
        "Ask about loans.", "Answer: How?",
    ]  # fmt: skip
    verdicts = {row.path: row.state for row in broken.fields}
    assert (verdicts["/ask/text"], verdicts["/reply"]) == ("fits", "wrong")


def test_an_unknown_preview_is_not_found(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        load_preview(workspace, "bat_ghost")
