"""The one writer: ownership, patience with a full or locked database, and clean ends."""

import asyncio
import threading
import time
from decimal import Decimal
from typing import Any

import pytest
from factories import make_batch
from sqlalchemy import event, select, update

from core.attempts.calls import Call, Charging, Settlement, Target
from core.attempts.journal import Journal
from core.db.ids import new_id
from core.db.tables import Attempt, Batch, Budget
from core.db.workspace import Workspace
from core.errors import Fenced
from core.providers.base import ModelRequest, Prepared
from core.spend.budgets import SpendScope, set_budget
from core.spend.reservations import Fit

PRICE = Decimal("0.10")


def charging(batch: Batch) -> Charging:
    scope = SpendScope("prj_default", "tpl", batch.batch_id, "usr_local")
    return Charging(batch.batch_id, batch.fence, "wrk_test", scope)


def call(index: int = 0) -> Call:
    request = ModelRequest("m", (), 10)
    prepared, target = Prepared(b"", 1), Target("offline", "m", "test")
    return Call(index, "generate", 1, request, prepared, "key", PRICE, new_id("att"), target)


def settled(opened: Call) -> Settlement:
    return Settlement(opened, "succeeded", Decimal("0.04"), False, 5, 200)


@pytest.fixture
def batch(any_workspace: Workspace) -> Batch:
    return make_batch(any_workspace, state="running")


def attempts(workspace: Workspace) -> list[Attempt]:
    with workspace.read() as session:
        return list(session.scalars(select(Attempt)))


def test_opening_reserves_and_settling_frees_the_rest(
    any_workspace: Workspace, batch: Batch
) -> None:
    set_budget(any_workspace, "batch", batch.batch_id, Decimal("0.35"))

    async def scenario() -> None:
        journal = Journal(any_workspace, charging(batch))
        opened = await journal.open([call(i) for i in range(3)])
        assert (len(opened.calls), opened.fit) == (3, Fit.FITS)
        assert (await journal.open([call(3)])).fit is Fit.LATER
        for one in opened.calls[:2]:
            await journal.settle(settled(one), None)
        await journal.discard(opened.calls[2])
        await journal.close()

    asyncio.run(scenario())
    with any_workspace.read() as session:
        budget = session.scalars(select(Budget)).one()
    assert (budget.settled_usd, budget.reserved_usd) == (Decimal("0.08"), 0)
    assert [attempt.state for attempt in attempts(any_workspace)] == ["succeeded"] * 2


def test_a_block_that_does_not_fit_opens_as_many_as_do(
    any_workspace: Workspace, batch: Batch
) -> None:
    set_budget(any_workspace, "batch", batch.batch_id, Decimal("0.45"))

    async def scenario() -> int:
        journal = Journal(any_workspace, charging(batch))
        opened = await journal.open([call(i) for i in range(8)])
        await journal.close()
        return len(opened.calls)

    assert asyncio.run(scenario()) == 4


@pytest.mark.parametrize("change", [{"fence": 99}, {"state": "paused"}])
def test_a_worker_that_lost_its_batch_writes_nothing_more(
    any_workspace: Workspace, batch: Batch, change: dict[str, Any]
) -> None:
    with any_workspace.write() as session:
        session.execute(update(Batch).values(**change))

    async def scenario() -> None:
        journal = Journal(any_workspace, charging(batch))
        try:
            await journal.open([call()])
        finally:
            await journal.close()

    with pytest.raises(Fenced):
        asyncio.run(scenario())
    assert attempts(any_workspace) == []


def test_a_result_is_held_while_the_disk_is_full(workspace: Workspace) -> None:
    batch = make_batch(workspace, state="running")
    is_full = threading.Event()

    @event.listens_for(workspace.engine, "begin")
    def _limit(connection: Any) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        most = pages if is_full.is_set() else 1_000_000
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")

    async def scenario() -> float:
        journal = Journal(workspace, charging(batch))
        (opened,) = (await journal.open([call()])).calls
        result = settled(opened)
        result.response_text = "x" * 200_000
        is_full.set()
        started = time.monotonic()
        storing = asyncio.create_task(journal.settle(result, None))
        await asyncio.sleep(0.3)
        assert not storing.done()
        assert journal.waits_for == "disk"
        is_full.clear()
        await asyncio.wait_for(storing, 10)
        await journal.close()
        return time.monotonic() - started

    assert asyncio.run(scenario()) < 10
    (attempt,) = attempts(workspace)
    assert attempt.response_text == "x" * 200_000


def test_wishes_of_the_user_arrive_with_any_commit(any_workspace: Workspace, batch: Batch) -> None:
    async def scenario() -> str:
        journal = Journal(any_workspace, charging(batch))
        await journal.beat()
        assert journal.wanted == "run"
        with any_workspace.write() as session:
            session.execute(update(Batch).values(wanted="cancel"))
        await journal.beat()
        await journal.close()
        return journal.wanted

    assert asyncio.run(scenario()) == "cancel"
