"""The template's grid: what is wanted and there in each cell, and the gaps."""

import plotly.graph_objects as go
import streamlit as st

from app import cache, state
from app.widgets.charts import LABELS, draw, styled
from app.widgets.formats import count, plural, share, words
from app.widgets.insight.coverage.gap_fill import fills_view, follow, gap_table, open_fill
from app.widgets.layout import Card, cards, section
from core.insight.coverage.grid_view import GridView, crossed, grid_fills
from core.insight.diversity.metrics import METRICS
from core.jobs.aimed.filling_gaps import FillRequest
from core.templates.planning.focus import MAX_CELLS

MOST_TEXTS = 240  # cells of the chart that carry their figures
THIN, FULL = "rgba(211, 154, 53, 0.62)", "rgba(70, 153, 106, 0.28)"
SCALE = [[0.0, THIN], [0.6, "rgba(211, 154, 53, 0.25)"], [0.9, FULL], [1.0, FULL]]
USABLE = "generated and not rejected"


def grid_view_of(scope_id: str) -> None:
    """Coverage, the chart, the gaps with their buttons, and what fills have changed."""
    if not cache.grid(scope_id).has_grid:
        st.caption(
            "No template with categories made these texts, so there is no grid to cover. Compare "
            "them with a reference instead."
        )
        return
    at_least = state.value_of("insight.grid.at_least", 1)
    view = cache.grid(scope_id, int(at_least))
    cards(_figures(view))
    _chart(view)
    wish = FillRequest(
        scope_id, (), 0, template_version_id=view.template_version_id, at_least=view.at_least
    )
    _gaps(view, wish)
    own = [fill for fill in view.fills if not fill.reference_id]
    rose = f"Coverage went from {share(view.share_before)} to {share(view.share)}."
    fills_view(own, view.now, rose, key="insight.grid.fills")
    follow(own, lambda: grid_fills(cache.workspace(), scope_id))


def _figures(view: GridView) -> list[Card]:
    outside = f" {plural(view.outside, 'sample')} lie in no cell." if view.outside else ""
    return [
        Card("Grid coverage", share(view.share), METRICS["coverage"].meaning),
        Card(
            "Cells filled", f"{count(view.filled)} of {count(view.total)}",
            f"Cells with at least one sample that was {USABLE}. A grid with more cells than "
            "samples cannot be full.",
        ),
        Card(
            "Samples there", count(int(view.present.sum())),
            f"Samples {USABLE}: {count(int(view.before.sum()))} of {count(view.n)} that were "
            f"planned, the others from batches that filled gaps.{outside}",
        ),
        Card(
            "Gaps", count(len(view.gaps)),
            "Values, pairs of values and cells with clearly fewer samples than their share, beyond "
            "what chance would leave, and cells with none. Gaps inside another gap are left out.",
        ),
    ]  # fmt: skip


def _chart(view: GridView) -> None:
    names = list(view.grid.names)
    if len(names) == 1:
        names = [names[0], names[0]]
    else:
        with st.container(horizontal=True, gap="small"):
            rows = st.selectbox(
                "Rows", names, key="insight.grid.rows", format_func=words, width=220
            )
            others = [name for name in names if name != rows]
            columns = st.selectbox(
                "Columns", others, key="insight.grid.columns", format_func=words, width=220
            )
        names = [rows, columns]
    draw(_heatmap(view, *names), "insight.grid.map")


def _heatmap(view: GridView, rows: str, columns: str) -> go.Figure:
    down, across, present, wanted = crossed(view, rows, columns)
    title = f"Samples there of those wanted, by {words(rows).lower()}"
    if rows == columns:
        present, wanted = present.diagonal()[None, :], wanted.diagonal()[None, :]
        down = [""]
    else:
        title += f" and {words(columns).lower()}"
    exists = wanted > 0
    ink, _ = LABELS[st.context.theme.type or "light"]
    ratio = (present / wanted.clip(1e-9)).clip(0, 1)
    texts = [
        [f"{p:,} / {w:,.0f}" if w >= 1 else (f"{p:,}" if ok else "") for p, w, ok in
         zip(*row, strict=True)]
        for row in zip(present, wanted, exists, strict=True)
    ]  # fmt: skip
    figure = go.Figure(
        go.Heatmap(
            z=[[r if ok else None for r, ok in zip(*row, strict=True)]
               for row in zip(ratio, exists, strict=True)],
            x=across, y=down, xgap=2, ygap=2, zmin=0, zmax=1, colorscale=SCALE, showscale=False,
            text=texts, texttemplate="%{text}" if present.size <= MOST_TEXTS else None,
            textfont={"size": 12, "color": ink}, hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        )
    )  # fmt: skip
    styled(figure, title, height=max(110 + 30 * len(down), 150))
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", showgrid=False, autorange="reversed")
    return figure


def _gaps(view: GridView, wish: FillRequest) -> None:
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        section(
            "Gaps",
            "Parts of the grid that miss the most. Amber above: fewer than wanted.",
        )
    right.number_input(
        "Wanted in every cell", 0, 10_000, 1, key="insight.grid.at_least",
        help="Samples that even a rare cell should have, whatever its share.",
    )  # fmt: skip
    if not view.gaps:
        st.caption("No gap: every part of the grid has what it wants, as far as chance can tell.")
        return
    gap_table(view.gaps, wish, key="insight.gaps")
    if 1 < len(view.gaps) <= MAX_CELLS and st.button(
        f"Fill all {count(len(view.gaps))} in one batch", key="insight.gaps.all",
        icon=":material/conveyor_belt:",
    ):  # fmt: skip
        open_fill(view.gaps, wish)
