"""The graph of a source's terms: dots by importance, lines by how firmly two belong together."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from app import cache
from app.widgets.charts import LABELS, MAP_CONFIG, styled
from app.widgets.formats import words
from app.widgets.layout import empty_state
from app.widgets.sources.terms import KIND_LABELS
from core.db.tables import Source
from core.sources.terms.extracted import list_relations, list_terms
from core.sources.terms.graph import TermGraph, term_graph

LINE = "#8c958f"
FIRMNESS = ((0.5, 1.2), (0.75, 2.4), (1.01, 4.0))  # NPMI below which a line has that width
SMALLEST_PX, LARGEST_PX = 9, 30
RELATIONS_READ = 600


def graph_view(source: Source) -> None:
    """The network of the most important terms that are related."""
    terms = list_terms(cache.workspace(), source.source_id, limit=RELATIONS_READ)
    relations = list_relations(cache.workspace(), source.source_id, limit=RELATIONS_READ)
    graph = term_graph(terms, relations)
    if not graph.edges:
        empty_state(
            ":material/hub:", "No two terms are related",
            "Extract terms first. Related terms stand together in at least two sentences, or a "
            "verb joins them.",
        )  # fmt: skip
        return
    figure = styled(
        _figure(graph),
        f"{len(graph.nodes)} key terms and their {len(graph.edges)} firmest relations",
        height=int(graph.height) + 80,
    )
    figure.update_xaxes(visible=False, range=[-10, graph.width + 10])
    figure.update_yaxes(visible=False, range=[graph.height, -14], rangemode="normal")
    legend = {"x": 0, "xanchor": "left", "y": 1.01, "itemsizing": "constant"}
    figure.update_layout(dragmode="pan", margin={"t": 66}, legend=legend)
    st.plotly_chart(figure, key="sources.graph", config=MAP_CONFIG, theme="streamlit")
    st.caption(
        "Larger dots stand out more. Thicker lines join terms that share more sentences than "
        "chance would have it (normalised pointwise mutual information). Point at a line's middle "
        "to read what joins them."
    )


def _figure(graph: TermGraph) -> go.Figure:
    figure = go.Figure()
    # Dots come first, since a trace's place decides its colour; lines lie under them all the same.
    kinds = {node.kind for node in graph.nodes}
    for kind in sorted(kinds, key=[*KIND_LABELS, *sorted(kinds)].index):
        _dots(figure, graph, kind)
    lower = 0.0
    for upper, width in FIRMNESS:
        _lines(figure, graph, lower, upper, width)
        lower = upper
    _middles(figure, graph)
    return figure


def _lines(figure: go.Figure, graph: TermGraph, lower: float, upper: float, width: float) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    for edge in graph.edges:
        if lower <= edge.weight < upper:
            a, b = graph.nodes[edge.subject], graph.nodes[edge.object]
            x += [a.x, b.x, None]
            y += [a.y, b.y, None]
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"width": width, "color": LINE}, opacity=0.5,
        hoverinfo="skip", showlegend=False, zorder=-1,
    )  # fmt: skip


def _middles(figure: go.Figure, graph: TermGraph) -> None:
    """Points that cannot be seen, to hover over."""
    ends = [(graph.nodes[edge.subject], graph.nodes[edge.object]) for edge in graph.edges]
    figure.add_scatter(
        x=[(a.x + b.x) / 2 for a, b in ends],
        y=[(a.y + b.y) / 2 for a, b in ends],
        mode="markers",
        marker={"size": 14, "opacity": 0, "color": LINE},
        text=[
            f"{a.text} <b>{edge.predicate}</b> {b.text}<br>"
            f"{edge.sentences} sentences, NPMI {edge.weight:.2f}"
            for (a, b), edge in zip(ends, graph.edges, strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _dots(figure: go.Figure, graph: TermGraph, kind: str) -> None:
    nodes = [node for node in graph.nodes if node.kind == kind]
    ink, _ = LABELS.get(str(st.context.theme.type), LABELS["light"])
    figure.add_scatter(
        x=[node.x for node in nodes],
        y=[node.y for node in nodes],
        mode="markers+text",
        name=KIND_LABELS.get(kind, words(kind)),
        marker={"size": _sizes(graph, [node.score for node in nodes]), "opacity": 0.9},
        text=[node.text for node in nodes],
        textposition="bottom center",
        textfont={"size": 12, "color": ink},
        cliponaxis=False,
        customdata=[[node.score] for node in nodes],
        hovertemplate="%{text}<br>score %{customdata[0]:.1f}<extra></extra>",
    )


def _sizes(graph: TermGraph, scores: Sequence[float]) -> list[float]:
    top = max(node.score for node in graph.nodes) or 1.0
    return [SMALLEST_PX + (LARGEST_PX - SMALLEST_PX) * (score / top) ** 0.5 for score in scores]
