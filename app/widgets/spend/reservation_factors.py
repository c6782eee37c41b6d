"""Models that bill more than was reserved: how much, and what follows from it."""

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import money, plain, plural
from app.widgets.layout import section
from core.db.tables import ReservationFactor
from core.spend.factors import list_factors, reset_factor


def factors_view() -> None:
    """A line for each such model; nothing where every model keeps to its price."""
    factors = list_factors(cache.workspace(), limit=10)
    if factors:
        section("Billed more than reserved")
    for i, factor in enumerate(factors):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(factor_text(factor), width="stretch")
            st.button(
                "Reset", key=f"spend.factor.{i}", on_click=_reset,
                args=(factor.connection, factor.model),
                help="Reserve the plain worst case again, once its price or limit is right.",
            )  # fmt: skip


def factor_text(factor: ReservationFactor) -> str:
    """What a model did and what was done about it, in Markdown."""
    grown = (
        f"its reservations are now {factor.factor:,.1f} times as large"
        if factor.factor > 1
        else "nothing was reserved for them"
    )
    return (
        f"**{plain(factor.model)}** on {plain(factor.connection)} billed "
        f"{plain(money(factor.excess_usd))} more than was reserved on "
        f"{plural(factor.excess_calls, 'call')}; {grown}."
    )


def _reset(connection: str, model: str) -> None:
    with show_errors():
        reset_factor(cache.workspace(), connection, model)
        state.notify(f"Reservations for {model} are the plain worst case again.")
