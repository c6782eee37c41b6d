"""The answer of a query as a table and as a chart."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from app import state
from app.widgets import charts
from app.widgets.formats import count, duration
from core.querying.running import QueryResult
from core.querying.saved import ChartSettings

KINDS = {"none": "No chart", "bar": "Bars", "line": "Lines", "scatter": "Points"}
MAX_SERIES = 12
MAX_MARKS = 5_000  # drawn; a table holds them all


def answer_view(result: QueryResult) -> None:
    """Rows and time, the chart if one is chosen, and the table."""
    frame = plain_frame(result)
    cut = ", cut here: aggregate or LIMIT to see the rest" if result.is_cut else ""
    noun = "row" if len(frame) == 1 else "rows"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        took = duration(result.elapsed_ms / 1000)
        st.caption(f"{count(len(frame))} {noun} in {took}{cut}.", width="content")
        chart = _chart_choice(frame)
    if list(frame.columns) == ["explain_key", "explain_value"]:
        st.code("\n".join(frame["explain_value"]), language=None)
        return
    if chart.kind != "none" and not frame.empty:
        _draw(frame, chart)
    st.dataframe(frame, key="sql.rows", hide_index=True, height="auto" if len(frame) < 12 else 420)


def plain_frame(result: QueryResult) -> pd.DataFrame:
    """The answer as a frame that can be shown and drawn: decimals as floats, columns unique."""
    table = result.table
    names: list[str] = []
    for name in table.column_names:
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    frame: pd.DataFrame = table.rename_columns(names).to_pandas()
    for field in table.schema.names if names == table.column_names else []:
        if str(table.schema.field(field).type).startswith("decimal"):
            frame[field] = frame[field].astype(float)
    return frame


def _chart_choice(frame: pd.DataFrame) -> ChartSettings:
    """The chart's settings, offered from the query's own and changed by hand."""
    draft = state.sql()
    names = [str(name) for name in frame.columns]
    numbers = [name for name in names if _is_number(frame[name])]
    if not numbers or len(names) < 2:
        return ChartSettings()
    key = f"sql.chart.{draft.turn}"
    kind = st.selectbox(
        "Chart", list(KINDS), index=list(KINDS).index(draft.chart.kind), key=f"{key}.kind",
        format_func=KINDS.__getitem__, width=140, label_visibility="collapsed",
    )  # fmt: skip
    if kind == "none":
        draft.chart = ChartSettings()
        return draft.chart
    x = _column("Across", names, draft.chart.x, names[0], f"{key}.x")
    y = _column("Up", numbers, draft.chart.y, numbers[-1], f"{key}.y")
    others = ["", *(name for name in names if name not in (x, y))]
    colour = _column("Colour", others, draft.chart.colour, "", f"{key}.colour")
    draft.chart = ChartSettings(kind=kind, x=x, y=y, colour=colour)
    return draft.chart


def _column(label: str, names: list[str], wanted: str, default: str, key: str) -> str:
    chosen = wanted if wanted in names else default
    return st.selectbox(
        label, names, index=names.index(chosen), key=key, width=190, label_visibility="collapsed",
        format_func=lambda name: f"{label}: {name or 'one'}",
    )  # fmt: skip


def _draw(frame: pd.DataFrame, chart: ChartSettings) -> None:
    marks = frame.head(MAX_MARKS)
    figure = go.Figure()
    for name, part in _series(marks, chart.colour):
        x, y = part[chart.x], part[chart.y]
        if chart.kind == "bar":
            figure.add_bar(x=x, y=y, name=name)
        else:
            mode = "lines+markers" if chart.kind == "line" else "markers"
            figure.add_scattergl(x=x, y=y, name=name, mode=mode)
    title = f"{chart.y} by {chart.x}"
    if len(marks) < len(frame):
        title += f", the first {count(MAX_MARKS)} rows"
    charts.styled(figure, title, height=340, x=chart.x, y=chart.y)
    figure.update_layout(showlegend=bool(chart.colour))
    if chart.kind == "bar":
        figure.update_layout(bargap=max(0.25, 1 - marks[chart.x].nunique() / 6))
    charts.draw(figure, "sql.chart")


def _series(frame: pd.DataFrame, colour: str) -> list[tuple[str, pd.DataFrame]]:
    """Parts by the values of a column, the most frequent ones first; the rest is one part."""
    if not colour:
        return [("", frame)]
    labels = frame[colour].astype(str)
    kept = list(labels.value_counts().index[:MAX_SERIES])
    parts = [(name, frame[labels == name]) for name in kept]
    rest = frame[~labels.isin(kept)]
    return [*parts, ("others", rest)] if len(rest) else parts


def _is_number(values: "pd.Series") -> bool:
    return is_numeric_dtype(values) and not is_bool_dtype(values)
