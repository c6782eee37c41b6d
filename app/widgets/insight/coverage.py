"""The Coverage part of the Insight page: the grid and its gaps."""

import pandas as pd
import streamlit as st

from app.widgets import charts
from app.widgets.formats import count, share, words
from app.widgets.layout import Card, cards, section
from app.widgets.tables import plain_table
from core.insight.metrics import METRICS
from core.insight.report import InsightView

MAX_TABLE = 200


def coverage_tab(view: InsightView) -> None:
    """The grid of the template's categories: what is filled, what is thin."""
    if view.coverage is None or not view.coverage.rows:
        st.caption("The template has no categories, so there is no grid to cover.")
        return
    found = view.coverage
    cards(
        [
            Card("Grid coverage", share(found.share), METRICS["coverage"].meaning),
            Card("Cells filled", f"{count(found.cells_filled)} of {count(found.cells_total)}"),
            Card("Cells planned", count(found.cells_planned), "Cells that the plan gave a sample."),
        ]
    )
    frame = pd.DataFrame(
        [
            {**{words(name): value for name, value in r.values.items()},
             "Planned": r.planned, "Generated": r.generated}
            for r in found.rows
        ]
    ).fillna("–")  # fmt: skip
    names = [c for c in frame.columns if c not in ("Planned", "Generated")]
    _grid(frame, names)
    section(
        "Thinnest cells", "Combinations with the fewest samples; raise their weights to fill them."
    )
    plain_table(frame.head(MAX_TABLE).to_dict("records"), key="insight.cells")


def _grid(frame: pd.DataFrame, names: list[str]) -> None:
    if len(names) == 1:
        sums = frame.groupby(names[0], sort=False)["Generated"].sum()
        labels = [str(v) for v in sums.index]
        charts.bars(
            labels, list(sums), f"Samples by {names[0].lower()}", key="insight.grid",
            unit="samples", horizontal=True,
        )  # fmt: skip
        return
    left, right = st.columns(2)
    rows = left.selectbox("Rows", names, key="insight.grid.rows")
    others = [name for name in names if name != rows]
    columns = right.selectbox("Columns", others, key="insight.grid.columns")
    table = frame.pivot_table(
        index=rows, columns=columns, values="Generated", aggfunc="sum", fill_value=0, sort=False
    )
    charts.heatmap(
        table, f"Samples by {rows.lower()} and {columns.lower()}", key="insight.grid.map"
    )
