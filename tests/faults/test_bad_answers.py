"""F15 and F16: answers that are no answers, lie about their tokens, or never end."""

from decimal import Decimal

import pytest
from faulty_runs import Outcome, Provider, hurry, on_databases, with_settings

from core.db.workspace import Workspace
from tests.loopback import Loopback

PROTOCOLS = pytest.mark.parametrize("protocol", ["openai", "anthropic"])
# Fault, and the kind of failure that its attempt is stored as.
UNREADABLE = {
    "garbage": "garbage",
    "html": "garbage",
    "not_protocol": "garbage",
    "not_utf8": "garbage",
    "deep_json": "garbage",
    "nan": "garbage",
    "event_stream": "garbage",
    "bad_gzip": "garbage",
    "truncated": "truncated",
    "empty": "truncated",
    "cut": "truncated",
}
UNPRICED = ("no_usage", "negative_usage", "huge_usage")
ODD = ("wrong_model", "duplicate_keys", "fenced", "gzip")
TOO_LARGE = {
    "huge_body": "too_large",
    "endless": "too_large",
    "gzip_bomb": "too_large",
    "many_headers": "garbage",
    "endless_head": "garbage",
}


def run_with(
    workspace: Workspace, loopback: Loopback, protocol: str, faults: list[str], n: int
) -> Outcome:
    """A batch whose first requests meet these faults, one each."""
    provider = Provider(workspace, loopback, protocol)
    loopback.script(faults)
    batch = provider.launch(n)
    assert provider.run(batch) == "completed"
    return provider.outcome(batch)


@PROTOCOLS
def test_what_cannot_be_read_is_kept_named_charged_in_full_and_asked_again(
    any_workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    hurry(monkeypatch)
    outcome = run_with(any_workspace, loopback, protocol, list(UNREADABLE), n=20)
    assert (outcome.batch.generated, outcome.failed) == (20, [])
    kinds = list(UNREADABLE.values())
    assert outcome.kinds == {kind: kinds.count(kind) for kind in set(kinds)}
    outcome.assert_each_failure_was_answered_once()
    bad = [attempt for attempt in outcome.attempts if attempt.failure_kind]
    assert all(a.state == "unknown" and a.http_status == 200 for a in bad)
    assert all(a.is_estimated and a.cost_usd == a.reserved_usd for a in bad)
    # Only the empty answer has no text to keep.
    assert sum(not attempt.response_text for attempt in bad) == 1
    kept = " ".join(attempt.response_text or "" for attempt in bad)
    assert all(words in kept for words in ("not an answer", "sign in", "hello", "NaN", "data: "))


@PROTOCOLS
def test_token_counts_that_cannot_be_true_are_flagged_and_not_believed(
    any_workspace: Workspace, loopback: Loopback, protocol: str
) -> None:
    outcome = run_with(any_workspace, loopback, protocol, list(UNPRICED), n=10)
    assert (outcome.batch.generated, outcome.failed) == (10, [])
    flagged = [attempt for attempt in outcome.attempts if attempt.is_estimated]
    assert len(flagged) == len(UNPRICED)
    for attempt in flagged:
        assert (attempt.state, attempt.cost_usd) == ("succeeded", attempt.reserved_usd)
        assert (attempt.input_tokens, attempt.output_tokens) == (None, None)
    assert loopback.stats()["requests"] == 10


@PROTOCOLS
def test_odd_answers_that_can_be_read_are_used_and_priced_as_billed(
    any_workspace: Workspace, loopback: Loopback, protocol: str
) -> None:
    outcome = run_with(any_workspace, loopback, protocol, list(ODD), n=10)
    assert (outcome.batch.generated, outcome.failed, outcome.kinds) == (10, [], {})
    assert not any(attempt.is_estimated for attempt in outcome.attempts)
    assert loopback.stats()["requests"] == 10


@PROTOCOLS
@on_databases("fault", ["wrong_schema", "nul", "deep_answer"], on_both=["nul"])
def test_an_answer_that_breaks_its_schema_is_repaired_once_then_kept(
    any_workspace: Workspace,
    loopback: Loopback,
    protocol: str,
    fault: str,
) -> None:
    provider = Provider(any_workspace, loopback, protocol)
    loopback.script(lambda number, body: fault)
    batch = provider.launch(3, parameters={"max_output_tokens": 4000})
    assert provider.run(batch) == "completed"
    outcome = provider.outcome(batch)
    assert (outcome.batch.generated, outcome.batch.failed) == (0, 3)
    assert loopback.stats()["requests"] == 6
    assert outcome.kinds == {"schema": 6}
    for sample in outcome.failed:
        assert sample.raw_text
        assert sample.failure.startswith("schema: ")
        assert sample.failure.count("the answer") <= 1
    assert all(a.cost_usd and not a.is_estimated for a in outcome.attempts)


def test_a_cut_answer_says_so_once(workspace: Workspace, loopback: Loopback) -> None:
    provider = Provider(workspace, loopback)
    batch = provider.launch(2, parameters={"max_output_tokens": 16})
    assert provider.run(batch) == "completed"
    outcome = provider.outcome(batch)
    assert loopback.stats()["requests"] == 2
    for sample in outcome.failed:
        assert sample.failure.startswith("truncated: the answer is not JSON")
        assert sample.failure.count("the answer") == 1


@PROTOCOLS
def test_an_answer_without_end_is_cut_and_the_others_go_on(
    any_workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    hurry(monkeypatch)
    small = with_settings(any_workspace, max_response_bytes=2**20)
    outcome = run_with(small, loopback, protocol, list(TOO_LARGE), n=12)
    kinds = list(TOO_LARGE.values())
    assert outcome.kinds == {kind: kinds.count(kind) for kind in set(kinds)}
    # An answer that is too large would be so again; a broken one may come right.
    assert (outcome.batch.generated, outcome.batch.failed) == (9, 3)
    assert {sample.failure.partition(":")[0] for sample in outcome.failed} == {"too_large"}
    assert loopback.stats()["requests"] == 12 + kinds.count("garbage")
    bad = [attempt for attempt in outcome.attempts if attempt.failure_kind]
    assert all(a.state == "unknown" and a.cost_usd == a.reserved_usd for a in bad)
    assert all(len(attempt.response_text or "") <= 64 * 1024 for attempt in bad)


def test_a_network_that_answers_every_call_with_a_page_pauses_the_batch(
    workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    provider = Provider(workspace, loopback)
    loopback.script(lambda number, body: "html")
    batch = provider.launch(100)
    assert provider.run(batch) == "paused"
    outcome = provider.outcome(batch)
    assert (outcome.batch.pause_reason, outcome.samples) == ("provider", [])
    assert outcome.batch.wake_after_s is not None
    spent = sum((attempt.cost_usd or Decimal(0) for attempt in outcome.attempts), Decimal(0))
    assert spent == sum((attempt.reserved_usd for attempt in outcome.attempts), Decimal(0))
