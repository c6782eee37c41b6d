"""Batches run in this process against a provider that misbehaves, and what became of them."""

import dataclasses
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from factories import make_template
from invariants import assert_invariants
from sqlalchemy import select

from core.attempts import limits, retry
from core.db.tables import Attempt, Batch, Sample
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, get_batch
from core.jobs.control import resume_batch
from core.jobs.launching import launch_batch
from core.jobs.running.queue import prepare_queue
from core.jobs.workflows import WorkerContext, run_batch
from core.providers.connections import connection_for_url, get_connection
from core.providers.prices import set_price
from tests.loopback import Loopback

CONCURRENCY = 8
WAKE_S = 0.2  # stands for the `wake_after_s` of a batch, which is many times longer
MODEL = "claude-haiku-4-5"  # both protocols send it a schema in their native way


@dataclass(frozen=True)
class Provider:
    """A workspace and the loopback server that its batches call."""

    workspace: Workspace
    loopback: Loopback
    protocol: str = "openai"
    key_variable: str | None = None

    def launch(self, n: int, **changes: Any) -> Batch:
        """A queued batch of n samples; changes are fields of LaunchRequest."""
        prepare_queue(self.workspace)
        is_openai = self.protocol == "openai"
        url = self.loopback.url if is_openai else self.loopback.anthropic_url
        name = connection_for_url(
            self.workspace, url, self.protocol, MODEL, key_variable=self.key_variable
        ).name
        connection = get_connection(self.workspace, name)
        set_price(self.workspace, connection, MODEL, Decimal(2), Decimal(8))
        values = {"connection": name, "model": MODEL, "concurrency": CONCURRENCY, "seed": 1}
        version = make_template(self.workspace).template_version_id
        return launch_batch(self.workspace, LaunchRequest(version, n, **values | changes))

    def run(self, batch: Batch) -> str:
        """One worker's turn at it. Returns the state it is left in."""
        context = WorkerContext(self.workspace, "wrk_test", threading.Event())
        return run_batch(context, batch.batch_id)

    def run_to_the_end(self, batch: Batch, most_turns: int = 8) -> int:
        """Turn after turn, as a worker would wake it. Returns the number of turns."""
        for turn in range(1, most_turns + 1):
            if self.run(batch) != "paused":
                return turn
            found = get_batch(self.workspace, batch.batch_id)
            assert found.pause_reason == "provider"
            assert found.wake_after_s is not None, found.message
            time.sleep(WAKE_S)
            resume_batch(self.workspace, batch.batch_id)
        raise AssertionError(f"still paused after {most_turns} turns")

    def outcome(self, batch: Batch, *, is_within_ledger: bool = True) -> "Outcome":
        """What is stored of it, with the invariants checked against the server's own log."""
        if is_within_ledger:
            assert_invariants(self.workspace, batch.batch_id, self.loopback.stats())
        with self.workspace.read() as session:
            attempts = session.scalars(
                select(Attempt)
                .where(Attempt.batch_id == batch.batch_id)
                .order_by(Attempt.plan_index, Attempt.created_at, Attempt.number)
            ).all()
            samples = session.scalars(select(Sample).where(Sample.batch_id == batch.batch_id)).all()
            return Outcome(session.get_one(Batch, batch.batch_id), list(attempts), list(samples))


@dataclass(frozen=True)
class Outcome:
    """The rows of one batch."""

    batch: Batch
    attempts: list[Attempt]
    samples: list[Sample]

    @property
    def kinds(self) -> Counter[str]:
        """Attempts by what went wrong with them."""
        return Counter(a.failure_kind for a in self.attempts if a.failure_kind)

    @property
    def failed(self) -> list[Sample]:
        return [sample for sample in self.samples if sample.state == "failed"]

    def of_kind(self, kind: str) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.failure_kind == kind]

    def assert_each_failure_was_answered_once(self) -> None:
        """Within a call numbers run from 1 without a gap, and each repeat names its cause."""
        calls: dict[tuple[int, str], list[Attempt]] = {}
        for attempt in self.attempts:
            calls.setdefault((attempt.plan_index, attempt.purpose), []).append(attempt)
        for call in calls.values():
            ordered = sorted(call, key=lambda attempt: attempt.number)
            assert [attempt.number for attempt in ordered] == list(range(1, len(ordered) + 1))
            assert ordered[0].retry_cause is None
            for before, after in pairwise(ordered):
                assert after.retry_cause == before.failure_kind
                assert before.state in ("failed", "unknown")


def on_databases(name: str, values: Iterable[str], on_both: Iterable[str]) -> Any:
    """Runs a test with every value on SQLite, and with those of `on_both` on PostgreSQL too."""
    cases = [("sqlite", value) for value in values]
    cases += [("postgresql", value) for value in on_both]
    return pytest.mark.parametrize(("any_workspace", name), cases, indirect=["any_workspace"])


def hurry(monkeypatch: Any, most_announced_s: float = 0.3) -> None:
    """Scale waits down, so that a test need not wait for minutes."""
    monkeypatch.setattr(retry, "FIRST_BACKOFF_S", 0.02)
    monkeypatch.setattr(retry, "MAX_BACKOFF_S", 0.2)
    for module in (retry, limits):
        monkeypatch.setattr(module, "MAX_RETRY_AFTER_S", most_announced_s)


def with_settings(workspace: Workspace, **changes: Any) -> Workspace:
    """The same database under other settings."""
    settings = workspace.settings.model_copy(update=changes)
    return dataclasses.replace(workspace, settings=settings)
