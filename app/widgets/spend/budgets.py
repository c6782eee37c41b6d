"""Budgets for people: how much of each is used, and which of them need attention."""

from collections.abc import Sequence

import streamlit as st

from app import cache
from app.widgets.formats import ago, money, plain, plural, sentence
from app.widgets.layout import go_button, section
from core.db.ids import utc_now
from core.db.tables import Budget, BudgetAlert
from core.spend.alerts import list_alerts
from core.spend.budgets import list_budgets, month_of
from core.spend.naming import SCOPES, label_budgets

MOST = 12
PRESSING_PERCENT = 80
COLORS = {50: "gray", 80: "orange", 100: "red"}


def budgets_view() -> None:
    """A bar for each budget with its latest alert: the widest first, single batches last."""
    section("Budgets", "Spent and reserved money never passes a cap.")
    budgets = list_budgets(cache.workspace())
    if not budgets:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("No budget is set. A batch can also carry its own.", width="content")
            go_button("Set a budget", "settings", key="spend.budget", view="Budgets")
        return
    budgets.sort(key=lambda budget: (budget.scope == "batch", SCOPES.index(budget.scope)))
    labels = label_budgets(cache.workspace(), budgets[:MOST])
    alerts = list_alerts(cache.workspace(), limit=500)
    for budget in budgets[:MOST]:
        label = labels[budget.budget_id] + (f", {budget.month}" if budget.month else "")
        _bar(budget, label, [a for a in alerts if a.budget_id == budget.budget_id])
    if len(budgets) > MOST:
        st.caption(f"{plural(len(budgets) - MOST, 'more budget')} in Settings.")


def pressing_budgets() -> list[tuple[Budget, str]]:
    """Budgets of now that are nearly used up or beyond, each with what it caps.

    Not those of single batches: a batch that runs out says so itself, and one that ended is done.
    """
    now = month_of(utc_now())
    found = [
        budget
        for budget in list_budgets(cache.workspace())
        if budget.alerted_percent >= PRESSING_PERCENT
        and budget.month in ("", now)
        and budget.scope != "batch"
    ]
    labels = label_budgets(cache.workspace(), found)
    return [(budget, labels[budget.budget_id]) for budget in found]


def used_percent(budget: Budget) -> int:
    """How much of the cap is spent, rounded down; 100 of a cap of zero."""
    return int(100 * budget.settled_usd / budget.cap_usd) if budget.cap_usd else 100


def _bar(budget: Budget, label: str, alerts: Sequence[BudgetAlert]) -> None:
    used = budget.settled_usd + budget.reserved_usd
    reserved = f", {money(budget.reserved_usd)} reserved" if budget.reserved_usd else ""
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text(sentence(label), width="content")
            st.caption(
                plain(f"{money(budget.settled_usd)} of {money(budget.cap_usd)} spent{reserved}"),
                width="stretch",
            )
            _badge(budget, alerts)
        part = float(used / budget.cap_usd) if budget.cap_usd else 1.0
        st.progress(min(max(part, 0.0), 1.0))


def _badge(budget: Budget, alerts: Sequence[BudgetAlert]) -> None:
    if not budget.alerted_percent:
        return
    told = [a.created_at for a in alerts if a.percent == budget.alerted_percent]
    when = f" · {ago(told[0])}" if told else ""
    st.badge(f"{budget.alerted_percent} %{when}", color=COLORS[budget.alerted_percent])
