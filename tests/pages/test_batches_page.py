"""Launching and steering batches from the page."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from factories import make_batch, make_template

from core.db.tables import Batch, ProviderBatch
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, get_batch
from core.generation.browsing import list_batches
from core.jobs.launching import launch_batch
from core.jobs.workflows import WorkerContext, run_batch
from core.providers.connections import connection_for_url
from core.providers.prices import set_price
from core.spend.budgets import list_budgets


def test_launching_stores_one_queued_batch_with_what_the_form_said(
    workspace: Workspace, seeded, open_page
) -> None:
    before = {batch.batch_id for batch in list_batches(workspace)}
    at = open_page("batches", view="launch", template="bank-answers")
    at.number_input(key="batches.n").set_value(37).run()
    at.selectbox(key="batches.seed_from").set_value("own").run()
    at.number_input(key="batches.seed").set_value(11).run()
    at.text_input(key="batches.name").set_value("From the form")
    at.number_input(key="batches.budget").set_value(1.5)
    at.button(key="batches.launch.submit").click().run()
    assert not at.exception
    (batch,) = [b for b in list_batches(workspace) if b.batch_id not in before]
    assert (batch.name, batch.n, batch.seed, batch.state) == ("From the form", 37, 11, "queued")
    assert batch.connection == "offline"
    caps = [b.cap_usd for b in list_budgets(workspace) if b.scope_id == batch.batch_id]
    assert caps == [Decimal("1.5")]


def test_the_estimate_stands_before_the_button(seeded, open_page) -> None:
    at = open_page("batches", view="launch", template="bank-answers")
    assert {"Expected cost", "At most", "Expected time"} <= {m.label for m in at.metric}


def test_a_connection_without_its_key_cannot_launch(seeded, open_page) -> None:
    at = open_page("batches", view="launch", template="bank-answers")
    at.selectbox(key="batches.model.connection").set_value("openai").run()
    assert at.button(key="batches.launch.submit").disabled
    assert "OPENAI_API_KEY" in at.warning[0].value


def test_pausing_asks_the_running_batch_to_pause(workspace: Workspace, seeded, open_page) -> None:
    at = open_page("batches", batch=seeded["running"])
    at.button(key="batches.pause").click().run()
    assert get_batch(workspace, seeded["running"]).wanted == "pause"


def test_a_finished_batch_offers_to_retry_what_failed(seeded, open_page) -> None:
    at = open_page("batches", batch=seeded["batch"])
    keys = {button.key for button in at.button}
    assert "batches.retry" in keys
    assert not keys & {"batches.pause", "batches.resume", "batches.cancel"}


def test_one_visit_to_the_form_is_one_wish_and_the_next_visit_another(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("batches", view="launch", template="bank-answers")
    at.button(key="batches.launch.submit").click().run()
    assert not at.exception
    newest = list_batches(workspace, limit=1)[0]
    assert newest.idempotency_key
    again = open_page("batches", view="launch", template="bank-answers")
    again.button(key="batches.launch.submit").click().run()
    assert list_batches(workspace, limit=1)[0].idempotency_key != newest.idempotency_key


def run(workspace: Workspace, loopback: Any, **changes: Any) -> Batch:
    """A finished batch of 12 against the loopback provider."""
    connection = connection_for_url(workspace, loopback.url, model="mock")
    set_price(workspace, connection, "mock", Decimal(2), Decimal(8))
    values = {"connection": connection.name, "parameters": {"temperature": 0.3}} | changes
    version = make_template(workspace)
    batch = launch_batch(workspace, LaunchRequest(version.template_version_id, 12, **values))
    run_batch(WorkerContext(workspace, "wrk_test", threading.Event()), batch.batch_id)
    return get_batch(workspace, batch.batch_id)


def test_launching_again_starts_from_what_the_batch_was_launched_with(
    workspace: Workspace, loopback: Any, open_page
) -> None:
    first = run(workspace, loopback, concurrency=6, priority=4)
    at = open_page("batches", batch=first.batch_id)
    at.button(key="batches.again").click().run()
    assert not at.exception
    assert "12 of 12 answers reused" in at.success[0].value.replace("\\", "")
    at.button(key="batches.launch.submit").click().run()
    assert not at.exception
    again = list_batches(workspace, limit=1)[0]
    assert again.batch_id != first.batch_id
    same = ("template_version_id", "n", "seed", "connection", "model", "parameters",
            "concurrency", "priority", "mode")  # fmt: skip
    assert [getattr(again, name) for name in same] == [getattr(first, name) for name in same]


def test_the_seed_of_an_earlier_batch_makes_its_answers_reusable(
    workspace: Workspace, loopback: Any, open_page
) -> None:
    first = run(workspace, loopback, parameters={})
    at = open_page("batches", view="launch", template="bank-answers")
    at.selectbox(key="batches.model.connection").set_value(first.connection).run()
    at.number_input(key="batches.n").set_value(12).run()
    assert not at.success
    whole = next(m.value for m in at.metric if m.label == "Expected cost")
    at.selectbox(key="batches.seed_from").set_value(first.batch_id).run()
    assert "12 of 12 answers reused, saves" in at.success[0].value.replace("\\", "")
    assert next(m.value for m in at.metric if m.label == "Expected cost") != whole


def test_mode_and_failover_are_launched_as_chosen(
    workspace: Workspace, loopback: Any, open_page
) -> None:
    name = run(workspace, loopback).connection
    at = open_page("batches", view="launch", template="bank-answers")
    at.selectbox(key="batches.model.connection").set_value(name).run()
    at.selectbox(key="batches.failover").set_value("offline")
    at.text_input(key="batches.failover_model").set_value("offline-1")
    at.button(key="batches.launch.submit").click().run()
    batch = list_batches(workspace, limit=1)[0]
    assert (batch.failover_connection, batch.failover_model) == ("offline", "offline-1")
    at = open_page("batches", view="launch", template="bank-answers")
    at.selectbox(key="batches.model.connection").set_value(name).run()
    at.selectbox(key="batches.mode").set_value("batch_api").run()
    assert "batches.failover" not in {box.key for box in at.selectbox}
    at.button(key="batches.launch.submit").click().run()
    batch = list_batches(workspace, limit=1)[0]
    assert (batch.mode, batch.failover_connection) == ("batch_api", None)


def test_the_offline_provider_offers_no_batch_api(seeded, open_page) -> None:
    at = open_page("batches", view="launch", template="bank-answers")
    assert "batches.mode" not in {box.key for box in at.selectbox}


def test_the_list_is_searched_and_paged_in_the_database(
    workspace: Workspace, seeded, open_page
) -> None:
    for number in range(55):
        make_batch(workspace, name=f"Night run {number}")
    at = open_page("batches")
    assert len(at.dataframe[0].value) == 50
    at.text_input(key="batches.search").set_value("bank answers, TRIAL").run()
    assert [name[-19:] for name in at.dataframe[0].value["Batch"]] == ["Bank answers, trial"]
    at.text_input(key="batches.search").set_value("no such").run()
    assert not at.dataframe
    assert not at.exception


def test_a_running_batch_says_what_holds_it_and_who_works_on_it(
    workspace: Workspace, seeded, open_page
) -> None:
    with workspace.write() as session:
        batch = session.get_one(Batch, seeded["running"])
        batch.concurrency_limit, batch.worker_id = 48, "wrk_1"
        batch.concurrency_reason = "lowered by the provider (rate_limit)"
        batch.rate_low_per_s, batch.rate_high_per_s = 8.0, 12.0
    at = open_page("batches", batch=seeded["running"])
    said = " ".join(caption.value for caption in at.caption).replace("\\", "").replace("\xa0", " ")
    assert "At most 48 calls in flight: lowered by the provider (rate limit)." in said
    assert "estimating the time left" in said
    assert "38 % of a core" in said


@pytest.mark.parametrize("wakes", [True, False])
def test_a_paused_batch_says_whether_it_wakes_by_itself(
    workspace: Workspace, open_page, wakes: bool
) -> None:
    batch = make_batch(
        workspace, state="paused", pause_reason="provider", message="The provider is down.",
        wake_after_s=30 if wakes else None,
    )  # fmt: skip
    at = open_page("batches", batch=batch.batch_id)
    said = at.info[0].value.replace("\\", "").replace("\xa0", " ")
    assert ("Tries again by itself every 30 s." in said) == wakes


def test_a_batch_at_the_provider_shows_its_pieces(workspace: Workspace, open_page) -> None:
    batch = make_batch(workspace, state="running", mode="batch_api", wake_after_s=30)
    with workspace.write() as session:
        session.add(
            ProviderBatch(
                provider_batch_id="pbt_1", batch_id=batch.batch_id, connection="openai", model="m",
                state="in_progress", requests=500,
            )
        )  # fmt: skip
    at = open_page("batches", batch=batch.batch_id)
    assert not at.exception
    assert list(at.dataframe[0].value["Requests"]) == [500]
    said = at.info[0].value.replace("\\", "").replace("\xa0", " ")
    assert "Looks again by itself every 30 s." in said
