"""Launching and steering batches from the page."""

from decimal import Decimal

from core.db.workspace import Workspace
from core.generation.batches import get_batch, list_batches
from core.spend.budgets import list_budgets


def test_launching_stores_one_queued_batch_with_what_the_form_said(
    workspace: Workspace, seeded, open_page
) -> None:
    before = {batch.batch_id for batch in list_batches(workspace)}
    at = open_page("batches", view="launch", template="bank-answers")
    at.number_input(key="batches.n").set_value(37).run()
    at.text_input(key="batches.name").set_value("From the form")
    at.number_input(key="batches.budget").set_value(1.5)
    at.number_input(key="batches.seed").set_value(11)
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
