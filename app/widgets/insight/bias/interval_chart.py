"""Means of groups with their intervals, as dots on lines."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import plotly.graph_objects as go

from app.widgets import charts
from app.widgets.formats import clip

QUIET: Final = "#8c958f"
MARKED: Final = "#d39a35"


class IntervalRow(NamedTuple):
    """One group: its mean, the interval around it, and whether it stands out."""

    name: str
    mean: float
    low: float
    high: float
    is_marked: bool


def interval_chart(
    rows: Sequence[IntervalRow], title: str, line: float | None, *, key: str
) -> None:
    """A dot and its interval per group, top to bottom; `line` is drawn through all."""
    figure = go.Figure()
    for is_marked, color, name in ((False, QUIET, "like the others"), (True, MARKED, "differs")):
        part = [row for row in rows if row.is_marked == is_marked]
        if part:
            figure.add_scatter(
                x=[row.mean for row in part],
                y=[clip(row.name, 24) for row in part],
                mode="markers",
                name=name,
                marker={"size": 9, "color": color},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [row.high - row.mean for row in part],
                    "arrayminus": [row.mean - row.low for row in part],
                    "thickness": 2,
                    "width": 3,
                    "color": color,
                },
                hovertemplate="%{y}: %{x:.3~g}<extra></extra>",
            )
    if line is not None:
        figure.add_vline(x=line, line={"width": 1, "dash": "dot", "color": QUIET})
    charts.styled(figure, title, height=96 + 26 * len(rows))
    order = [clip(row.name, 24) for row in rows]
    figure.update_layout(showlegend=False)
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=order[::-1], showgrid=False
    )
    figure.update_xaxes(nticks=5)
    charts.draw(figure, key)
