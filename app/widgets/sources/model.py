"""The form that has a model name a source's terms: how much, with which model, at what cost."""

from decimal import Decimal

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import money, plain, plural
from app.widgets.pickers import model_picker
from core.db.tables import Source
from core.errors import SeedbedError
from core.jobs.extracting_with_model import (
    MAX_CHUNKS,
    ModelExtraction,
    extraction_launch,
    launch_extraction,
)

USUAL_CHUNKS = 200


@st.dialog("Extract terms with a model")
def model_dialog(source: Source) -> None:
    """A small batch over the chunks; its answers replace the terms when it has ended."""
    with show_errors():
        most = min(source.chunk_count, MAX_CHUNKS)
        choice = model_picker(cache.workspace(), key="sources.extract.with")
        left, right = st.columns(2)
        chunks = left.number_input(
            "Chunks to read", 1, most, min(most, USUAL_CHUNKS), key="sources.extract.chunks",
            help="Spread over the source. Terms are looked for in all chunks afterwards.",
        )  # fmt: skip
        budget = right.number_input(
            "Budget, USD", min_value=0.0, value=None, key="sources.extract.budget",
            placeholder="None", format="%.2f",
        )  # fmt: skip
        request = ModelExtraction(
            source.source_id,
            choice.connection.name,
            int(chunks),
            choice.model,
            None if budget is None else Decimal(str(budget)),
        )
        is_possible = _estimate(request)
        st.button(
            f"Read {plural(int(chunks), 'chunk')}", key="sources.extract.start", type="primary",
            on_click=_start, args=(request,), disabled=not is_possible,
        )  # fmt: skip
        st.caption("Terms that were extracted before are replaced when the batch has ended.")


def _estimate(request: ModelExtraction) -> bool:
    """Shows what the batch would cost; whether it can be launched at all."""
    try:
        found = cache.launch_estimate(extraction_launch(cache.workspace(), request))
    except SeedbedError as error:
        st.caption(f"{plain(error.message)} {plain(error.remedy)}")
        return False
    low, high = money(found.low_usd), money(found.high_usd)
    st.caption(f"About {money(found.cost_usd)}, between {low} and {high}.")
    return True


def _start(request: ModelExtraction) -> None:
    with show_errors():
        launch_extraction(cache.workspace(), request)
        state.notify("A small batch reads the chunks.")
