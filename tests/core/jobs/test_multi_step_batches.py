"""Batches of templates with several steps, run in this process against the loopback server."""

import threading
from decimal import Decimal
from typing import Any

import orjson
import pytest
from invariants import assert_invariants
from step_templates import (
    CHAT,
    CHATTED,
    PAIR,
    PAIRED,
    REVISION,
    assert_nothing_answered_twice,
    attempts_of,
    calls_of,
    make_steps,
    samples_of,
    step,
    step_of,
)

from core.db.tables import Batch, TemplateVersion
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, get_batch
from core.generation.estimate import estimate
from core.generation.progress import batch_progress
from core.generation.reuse import count_reusable
from core.jobs.control import pause_batch, resume_batch, retry_failed
from core.jobs.launching import launch_batch
from core.jobs.running.queue import prepare_queue
from core.jobs.workflows import WorkerContext, run_batch
from core.providers.connections import connection_for_url
from core.providers.prices import set_price
from tests.loopback import Loopback

STEPS = len(REVISION)


@pytest.fixture
def ready(any_workspace: Workspace) -> Workspace:
    prepare_queue(any_workspace)
    return any_workspace


@pytest.fixture
def local(workspace: Workspace) -> Workspace:
    prepare_queue(workspace)
    return workspace


def request_of(
    workspace: Workspace, loopback: Any, version: TemplateVersion, n: int, **changes: Any
) -> LaunchRequest:
    connection = connection_for_url(workspace, loopback.url, model="mock")
    set_price(workspace, connection, "mock", Decimal(2), Decimal(8))
    values = {"connection": connection.name, "model": "mock", "concurrency": 8, "seed": 1}
    return LaunchRequest(version.template_version_id, n, **values | changes)


def launch(
    workspace: Workspace,
    loopback: Any,
    n: int = 10,
    version: TemplateVersion | None = None,
    **changes: Any,
) -> Batch:
    version = version or make_steps(workspace)
    return launch_batch(workspace, request_of(workspace, loopback, version, n, **changes))


def run(workspace: Workspace, batch: Batch) -> str:
    return run_batch(WorkerContext(workspace, "wrk_test", threading.Event()), batch.batch_id)


def heard(loopback: Any) -> list[dict[str, Any]]:
    """Every body that the server reads from now on."""
    bodies: list[dict[str, Any]] = []
    loopback.script(lambda _number, body: bodies.append(body))
    return bodies


def test_each_step_sees_the_answers_before_it(ready: Workspace, loopback: Any) -> None:
    bodies = heard(loopback)
    batch = launch(ready, loopback, n=6)
    assert run(ready, batch) == "completed"
    samples = samples_of(ready, batch)
    assert [sample.state for sample in samples] == ["generated"] * 6
    asked = {body["messages"][-1]["content"]: body for body in bodies}
    for sample in samples:
        output = sample.output
        assert output is not None
        assert sorted(output) == ["answer", "critique", "question", "revision"]
        answer, critique = output["answer"]["text"], output["critique"]["text"]
        assert f"Answer this: {output['question']['text']}" in asked
        last = asked[f"Revise {answer} after {critique}"]
        assert [message["role"] for message in last["messages"]] == ["system", "user"]
        assert (sample.input, sample.response) == (
            output["question"]["text"], output["revision"]["text"],
        )  # fmt: skip
    critics = [body for body in bodies if step_of(body) == "critique"]
    assert {body["messages"][0]["content"] for body in critics} == {"You are a strict critic."}
    assert calls_of(ready, batch) == {(place, "generate"): 6 for place in range(STEPS)}
    last_calls = {a.attempt_id for a in attempts_of(ready, batch) if a.step == STEPS - 1}
    assert {sample.attempt_id for sample in samples} == last_calls
    assert batch_progress(ready, batch.batch_id).schema_compliance == 1.0
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_chat_goes_on_in_turns(local: Workspace, loopback: Any) -> None:
    bodies = heard(loopback)
    batch = launch(local, loopback, n=2, version=make_steps(local, CHAT, CHATTED))
    assert run(local, batch) == "completed"
    outputs = [sample.output or {} for sample in samples_of(local, batch)]
    for body in bodies:
        if step_of(body) != "closing":
            continue
        roles = [message["role"] for message in body["messages"]]
        assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
        said = [orjson.loads(body["messages"][place]["content"]) for place in (2, 4)]
        assert said in [[output["opening"], output["doubt"]] for output in outputs]
        assert body["messages"][-1]["content"] == "The customer is content."
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_two_steps_that_say_the_same_are_two_questions(local: Workspace, loopback: Any) -> None:
    version = make_steps(local, PAIR, PAIRED, shape="preference")
    batch = launch(local, loopback, n=5, version=version)
    assert run(local, batch) == "completed"
    keys = [attempt.request_key for attempt in attempts_of(local, batch)]
    assert len(set(keys)) == len(keys) == 10
    assert all(set(s.output or {}) == {"chosen", "rejected"} for s in samples_of(local, batch))


def test_a_middle_step_is_repaired_alone(ready: Workspace, loopback: Any) -> None:
    spoilt = iter(["wrong_schema"])
    loopback.script(lambda _, body: next(spoilt, None) if step_of(body) == "critique" else None)
    batch = launch(ready, loopback, n=1, version=make_steps(ready))
    assert run(ready, batch) == "completed"
    assert get_batch(ready, batch.batch_id).generated == 1
    generated = {(place, "generate"): 1 for place in range(STEPS)}
    assert calls_of(ready, batch) == {**generated, (2, "repair"): 1}
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_middle_step_that_fails_fails_the_sample_and_is_retried_alone(
    ready: Workspace, loopback: Any
) -> None:
    loopback.script(lambda _, body: "wrong_schema" if step_of(body) == "critique" else None)
    batch = launch(ready, loopback, n=4)
    assert run(ready, batch) == "completed"
    for sample in samples_of(ready, batch):
        assert (sample.state, sample.output) == ("failed", None)
        assert sample.failure.startswith("schema: ")
        assert sample.failure.endswith("(in the step critique).")
        assert sample.raw_text == '{"unexpected": true}'
    assert calls_of(ready, batch) == {
        (0, "generate"): 4, (1, "generate"): 4, (2, "generate"): 4, (2, "repair"): 4,
    }  # fmt: skip
    loopback.script()
    retry_failed(ready, batch.batch_id)
    assert run(ready, batch) == "completed"
    assert get_batch(ready, batch.batch_id).generated == 4
    assert calls_of(ready, batch) == {
        (0, "generate"): 4, (1, "generate"): 4, (2, "generate"): 8, (2, "repair"): 4,
        (3, "generate"): 4,
    }  # fmt: skip
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_last_step_that_failed_is_asked_anew_and_repaired_ones_are_kept(
    local: Workspace, loopback: Any
) -> None:
    """The first answer of `answer` is repaired; `revision` fails until it is retried."""
    seen: set[str] = set()

    def rule(_number: int, body: dict[str, Any]) -> str | None:
        if step_of(body) == "revision":
            return "wrong_schema"
        is_first = step_of(body) not in seen
        seen.add(step_of(body))
        return "wrong_schema" if is_first and step_of(body) == "answer" else None

    loopback.script(rule)
    batch = launch(local, loopback, n=1)
    run(local, batch)
    loopback.script()
    retry_failed(local, batch.batch_id)
    assert run(local, batch) == "completed"
    assert get_batch(local, batch.batch_id).generated == 1
    assert calls_of(local, batch) == {
        (0, "generate"): 1, (1, "generate"): 1, (1, "repair"): 1, (2, "generate"): 1,
        (3, "generate"): 2, (3, "repair"): 1,
    }  # fmt: skip


def test_a_budget_that_ends_between_steps_costs_no_answer(ready: Workspace, loopback: Any) -> None:
    cap = Decimal("0.05")
    batch = launch(ready, loopback, n=60, budget_usd=cap, concurrency=16)
    assert run(ready, batch) == "paused"
    found = get_batch(ready, batch.batch_id)
    assert (found.pause_reason, found.failed) == ("budget", 0)
    begun = len({attempt.plan_index for attempt in attempts_of(ready, batch)})
    assert begun > found.generated, "it paused in the middle of some samples"
    assert_invariants(ready, batch.batch_id, loopback.stats())
    resume_batch(ready, batch.batch_id, Decimal(10))
    assert run(ready, batch) == "completed"
    assert loopback.stats()["requests"] == 60 * STEPS
    assert_nothing_answered_twice(ready, batch)
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_pause_between_steps_costs_no_answer(local: Workspace, loopback: Any) -> None:
    loopback.configure({"latency_ms": 20})
    batch = launch(local, loopback, n=400, concurrency=32)
    asking = threading.Timer(0.5, pause_batch, (local, batch.batch_id))
    asking.start()
    assert run(local, batch) == "paused"
    asking.join()
    assert 0 < len(attempts_of(local, batch)) < 400 * STEPS
    resume_batch(local, batch.batch_id)
    assert run(local, batch) == "completed"
    assert loopback.stats()["requests"] == 400 * STEPS
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_steps_of_one_sample_follow_each_other_at_once(local: Workspace, loopback: Any) -> None:
    loopback.configure({"latency_ms": 2})
    batch = launch(local, loopback, n=300, concurrency=4)
    assert run(local, batch) == "completed"
    done = 0
    begun: set[int] = set()
    most = 0
    for attempt in sorted(attempts_of(local, batch), key=lambda a: (a.created_at, a.attempt_id)):
        begun.add(attempt.plan_index)
        done += attempt.step == STEPS - 1
        most = max(most, len(begun) - done)
    assert most < 40, "few samples are under way at any time, whatever n is"


def test_a_relaunch_pays_for_changed_steps_alone(ready: Workspace, loopback: Any) -> None:
    first = launch(ready, loopback, n=12)
    assert run(ready, first) == "completed"
    again = launch(ready, loopback, n=12)
    assert run(ready, again) == "completed"
    assert loopback.stats()["requests"] == 12 * STEPS
    assert batch_progress(ready, again.batch_id).cost_usd == 0
    assert [s.output for s in samples_of(ready, again)] == [
        s.output for s in samples_of(ready, first)
    ]
    edited = make_steps(
        ready, (*REVISION[:3], step("revision", "Better: {{ output.answer.text }}"))
    )
    reuse = count_reusable(ready, request_of(ready, loopback, edited, 12))
    assert (reuse.planned, reuse.looked_at, reuse.reusable) == (48, 48, 36)
    assert reuse.by_step == (12, 12, 12, 0)
    changed = launch(ready, loopback, n=12, version=edited)
    assert run(ready, changed) == "completed"
    assert loopback.stats()["requests"] == 12 * STEPS + 12


def test_a_prompt_that_an_answer_cannot_fill_fails_its_sample_alone(
    local: Workspace, loopback: Any
) -> None:
    optional = {**schema_with_optional(), "name": "first", "user": "Ask about {{ topic }}."}
    steps = (optional, step("second", "On {{ output.first.note }}: {{ output.first.text }}"))
    version = make_steps(
        local, steps, {"input": "{{ variables.topic }}", "response": "{{ output.second.text }}"}
    )
    loopback.answers = lambda body: {"text": "a text"}
    batch = launch(local, loopback, n=3, version=version)
    assert run(local, batch) == "completed"
    samples = samples_of(local, batch)
    assert [sample.state for sample in samples] == ["failed"] * 3
    assert all(s.failure.startswith("prompt: ") and s.raw_text for s in samples)
    loopback.answers = lambda body: {"text": "a text", **({"note": "n"} if is_first(body) else {})}
    retry_failed(local, batch.batch_id)
    assert run(local, batch) == "completed"
    assert get_batch(local, batch.batch_id).generated == 3
    assert_invariants(local, batch.batch_id, loopback.stats())


def schema_with_optional() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "output": {
            "type": "object", "additionalProperties": False, "required": ["text"],
            "properties": {"text": text, "note": text},
        }
    }  # fmt: skip


def is_first(body: dict[str, Any]) -> bool:
    return step_of(body) == "first"


def test_answers_of_the_second_model_are_not_paid_again(ready: Workspace, loopback: Any) -> None:
    second = Loopback()
    second.start()
    try:
        loopback.script(lambda _, body: "forbidden" if step_of(body) == "question" else None)
        spare = connection_for_url(ready, second.url, model="spare")
        set_price(ready, spare, "spare", Decimal(2), Decimal(8))
        batch = launch(
            ready, loopback, n=40, budget_usd=Decimal("0.03"), failover_connection=spare.name,
            failover_model="spare",
        )  # fmt: skip
        assert run(ready, batch) == "paused"
        assert second.stats()["requests"] > 0
        assert get_batch(ready, batch.batch_id).generated < 40
        resume_batch(ready, batch.batch_id, Decimal(10))
        assert run(ready, batch) == "completed"
        answered = [a for a in attempts_of(ready, batch) if a.state == "succeeded"]
        assert len(answered) == 40 * STEPS
        assert len({(a.plan_index, a.step) for a in answered}) == 40 * STEPS
    finally:
        second.stop()


def test_an_estimate_counts_every_step(local: Workspace, loopback: Any) -> None:
    version = make_steps(local)
    request = request_of(local, loopback, version, 100)
    before = estimate(local, request)
    assert before.basis.startswith("assumed")
    assert before.output_tokens == 100 * STEPS * 400  # half of 800 for each step
    assert before.worst_case_usd is not None
    assert before.cost_usd is not None
    assert before.worst_case_usd > before.cost_usd > 0
    single = make_steps(
        local, REVISION[:1], {"input": "x", "response": "{{ output.question.text }}"}, name="one"
    )
    one = estimate(local, request_of(local, loopback, single, 100))
    assert before.input_tokens > STEPS * one.input_tokens, "later prompts hold answers"
    batch = launch(local, loopback, n=20, version=version)
    assert run(local, batch) == "completed"
    after = estimate(local, request_of(local, loopback, version, 20, seed=2))
    progress = batch_progress(local, batch.batch_id)
    assert after.basis == "measured on 80 calls of this template version and model"
    assert after.input_tokens == pytest.approx(progress.input_tokens, rel=0.02)
    assert after.cost_usd == pytest.approx(progress.cost_usd, rel=Decimal("0.02"))
    assert estimate(local, request_of(local, loopback, version, 20)).cost_usd == 0


def test_the_offline_provider_fills_every_step(local: Workspace) -> None:
    version = make_steps(local)
    batch = launch_batch(local, LaunchRequest(version.template_version_id, 10, seed=1))
    assert batch.connection == "offline"
    assert run(local, batch) == "completed"
    for sample in samples_of(local, batch):
        assert sample.state == "generated"
        assert sorted(sample.output or {}) == ["answer", "critique", "question", "revision"]


def test_the_forecast_counts_the_steps_that_samples_still_lack(
    local: Workspace, loopback: Any
) -> None:
    batch = launch(local, loopback, n=60, budget_usd=Decimal("0.05"), concurrency=16)
    assert run(local, batch) == "paused"
    paused = batch_progress(local, batch.batch_id)
    resume_batch(local, batch.batch_id, Decimal(10))
    assert run(local, batch) == "completed"
    bill = batch_progress(local, batch.batch_id).cost_usd
    assert paused.forecast_usd == pytest.approx(bill, rel=Decimal("0.1"))
    assert paused.forecast_low_usd is not None
    assert paused.forecast_high_usd is not None
    assert paused.forecast_low_usd < bill < paused.forecast_high_usd
    assert paused.stops_at is not None
    assert paused.stops_at <= paused.generated + 6
