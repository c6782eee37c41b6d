"""Plotly charts in one style. Colours come from the theme, so they work in light and dark.

Every chart has a title with its unit. Explicit colours are used for verdicts alone.
"""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.widgets.formats import words

VERDICT_COLORS = {
    "accepted": "#46996a",
    "needs_review": "#d39a35",
    "rejected": "#cf5f59",
    "failed": "#8c958f",
}
CONFIG = {"displaylogo": False, "displayModeBar": False}
MAP_CONFIG = {
    "displaylogo": False,
    "displayModeBar": True,
    "scrollZoom": True,
    "modeBarButtonsToRemove": ["toImage", "autoScale2d"],
}


# Text and ground of a label that lies on points.
LABELS = {
    "light": ("#1c211e", "rgba(255, 255, 255, 0.78)"),
    "dark": ("#e4e8e5", "rgba(19, 22, 20, 0.72)"),
}


def styled(figure: go.Figure, title: str, *, height: int, x: str = "", y: str = "") -> go.Figure:
    """Seedbed's layout: title top left, legend under it, little ink."""
    figure.update_layout(
        title={
            "text": title,
            "font": {"size": 14},
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 12},
        },
        height=height,
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "right", "x": 1},
        bargap=0.25,
        hoverlabel={"align": "left"},
    )
    figure.update_xaxes(title=x or None, automargin=True, zeroline=False, tickfont={"size": 12})
    figure.update_yaxes(title=y or None, automargin=True, zeroline=False, tickfont={"size": 12})
    figure.update_yaxes(rangemode="tozero")
    return figure


def draw(figure: go.Figure, key: str) -> None:
    """Show a finished figure in the theme's fonts and colours."""
    st.plotly_chart(figure, key=key, config=CONFIG, theme="streamlit")


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    title: str,
    *,
    key: str,
    unit: str = "",
    x: str = "",
    colors: Sequence[str] | None = None,
    horizontal: bool = False,
    top: float | None = None,
    decimals: int = 0,
) -> None:
    """One series of bars; horizontal for long labels. `top` is the highest possible value.

    Horizontal bars carry their value, with that many `decimals`.
    """
    if horizontal:
        labels, values, colors = labels[::-1], values[::-1], colors[::-1] if colors else None
    marker = {"color": list(colors)} if colors else {}
    if horizontal:
        figure = go.Figure(go.Bar(x=list(values), y=list(labels), orientation="h", marker=marker))
        figure.update_traces(
            text=list(values),
            texttemplate=f"%{{text:,.{decimals}f}}",
            textposition="outside",
            cliponaxis=False,
        )
        styled(figure, title, height=100 + 30 * len(labels), x=unit)
        figure.update_layout(margin={"r": 56})  # room for the longest bar's value
        figure.update_yaxes(type="category")
        if top is not None:
            figure.update_xaxes(range=[0, top])
    else:
        figure = go.Figure(go.Bar(x=list(labels), y=list(values), marker=marker))
        styled(figure, title, height=260, x=x, y=unit)
        figure.update_xaxes(type="category", nticks=14)
        figure.update_layout(bargap=max(0.25, 1 - len(labels) / 6))
        if top is not None:
            figure.update_yaxes(range=[0, top])
    draw(figure, key)


def histogram(bins: Sequence[tuple[float, float, int]], title: str, *, key: str) -> None:
    """Counts per interval (low, high, count)."""
    labels = [f"{low:.1f}" for low, _, _ in bins]
    width = f"score, from (each bar is {bins[0][1] - bins[0][0]:.1f} wide)" if bins else ""
    bars(labels, [n for _, _, n in bins], title, key=key, unit="samples", x=width)


def verdict_bars(counts: Mapping[str, int], title: str, *, key: str) -> None:
    """How many samples have each verdict."""
    names = [name for name in VERDICT_COLORS if counts.get(name)]
    bars(
        [words(name) for name in names],
        [counts[name] for name in names],
        title,
        key=key,
        unit="samples",
        colors=[VERDICT_COLORS[name] for name in names],
        horizontal=True,
    )


def planned_bars(labels: Sequence[str], planned: Sequence[int], title: str, *, key: str) -> None:
    """Planned samples per cell of a plan."""
    bars(labels, planned, title, key=key, unit="samples", horizontal=len(labels) <= 40)


def share_chart(rows: pd.DataFrame, title: str, *, key: str) -> None:
    """Observed share with its 95 % interval against a target: group, share, low, high, target."""
    order = rows.iloc[::-1]
    figure = go.Figure()
    figure.add_bar(
        x=100 * order["share"],
        y=order["group"],
        orientation="h",
        name="share, with 95 % interval",
        marker={"opacity": 0.55},  # so that interval and target show on it in light and dark
        error_x={
            "type": "data",
            "symmetric": False,
            "array": 100 * (order["high"] - order["share"]),
            "arrayminus": 100 * (order["share"] - order["low"]),
            "thickness": 2,
            "color": "#8c958f",
        },
    )
    if order["target"].notna().any():
        figure.add_scatter(
            x=100 * order["target"],
            y=order["group"],
            mode="markers",
            name="target",
            marker={"symbol": "line-ns", "size": 18, "line": {"width": 3, "color": "#d39a35"}},
        )
    styled(figure, title, height=max(150 + 30 * len(rows), 210), x="% of samples")
    # A line of its own for the legend: beside the title it would lie on it in a narrow column.
    figure.update_layout(margin={"t": 66}, legend={"x": 0, "xanchor": "left", "y": 1.02})
    figure.update_yaxes(type="category")
    draw(figure, key)


def heatmap(table: pd.DataFrame, title: str, *, key: str) -> None:
    """Counts of a two-way table; rows and columns keep their order."""
    figure = go.Figure(
        go.Heatmap(
            z=table.to_numpy(),
            x=[str(c) for c in table.columns],
            y=[str(i) for i in table.index],
            xgap=2,
            ygap=2,
            texttemplate="%{z:.0f}" if table.size <= 200 else None,
            textfont={"size": 13},
            colorbar={"thickness": 10, "title": {"text": "samples"}},
        )
    )
    styled(figure, title, height=max(150 + 24 * len(table.index), 220))
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", showgrid=False, autorange="reversed")
    draw(figure, key)
