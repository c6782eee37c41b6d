"""Charts of verdicts and of quality over time, in the style of `app.widgets.charts`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from app.widgets.charts import VERDICT_COLORS, draw, styled
from app.widgets.formats import count, words
from core.quality.thresholds.deciding import SIDES, CurvePoint

LINE_NOW = "#8c958f"  # the threshold in force: the neutral grey that reads on light and dark
BAND_OPACITY = 0.16
# Told apart also by dash and marker, for those who see colours otherwise.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")
SERIES = ("#3f8fc4", "#b0699f", "#46996a", "#d39a35", "#8474c9")


class Series(NamedTuple):
    """One line over the batches; None where a batch has no value."""

    name: str
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


def before_and_after(
    before: Mapping[str, int], after: Mapping[str, int], *, key: str, total: int
) -> None:
    """Two bars of verdicts: as decided now, and as the moved thresholds would."""
    figure = go.Figure()
    rows = {"With these": after, "Now": before}
    for side in SIDES:
        values = [row.get(side, 0) for row in rows.values()]
        figure.add_bar(
            x=values, y=list(rows), orientation="h", name=words(side),
            marker={"color": VERDICT_COLORS[side]}, width=0.62,
            text=[count(value) if value > 0.06 * total else "" for value in values],
            textposition="inside", insidetextanchor="middle", textfont={"color": "white"},
            hovertemplate="%{x:,} samples<extra>" + words(side) + "</extra>",
        )  # fmt: skip
    styled(figure, "Samples by verdict", height=168)
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"})
    figure.update_xaxes(range=[0, max(total, 1)], showgrid=False)
    draw(figure, key)


def verdict_curve(
    points: Sequence[CurvePoint], title: str, *, key: str, unit: str, now: float, then: float
) -> None:
    """Samples of each verdict at every value of one threshold, with what is set now and moved."""
    figure = go.Figure()
    values = [point.value for point in points]
    for side in SIDES:
        figure.add_scatter(
            x=values, y=[getattr(point, side) for point in points], name=words(side),
            mode="lines", line={"width": 0.8, "color": VERDICT_COLORS[side]}, stackgroup="all",
            hovertemplate="%{y:,}<extra>" + words(side) + "</extra>",
        )  # fmt: skip
    styled(figure, title, height=270, x=unit)
    figure.update_layout(hovermode="x unified")
    if values:
        figure.update_xaxes(range=[values[0], values[-1]])
    figure.add_vline(x=now, line={"width": 2, "dash": "dot", "color": LINE_NOW})
    if then != now:
        figure.add_vline(x=then, line={"width": 2, "color": LINE_NOW})
    draw(figure, key)


def lines(
    labels: Sequence[str],
    series: Sequence[Series],
    title: str,
    *,
    key: str,
    unit: str = "",
    top: float | None = None,
    is_share: bool = False,
    hovers: Sequence[str] = (),
) -> None:
    """Lines over the batches, each with its 95 % band; shares are drawn as per cent."""
    factor = 100 if is_share else 1
    figure = go.Figure()
    for place, one in enumerate(series):
        color = SERIES[place % len(SERIES)]
        if one.low and len(labels) > 1:
            _band(figure, labels, one, color, factor)
        figure.add_scatter(
            x=list(labels), y=[None if v is None else factor * v for v in one.values],
            name=one.name, mode="lines+markers",
            line={"width": 2, "color": color, "dash": DASHES[place % len(DASHES)]},
            marker={"size": 7, "symbol": SYMBOLS[place % len(SYMBOLS)]},
            customdata=list(hovers) or None,
            hovertemplate=f"%{{y:.{1 if is_share else 3}f}}"
            + ("<br>%{customdata}" if hovers else "") + f"<extra>{one.name}</extra>",
        )  # fmt: skip
    styled(figure, title, height=290, y=unit)
    figure.update_layout(showlegend=len(series) > 1, margin={"t": 66 if len(series) > 1 else 44})
    if len(series) > 1:
        figure.update_layout(legend={"x": 0, "xanchor": "left", "y": 1.02})
    figure.update_xaxes(type="category", nticks=12)
    if top is not None:
        low, high = _span(series, top)
        figure.update_yaxes(range=[low * factor, high * factor])
    draw(figure, key)


def _span(series: Sequence[Series], top: float) -> tuple[float, float]:
    """What of 0 to `top` is worth showing: the values with some room, a fifth of it at least."""
    known = [v for one in series for v in (*one.values, *one.low, *one.high) if v is not None]
    middle = (min(known) + max(known)) / 2 if known else top / 2
    half = max(0.7 * (max(known) - min(known)) if known else 0.0, 0.1 * top)
    return max(0.0, middle - half), min(top, middle + half)


def _band(figure: go.Figure, labels: Sequence[str], one: Series, color: str, factor: float) -> None:
    known = [i for i, value in enumerate(one.values) if value is not None]
    x = [labels[i] for i in known]
    high = [factor * (one.high[i] or 0.0) for i in known]
    low = [factor * (one.low[i] or 0.0) for i in known]
    figure.add_scatter(
        x=x + x[::-1], y=high + low[::-1], fill="toself", mode="lines", line={"width": 0},
        fillcolor=color, opacity=BAND_OPACITY, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
