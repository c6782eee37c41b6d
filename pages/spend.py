"""Spend: what was spent, on what, against which budget, and where it is heading."""

import streamlit as st

from app import cache
from app.widgets import charts
from app.widgets.errors import show_errors
from app.widgets.filters import Choice, filter_bar
from app.widgets.formats import count, money, plural, words
from app.widgets.layout import Card, cards, empty_state, go_button, page_header, section
from app.widgets.samples.sample_view import ATTEMPT_COLUMNS, attempt_row
from app.widgets.spend.budgets import budgets_view
from app.widgets.spend.cost_corrections import estimated_view
from app.widgets.spend.reservation_factors import factors_view
from app.widgets.tables import PAGE_SIZE, number, plain_table
from core.generation.browsing import list_batches
from core.spend.report import SpendRow, list_attempts

KEYS = {"model": "By model", "template": "By template", "batch": "By batch", "user": "By user"}
STATES = ("open", "succeeded", "failed", "unknown")
TOP = 15
COLUMNS = {
    "Cost, USD": number("Cost, USD", "%.4f"),
    "Estimated, USD": number("Estimated, USD", "%.4f"),
    "Tokens in": number("Tokens in"),
    "Tokens out": number("Tokens out"),
    "Calls": number("Calls"),
    "Failed": number("Failed"),
    "Unpriced": number("Unpriced"),
}
INTERVAL_S = 5.0


@st.fragment(run_every=INTERVAL_S)
def totals_view() -> None:
    """The figures that matter, live."""
    total = cache.totals()
    cards(
        [
            Card("Today", money(total.today_usd)),
            Card("This month", money(total.month_usd)),
            Card("Forecast, month", money(total.forecast_month_usd), "At this month's daily mean."),
            Card("In all", money(total.cost_usd), f"{money(total.estimated_usd)} of it estimated."),
            Card("Per accepted sample", money(total.cost_per_accepted_usd)),
            Card("Calls", count(total.calls)),
        ]
    )
    if total.unpriced_calls:
        one = total.unpriced_calls == 1
        st.caption(
            f"{plural(total.unpriced_calls, 'call')} without a known price "
            f"{'is' if one else 'are'} not counted. Settings, Prices takes one."
        )


def charts_view() -> None:
    """Spend by day and by what it went to; calls where all of it was free."""
    is_free = cache.totals().cost_usd == 0
    what, unit, suffix = ("Calls", "calls", "") if is_free else ("Spend", "USD", ", USD")
    days = cache.spend("day")
    charts.bars(
        [row.label for row in days], [height(row, is_free) for row in days],
        f"{what} by day{suffix}", key="spend.days", unit=unit,
    )  # fmt: skip
    key = st.segmented_control(
        "Group", list(KEYS), default="model", required=True, key="spend.key",
        format_func=lambda k: KEYS[k], label_visibility="collapsed",
    )  # fmt: skip
    rows = cache.spend(key)
    left, right = st.columns([2, 3])
    with left:
        charts.bars(
            [row.label for row in rows[:TOP]], [height(row, is_free) for row in rows[:TOP]],
            f"{what} {KEYS[key].lower()}{suffix}", key="spend.bars", unit=unit,
            horizontal=True, decimals=0 if is_free else 4,
        )  # fmt: skip
    with right:
        is_unpriced = any(row.unpriced_calls for row in rows)
        plain_table(
            [spend_row(row, key, is_unpriced) for row in rows], key="spend.table", columns=COLUMNS
        )


def height(row: SpendRow, is_free: bool) -> float:
    return row.calls if is_free else float(row.cost_usd)


def spend_row(row: SpendRow, key: str, is_unpriced: bool) -> dict[str, object]:
    return {
        words(key): row.label, "Cost, USD": float(row.cost_usd), "Calls": row.calls,
        "Failed": row.failed_calls, "Tokens in": row.input_tokens,
        "Tokens out": row.output_tokens, "Estimated, USD": float(row.estimated_usd),
        **({"Unpriced": row.unpriced_calls} if is_unpriced else {}),
    }  # fmt: skip


def ledger_view() -> None:
    section("Ledger", "Every call to a provider, newest first, failed ones too.")
    batches = list_batches(cache.workspace(), limit=200)
    chosen = filter_bar(
        "spend",
        [
            Choice("batch", "All batches", [b.batch_id for b in batches],
                   {b.batch_id: b.name for b in batches}, 260),
            Choice("state", "Any outcome", STATES),
        ],
        search="",
    )  # fmt: skip
    attempts = list_attempts(
        cache.workspace(), batch_id=chosen["batch"], state=chosen["state"], limit=PAGE_SIZE
    )
    if not attempts:
        st.caption("No call fits.")
        return
    plain_table([attempt_row(a) for a in attempts], key="spend.attempts", columns=ATTEMPT_COLUMNS)


with show_errors():
    page_header("Spend", "What was spent, on what, and where it is heading.")
    if cache.totals().calls == 0:
        with empty_state(
            ":material/payments:", "Nothing was spent yet",
            "Every call to a provider appears here with its tokens, cost and outcome.",
        ):  # fmt: skip
            go_button("Launch a batch", "batches", key="spend.empty", view="launch")
    else:
        totals_view()
        charts_view()
    factors_view()
    budgets_view()
    if cache.totals().calls:
        estimated_view()
        ledger_view()
