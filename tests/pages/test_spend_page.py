"""Spend, and what other pages say about money: budgets, alerts, estimates, unpriced calls."""

from decimal import Decimal
from typing import Any

import pytest
from ledger import make_attempts, scope_of
from streamlit.testing.v1 import AppTest

from app import cache
from app.widgets.spend.reservation_factors import factor_text
from core.db.ids import utc_now
from core.db.tables import Batch, ReservationFactor, User
from core.db.workspace import Workspace
from core.spend.budgets import list_budgets, month_of, set_budget
from core.spend.correction_lists import correction_history
from core.spend.factors import list_factors, note_excess
from core.spend.reservations import settle

GUESS: dict[str, Any] = {"state": "unknown", "is_estimated": True, "cost_usd": Decimal("0.10")}


@pytest.fixture
def batch(workspace: Workspace, seeded: dict[str, str]) -> Batch:
    with workspace.read() as session:
        return session.get_one(Batch, seeded["batch"])


def texts(at: AppTest) -> str:
    """Everything that the page says in words."""
    found = [*at.markdown, *at.caption, *at.text, *at.subheader]
    return "\n".join(element.value for element in found).replace("\\", "").replace("\u00a0", " ")


def spend(workspace: Workspace, batch: Batch, amount: str) -> None:
    with workspace.engine.begin() as connection:
        month = month_of(utc_now())
        settle(connection, scope_of(workspace, batch), month, Decimal(0), Decimal(amount))


def test_calls_without_a_price_are_named(workspace: Workspace, batch: Batch, open_page) -> None:
    assert "known price" not in texts(open_page("spend"))
    make_attempts(workspace, batch, *[{"cost_usd": None}] * 12)
    cache.totals.clear()
    assert "12 calls without a known price are not counted" in texts(open_page("spend"))


def test_an_estimated_batch_is_corrected(workspace: Workspace, batch: Batch, open_page) -> None:
    make_attempts(workspace, batch, GUESS, GUESS)
    at = open_page("spend")
    at.number_input(key="spend.correct.total").set_value(0.05)
    at.text_input(key="spend.correct.reason").set_value("invoice 7")
    at.button(key="spend.correct.save").click().run()
    assert not at.exception
    assert not at.error
    (entry,) = correction_history(workspace)
    assert (entry.calls, entry.cost_usd, entry.reason) == (2, Decimal("0.05"), "invoice 7")
    assert "once more" in at.selectbox(key="spend.correct.batch").options[0]


def test_a_correction_without_an_amount_or_by_another_role_changes_nothing(
    workspace: Workspace, batch: Batch, open_page
) -> None:
    make_attempts(workspace, batch, GUESS)
    at = open_page("spend")
    at.button(key="spend.correct.save").click().run()
    assert "Enter what these calls cost" in at.error[0].value
    with workspace.write() as session:
        session.get_one(User, "usr_local").role = "viewer"
    at.number_input(key="spend.correct.total").set_value(0.05)
    at.button(key="spend.correct.save").click().run()
    assert "not an admin" in at.error[0].value
    assert correction_history(workspace) == []


def test_where_every_bill_is_known_nothing_is_asked(seeded, open_page) -> None:
    at = open_page("spend")
    assert "Estimated calls" not in texts(at)
    assert "Billed more" not in texts(at)


def test_a_budget_shows_what_is_spent_and_its_alert(
    workspace: Workspace, batch: Batch, open_page
) -> None:
    set_budget(workspace, "workspace", "", Decimal(1))
    assert "80 %" not in texts(open_page("spend"))
    spend(workspace, batch, "0.85")
    said = texts(open_page("spend"))
    assert "The workspace" in said
    assert "80 %" in said


def test_the_overview_names_budgets_that_run_out(
    workspace: Workspace, batch: Batch, open_page
) -> None:
    set_budget(workspace, "workspace", "", Decimal(1))
    spend(workspace, batch, "0.7")
    assert "of the budget spent" not in texts(open_page("overview"))
    spend(workspace, batch, "0.15")
    assert "**The workspace**: 85 % of the budget spent." in texts(open_page("overview"))


def test_a_model_that_bills_more_is_named_and_reset(
    workspace: Workspace, seeded: dict[str, str], open_page
) -> None:
    with workspace.write() as session:
        note_excess(session, "openai", "o9", [(Decimal("0.1"), Decimal("0.163"))])
    at = open_page("spend")
    assert "**o9** on openai billed 0.0630 USD more than was reserved on 1 call" in texts(at)
    at.button(key="spend.factor.0").click().run()
    assert not at.exception
    assert list_factors(workspace) == []
    assert "Billed more" not in texts(at)


def test_a_models_name_is_text() -> None:
    factor = ReservationFactor(
        connection="c", model="[x](http://e)", factor=1.8, excess_calls=7,
        excess_usd=Decimal("0.12"),
    )  # fmt: skip
    said = factor_text(factor)
    assert "[x](http" not in said
    assert "7\u00a0calls; its reservations are now 1.8 times as large" in said


def test_a_budget_of_a_template_is_set_and_deleted(
    workspace: Workspace, batch: Batch, open_page
) -> None:
    scope = scope_of(workspace, batch)
    at = open_page("settings", view="Budgets")
    at.selectbox(key="settings.budget.scope").set_value(f"template/{scope.template_id}")
    at.number_input(key="settings.budget.cap").set_value(7.5)
    at.button(key="settings.budget.save").click().run()
    assert not at.exception
    made = list_budgets(workspace)[0]
    assert (made.scope, made.scope_id, made.cap_usd) == (
        "template", scope.template_id, Decimal("7.5"),
    )  # fmt: skip
    assert at.button(key="settings.budget.delete").disabled
    at.selectbox(key="settings.budget.chosen").set_value(made.budget_id).run()
    at.button(key="settings.budget.delete").click().run()
    assert not at.exception
    assert made.budget_id not in [b.budget_id for b in list_budgets(workspace)]
