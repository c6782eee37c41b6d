"""What a launch will cost and take, and how much of it was paid for before."""

import streamlit as st

from app import cache
from app.widgets.formats import count, duration, money, plain, sentence
from app.widgets.layout import Card, cards
from core.generation.batches import LaunchRequest
from core.generation.estimate import Estimate
from core.generation.reuse import Reusable


def estimate_view(draft: LaunchRequest) -> None:
    """Figures, what they rest on, and what is reused."""
    expected = cache.launch_estimate(draft)
    cards(_figures(expected, draft))
    if draft.seed is not None:
        _reuse(expected.reuse)
    notes = [expected.basis, f"price: {expected.price_source}" if expected.price_source else ""]
    if expected.cost_usd is None:
        notes.append("no price is known for this model; Settings, Prices takes one")
    notes += [f"{model} would cost {money(cost)}" for model, cost in expected.cheaper[:2]]
    st.caption(plain(" · ".join(sentence(note) for note in notes if note)))


def _figures(expected: Estimate, draft: LaunchRequest) -> list[Card]:
    spread = f"{money(expected.low_usd)} to {money(expected.high_usd)}"
    is_slow = draft.mode == "batch_api"
    return [
        Card("Expected cost", money(expected.cost_usd), f"Likely {spread}."),
        Card(
            "At most", money(expected.worst_case_usd),
            "If every call used all it may. Repairs and retries come on top; a budget "
            "is the firm limit.",
        ),
        Card(
            "Expected time", f"up to {count(expected.seconds / 3600)} h" if is_slow
            else duration(expected.seconds),
        ),
        Card("Tokens in", count(expected.input_tokens)),
        Card("Tokens out", count(expected.output_tokens)),
    ]  # fmt: skip


def _reuse(reuse: Reusable) -> None:
    if not reuse.reusable:
        st.caption(f"No answer for this seed is known yet: all {reuse.planned:,} are asked.")
        return
    st.success(plain(reuse_text(reuse)), icon=":material/recycling:")


def reuse_text(reuse: Reusable) -> str:
    """712 of 1,000 answers reused, saves 1.90 USD; where it is extrapolated, it says so."""
    told = f"{reuse.reusable:,} of {reuse.planned:,} answers reused, saves {money(reuse.saves_usd)}"
    if reuse.looked_at == reuse.planned:
        return told
    return f"About {told}; {reuse.looked_at:,} were looked at"
