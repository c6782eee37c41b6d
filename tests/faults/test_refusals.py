"""F13: what no repeat can change: the key, the model, the credit, the request, the content."""

from decimal import Decimal
from typing import Any

import pytest
from faulty_runs import CONCURRENCY, Provider, hurry

from core.db.workspace import Workspace
from core.jobs.control import resume_batch
from tests.loopback import Fault, Loopback

PROTOCOLS = pytest.mark.parametrize("protocol", ["openai", "anthropic"])


@PROTOCOLS
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("unauthorized", "authentication"),
        ("payment", "quota"),
        ("forbidden", "permission"),
        ("not_found", "not_found"),
        ("quota", "quota"),
        ("redirect", "redirect"),
    ],
)
def test_what_every_call_would_meet_stops_the_batch_for_a_person(
    workspace: Workspace, loopback: Loopback, protocol: str, fault: str, kind: str
) -> None:
    provider = Provider(workspace, loopback, protocol)
    loopback.script(lambda number, body: fault if number > 20 else None)
    batch = provider.launch(100)
    assert provider.run(batch) == "paused"
    outcome = provider.outcome(batch)
    assert (outcome.batch.pause_reason, outcome.failed) == ("provider", [])
    assert outcome.batch.wake_after_s is None
    assert 0 < outcome.kinds[kind] <= CONCURRENCY
    assert set(outcome.kinds) == {kind}
    assert sum(attempt.cost_usd or 0 for attempt in outcome.of_kind(kind)) == 0


def test_after_the_person_acted_it_goes_on_where_it_stopped(
    any_workspace: Workspace, loopback: Loopback
) -> None:
    provider = Provider(any_workspace, loopback)
    loopback.script(lambda number, body: "unauthorized" if number > 20 else None)
    batch = provider.launch(100)
    assert provider.run(batch) == "paused"
    refused = provider.outcome(batch).kinds["authentication"]
    loopback.script()
    resume_batch(any_workspace, batch.batch_id)
    assert provider.run(batch) == "completed"
    outcome = provider.outcome(batch)
    assert (outcome.batch.generated, outcome.failed) == (100, [])
    assert loopback.stats()["requests"] == 100 + refused


@PROTOCOLS
def test_a_refused_request_fails_its_sample_alone_and_is_free(
    workspace: Workspace, loopback: Loopback, protocol: str
) -> None:
    provider = Provider(workspace, loopback, protocol)
    loopback.script(lambda number, body: "bad_request" if number % 4 == 0 else None)
    batch = provider.launch(40)
    assert provider.run(batch) == "completed"
    outcome = provider.outcome(batch)
    assert (outcome.batch.generated, outcome.batch.failed) == (30, 10)
    assert loopback.stats()["requests"] == 40
    assert all(sample.failure.startswith("bad_request: ") for sample in outcome.failed)
    assert {attempt.cost_usd for attempt in outcome.of_kind("bad_request")} == {Decimal(0)}


@PROTOCOLS
def test_a_refusal_is_stored_and_paid_once(
    any_workspace: Workspace, loopback: Loopback, protocol: str
) -> None:
    provider = Provider(any_workspace, loopback, protocol)
    loopback.script(lambda number, body: "refusal" if number % 4 == 0 else None)
    batch = provider.launch(20)
    assert provider.run(batch) == "completed"
    outcome = provider.outcome(batch)
    assert (outcome.batch.generated, outcome.batch.failed) == (15, 5)
    assert loopback.stats()["requests"] == 20
    assert outcome.kinds == {"refusal": 5}
    assert {sample.raw_text for sample in outcome.failed} == {"I can't help with that."}
    assert all(a.cost_usd and not a.is_estimated for a in outcome.of_kind("refusal"))


@pytest.mark.parametrize("where", ["in the answer", "in an error"])
def test_a_content_filter_fails_the_sample_and_is_not_argued_with(
    workspace: Workspace, loopback: Loopback, where: str
) -> None:
    provider = Provider(workspace, loopback)
    error = Fault("bad_request", message="blocked by content_filter")
    fault: Any = "content_filter" if where == "in the answer" else error
    loopback.script(lambda number, body: fault if number % 5 == 0 else None)
    batch = provider.launch(20)
    assert provider.run(batch) == "completed"
    outcome = provider.outcome(batch)
    assert (outcome.batch.generated, outcome.kinds) == (16, {"content_filter": 4})
    assert loopback.stats()["requests"] == 20
    assert all(sample.failure.startswith("content_filter") for sample in outcome.failed)


def test_a_quoted_key_is_stored_nowhere(
    workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    canary = "sk-canary-7h3-k3y"
    monkeypatch.setenv("LOOPBACK_API_KEY", canary)
    provider = Provider(workspace, loopback, key_variable="LOOPBACK_API_KEY")
    loopback.script([Fault("bad_request", message="bad key {key}"), None])
    batch = provider.launch(2)
    provider.run(batch)
    outcome = provider.outcome(batch)
    assert canary in loopback.last_headers["authorization"]
    kept = [str(vars(row)) for row in (*outcome.attempts, *outcome.samples, outcome.batch)]
    assert not any(canary in row for row in kept)
    assert any("[key]" in row for row in kept)
