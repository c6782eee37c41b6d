"""Templates of several steps at a provider's batch API: one piece after another."""

from decimal import Decimal
from typing import Any

import pytest
from batch_api_rig import PROTOCOLS, drive, one_pass
from invariants import assert_invariants
from loopback_batches import BatchDesk
from step_templates import (
    CHAT,
    CHATTED,
    assert_nothing_answered_twice,
    calls_of,
    make_steps,
    samples_of,
    step_of,
)

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, get_batch
from core.generation.progress import batch_progress
from core.jobs.control import resume_batch, retry_failed
from core.jobs.launching import launch_batch
from core.providers.connections import connection_for_url
from core.providers.prices import set_price

STEPS = 4


def launch(
    workspace: Workspace, loopback: Any, n: int, protocol: str = "openai", **changes: Any
) -> Batch:
    url = loopback.url if protocol == "openai" else loopback.anthropic_url
    connection = connection_for_url(workspace, url, protocol=protocol, model="mock")
    set_price(workspace, connection, "mock", Decimal(2), Decimal(8))
    version = changes.pop("version", None) or make_steps(workspace)
    values = {"connection": connection.name, "seed": 1, "mode": "batch_api"} | changes
    return launch_batch(workspace, LaunchRequest(version.template_version_id, n, **values))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_steps_are_submitted_one_after_another(
    ready: Workspace, loopback: Any, desk: BatchDesk, protocol: str
) -> None:
    batch = launch(ready, loopback, 30, protocol)
    assert drive(ready, batch) == "completed"
    assert desk.sizes() == [20, 10] * STEPS
    samples = samples_of(ready, batch)
    assert [sample.state for sample in samples] == ["generated"] * 30
    for sample in samples:
        output = sample.output or {}
        assert set(output) == {"question", "answer", "critique", "revision"}
        assert (sample.input, sample.response) == (
            output["question"]["text"], output["revision"]["text"],
        )  # fmt: skip
    assert calls_of(ready, batch) == {(place, "generate"): 30 for place in range(STEPS)}
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_live_answers_and_those_of_the_batch_api_are_the_same_questions(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    version = make_steps(local, CHAT, CHATTED)
    assert drive(local, launch(local, loopback, 5, version=version)) == "completed"
    again = launch(local, loopback, 5, version=version, mode="live")
    assert one_pass(local, again) == "completed"
    assert batch_progress(local, again.batch_id).attempts == 0
    assert desk.sizes() == [5, 5, 5]


def test_a_middle_step_is_repaired_in_a_piece_of_its_own(
    ready: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    spoilt = iter(["wrong_schema"] * 3)
    desk.row_rule = lambda _, body: next(spoilt, None) if step_of(body) == "answer" else None
    batch = launch(ready, loopback, 10)
    assert drive(ready, batch) == "completed"
    assert get_batch(ready, batch.batch_id).generated == 10
    generated = {(place, "generate"): 10 for place in range(STEPS)}
    assert calls_of(ready, batch) == {**generated, (1, "repair"): 3}
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_failed_step_is_retried_alone(local: Workspace, loopback: Any, desk: BatchDesk) -> None:
    desk.row_rule = lambda _, body: "wrong_schema" if step_of(body) == "critique" else None
    batch = launch(local, loopback, 6)
    assert drive(local, batch) == "completed"
    assert get_batch(local, batch.batch_id).failed == 6
    desk.row_rule = lambda _number, _body: None
    retry_failed(local, batch.batch_id)
    assert drive(local, batch) == "completed"
    assert get_batch(local, batch.batch_id).generated == 6
    assert calls_of(local, batch) == {
        (0, "generate"): 6, (1, "generate"): 6, (2, "generate"): 12, (2, "repair"): 6,
        (3, "generate"): 6,
    }  # fmt: skip
    assert_invariants(local, batch.batch_id, loopback.stats())


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("point", ["before_submit", "after_submit", "during_ingest"])
@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_kill_between_steps_pays_nothing_twice(
    ready: Workspace,
    loopback: Any,
    desk: BatchDesk,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    number: int,
) -> None:
    left = [number]

    def crash_here(name: str) -> None:
        left[0] -= name == point
        if name == point and left[0] == 0:
            raise Killed

    batch = launch(ready, loopback, 25, budget_usd=Decimal(10))
    with monkeypatch.context() as patches:
        patches.setattr("core.generation.batch_api.submitting.crash_here", crash_here)
        patches.setattr("core.generation.batch_api.ingesting.crash_here", crash_here)
        with pytest.raises(Killed):
            drive(ready, batch)
    assert drive(ready, batch, "wrk_next") == "completed"
    assert get_batch(ready, batch.batch_id).generated == 25
    assert loopback.stats()["requests"] == 25 * STEPS
    assert_nothing_answered_twice(ready, batch)
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_budget_that_ends_between_pieces_costs_no_answer(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    batch = launch(local, loopback, 30, budget_usd=Decimal("0.04"))
    assert drive(local, batch) == "paused"
    assert get_batch(local, batch.batch_id).pause_reason == "budget"
    resume_batch(local, batch.batch_id, Decimal(10))
    assert drive(local, batch) == "completed"
    assert loopback.stats()["requests"] == 30 * STEPS
    assert_invariants(local, batch.batch_id, loopback.stats())
