"""The Budgets part of the Settings page: what is capped, setting a cap, deleting one."""

from decimal import Decimal

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import money, sentence
from app.widgets.spend.budgets import used_percent
from app.widgets.tables import part, plain_table, right
from core.access.projects import list_projects, local_admin
from core.db.tables import Budget
from core.generation.browsing import list_batches
from core.spend.budgets import delete_budget, set_budget
from core.spend.naming import label_budgets
from core.templates.versions import list_templates

CHOSEN = "settings.budget.chosen"


def budgets_table(budgets: list[Budget]) -> None:
    """Caps and what is used of them, and the way to delete one."""
    if not budgets:
        st.caption("No budget is set.")
        return
    labels = _labels(budgets)
    rows = [
        {
            "Budget": labels[b.budget_id],
            "Cap": money(b.cap_usd),
            "Spent": money(b.settled_usd),
            "Reserved": money(b.reserved_usd),
            "Used": min(used_percent(b), 100),
        }
        for b in budgets
    ]
    columns = {name: right(name) for name in ("Cap", "Spent", "Reserved")}
    plain_table(rows, key="settings.budgets", columns=columns | {"Used": part("Used", width=130)})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            "Delete a budget", list(labels), index=None, format_func=lambda i: labels[i],
            key=CHOSEN, placeholder="Choose a budget to delete", label_visibility="collapsed",
            width=380,
        )  # fmt: skip
        st.button(
            "Delete", key="settings.budget.delete", icon=":material/delete:",
            disabled=chosen is None, on_click=_delete,
        )  # fmt: skip


def budget_form() -> None:
    """A cap for anything that spends, for all time or one month."""
    scopes = _scopes()
    with st.form("settings.budget", border=True):
        left, middle, far = st.columns([2, 1, 1])
        chosen = left.selectbox(
            "Of", list(scopes), format_func=lambda i: scopes[i], key="settings.budget.scope"
        )
        month = middle.text_input(
            "Month", key="settings.budget.month", placeholder="2026-11; empty for all time"
        )
        cap = far.number_input(
            "Cap, USD", 0.0, value=10.0, format="%.2f", key="settings.budget.cap"
        )
        is_sent = st.form_submit_button("Save budget", key="settings.budget.save", type="primary")
    if is_sent:
        with show_errors():
            scope, _, scope_id = chosen.partition("/")
            set_budget(cache.workspace(), scope, scope_id, Decimal(str(cap)), month.strip())
            state.notify("The budget is saved.")
            st.rerun()


def _labels(budgets: list[Budget]) -> dict[str, str]:
    names = label_budgets(cache.workspace(), budgets)
    return {
        b.budget_id: sentence(names[b.budget_id]) + (f", {b.month}" if b.month else "")
        for b in budgets
    }


def _scopes() -> dict[str, str]:
    """What a budget can be for, by `scope/id`: the widest first."""
    workspace = cache.workspace()
    admin = local_admin(workspace)
    return {
        "workspace/*": "The workspace",
        **{f"project/{p.project_id}": f"Project {p.name}" for p in list_projects(workspace)},
        f"user/{admin.user_id}": f"User {admin.name}",
        **{
            f"template/{row.template.template_id}": f"Template {row.template.title}"
            for row in list_templates(workspace)
        },
        **{f"batch/{b.batch_id}": f"Batch {b.name}" for b in list_batches(workspace, limit=200)},
    }


def _delete() -> None:
    """The button's callback; the chosen budget's alerts go with it."""
    with show_errors():
        delete_budget(cache.workspace(), state.value_of(CHOSEN))
        state.forget(CHOSEN)
        state.notify("The budget is deleted; what was spent stays in the ledger.")
