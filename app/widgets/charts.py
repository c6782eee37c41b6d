"""Plotly charts in one style. Colours come from the theme, so they work in light and dark.

Every chart has a title with its unit. Explicit colours are used for verdicts alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

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


def styled(figure: go.Figure, title: str, *, height: int, x: str = "", y: str = "") -> go.Figure:
    """Seedbed's layout: title top left, legend under it, little ink."""
    figure.update_layout(
        title={
            "text": title,
            "font": {"size": 14},
            "x": 0,
            "xref": "container",
            "y": 0.98,
        },
        height=height,
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "right", "x": 1},
        bargap=0.25,
        hoverlabel={"align": "left"},
    )
    figure.update_xaxes(title=x or None, automargin=True, zeroline=False)
    figure.update_yaxes(title=y or None, automargin=True, zeroline=False, rangemode="tozero")
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
    colors: Sequence[str] | None = None,
    horizontal: bool = False,
    top: float | None = None,
) -> None:
    """One series of bars; horizontal for long labels. `top` is the highest possible value."""
    if horizontal:
        labels, values, colors = labels[::-1], values[::-1], colors[::-1] if colors else None
    marker = {"color": list(colors)} if colors else {}
    if horizontal:
        figure = go.Figure(go.Bar(x=list(values), y=list(labels), orientation="h", marker=marker))
        styled(figure, title, height=max(110 + 24 * len(labels), 180), x=unit)
        figure.update_yaxes(type="category")
    else:
        figure = go.Figure(go.Bar(x=list(labels), y=list(values), marker=marker))
        styled(figure, title, height=260, y=unit)
        figure.update_xaxes(type="category", nticks=14)
        figure.update_layout(bargap=max(0.25, 1 - len(labels) / 6))
        if top is not None:
            figure.update_yaxes(range=[0, top])
    draw(figure, key)


def histogram(bins: Sequence[tuple[float, float, int]], title: str, *, key: str) -> None:
    """Counts per interval (low, high, count); each bar is named by its lower end."""
    labels = [f"{low:.2f}" for low, _, _ in bins]
    bars(labels, [n for _, _, n in bins], title, key=key, unit="samples")


def verdict_bars(counts: Mapping[str, int], title: str, *, key: str) -> None:
    """How many samples have each verdict."""
    names = [name for name in VERDICT_COLORS if counts.get(name)]
    bars(
        [name.replace("_", " ") for name in names],
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
        error_x={
            "type": "data",
            "symmetric": False,
            "array": 100 * (order["high"] - order["share"]),
            "arrayminus": 100 * (order["share"] - order["low"]),
            "thickness": 1.5,
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
    styled(figure, title, height=max(140 + 30 * len(rows), 200), x="% of samples")
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
            colorbar={"thickness": 10, "title": {"text": "samples"}},
        )
    )
    styled(figure, title, height=max(150 + 24 * len(table.index), 220))
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", showgrid=False, autorange="reversed")
    draw(figure, key)


def scatter_map(points: pd.DataFrame, color: str, title: str, *, key: str) -> list[str]:
    """The embedding map, coloured by a column; returns the sample ids in the lasso or box."""
    figure = go.Figure()
    values = points[color]
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > 12:
        figure.add_trace(_points(points, color, marker={"color": values, "colorscale": "Viridis"}))
        figure.data[0].marker.update(showscale=True, colorbar={"thickness": 10})
    else:
        for name in _ranked(values.astype(str)):
            part = points[values.astype(str) == name]
            fixed = VERDICT_COLORS.get(name)
            figure.add_trace(_points(part, name, marker={"color": fixed} if fixed else {}))
    styled(figure, title, height=560)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, rangemode="normal")
    figure.update_layout(
        dragmode="lasso",
        legend={"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"},
    )
    event = st.plotly_chart(
        figure,
        key=key,
        config=MAP_CONFIG,
        theme="streamlit",
        on_select="rerun",
        selection_mode=["lasso", "box"],
    )
    return [point["customdata"][0] for point in event["selection"]["points"]]


def _points(part: pd.DataFrame, name: str, marker: dict[str, Any]) -> go.Scattergl:
    return go.Scattergl(
        x=part["x"],
        y=part["y"],
        mode="markers",
        name=name if len(name) <= 32 else name[:31] + "…",
        marker={"size": 6, "opacity": 0.8, **marker},
        customdata=part[["sample_id"]],
        text=part["hover"],
        hovertemplate="%{text}<extra></extra>",
    )


def _ranked(values: pd.Series) -> list[str]:
    return [str(v) for v in values.value_counts().index]
