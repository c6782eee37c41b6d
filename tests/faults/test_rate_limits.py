"""F11: the provider answers 429, with every kind of Retry-After and with none."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from faulty_runs import CONCURRENCY, Provider, hurry, on_databases

from core.db.workspace import Workspace
from tests.loopback import Fault, Loopback

N = 200
REFUSING_S = 0.4
MOST_REQUESTS = 1.2 * N


def in_a_moment() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


FORMS: dict[str, Callable[[], str | None]] = {
    "none": lambda: None,
    "zero": lambda: "0",
    "one second": lambda: "1",
    "a fraction": lambda: "0.2",
    "thirty years": lambda: "1e9",
    "a date": in_a_moment,
    "junk": lambda: "soon",
    "negative": lambda: "-5",
}


def refusing(loopback: Loopback, form: Callable[[], str | None], first: int) -> Any:
    """Refuse every request of a while that begins after the `first` answered ones."""
    began: list[float] = []

    def rule(number: int, _body: Any) -> Fault | None:
        if number <= first:
            return None
        began[:] = began or [time.monotonic()]
        if time.monotonic() - began[0] < REFUSING_S:
            return Fault("rate_limit", retry_after=form())
        return None

    loopback.script(rule)


@on_databases("form", FORMS, on_both=["none", "one second"])
def test_a_refusing_spell_costs_few_requests_and_no_sample(
    any_workspace: Workspace,
    loopback: Loopback,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    hurry(monkeypatch, most_announced_s=1.0)
    loopback.latency_ms = 5
    provider = Provider(any_workspace, loopback)
    refusing(loopback, FORMS[form], first=N // 2)
    batch = provider.launch(N)
    provider.run_to_the_end(batch)
    outcome = provider.outcome(batch)
    assert (outcome.batch.generated, outcome.failed) == (N, [])
    assert set(outcome.kinds) == {"rate_limit"}
    assert loopback.stats()["requests"] <= MOST_REQUESTS
    assert sum(attempt.cost_usd or 0 for attempt in outcome.of_kind("rate_limit")) == 0


@pytest.mark.parametrize("announced", ["1", None], ids=["announced", "not announced"])
def test_a_concurrency_that_adapts_needs_few_requests_too(
    workspace: Workspace, loopback: Loopback, announced: str | None
) -> None:
    loopback.latency_ms = 5
    provider = Provider(workspace, loopback)
    refusing(loopback, lambda: announced, first=N)
    batch = provider.launch(3 * N, concurrency=None)
    provider.run_to_the_end(batch)
    assert provider.outcome(batch).batch.generated == 3 * N
    assert loopback.stats()["requests"] <= 3 * MOST_REQUESTS


def test_an_announced_wait_holds_every_call_back(
    workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch, most_announced_s=1.0)
    loopback.latency_ms = 5
    times: list[float] = []

    def rule(number: int, _body: Any) -> Fault | None:
        times.append(time.monotonic())
        is_refusing = times[-1] - times[0] < 0.1
        return Fault("rate_limit", retry_after="0.7") if is_refusing else None

    loopback.script(rule)
    provider = Provider(workspace, loopback)
    batch = provider.launch(30)
    provider.run_to_the_end(batch)
    assert provider.outcome(batch).batch.generated == 30
    waited = [moment - times[0] for moment in times]
    assert [s for s in waited if 0.1 <= s < 0.65] == []
    assert sum(s < 0.1 for s in waited) <= CONCURRENCY
