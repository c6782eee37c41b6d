"""Driving batches through the loopback server's batch APIs, pass after pass, in this process."""

import time
from dataclasses import replace
from decimal import Decimal
from threading import Event
from typing import Any

from factories import make_template
from sqlalchemy import func, select

from core.db.tables import Attempt, Batch, Budget
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, get_batch
from core.jobs.launching import launch_batch
from core.jobs.workflows import WorkerContext, run_batch
from core.providers.connections import connection_for_url
from core.providers.prices import set_price

POLL_S = 0.05
PIECE_REQUESTS = 20
MOST_PASSES = 150
PROTOCOLS = ("openai", "anthropic")


def quick(workspace: Workspace, poll_s: float = POLL_S) -> Workspace:
    settings = workspace.settings.model_copy(update={"batch_api_poll_s": poll_s})
    return replace(workspace, settings=settings)


def launch(
    workspace: Workspace, loopback: Any, n: int = 30, protocol: str = "openai", **changes: Any
) -> Batch:
    url = loopback.url if protocol == "openai" else loopback.anthropic_url
    connection = connection_for_url(workspace, url, protocol=protocol, model="mock")
    set_price(workspace, connection, "mock", Decimal(2), Decimal(8))
    values = {"connection": connection.name, "seed": 1, "mode": "batch_api"} | changes
    version = make_template(workspace)
    return launch_batch(workspace, LaunchRequest(version.template_version_id, n, **values))


def one_pass(workspace: Workspace, batch: Batch, worker: str = "wrk_test") -> str:
    return run_batch(WorkerContext(workspace, worker, Event()), batch.batch_id)


def drive(workspace: Workspace, batch: Batch, worker: str = "wrk_test") -> str:
    """Pass after pass, as the sweep would have them made, until the batch rests."""
    for _ in range(MOST_PASSES):
        state = one_pass(workspace, batch, worker)
        if state != "running":
            return state
        time.sleep(POLL_S / 4)
    raise AssertionError(f"still running: {get_batch(workspace, batch.batch_id).message}")


def reserved(workspace: Workspace, batch: Batch) -> tuple[int, Decimal]:
    """Open attempts and what the budgets hold for them."""
    with workspace.read() as session:
        opened = session.scalar(
            select(func.count()).where(Attempt.batch_id == batch.batch_id, Attempt.state == "open")
        )
        held = session.scalars(select(Budget.reserved_usd)).all()
    return int(opened or 0), sum(held, Decimal(0))
