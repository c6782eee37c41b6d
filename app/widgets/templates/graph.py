"""Steps drawn as a graph, left to right, in the colours of the theme."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import streamlit as st

MOST_AT_FULL_SIZE = 4


class _Inks(NamedTuple):
    text: str
    line: str
    fill: str
    accent: str


INKS = {
    "light": _Inks("#1c211e", "#9aa59e", "#f5f7f5", "#2f7d4f"),
    "dark": _Inks("#e4e8e5", "#5c665f", "#1c201d", "#5fb884"),
}


def steps_graph(names: Sequence[str], edges: Sequence[tuple[str, str]], opened: str) -> None:
    """Boxes for the steps, an arrow where one reads another's answer."""
    inks = INKS.get(str(st.context.theme.type), INKS["light"])
    is_long = len(names) > MOST_AT_FULL_SIZE
    source = graph_source(names, edges, opened, inks)
    st.graphviz_chart(source, width="stretch" if is_long else "content")


def graph_source(
    names: Sequence[str], edges: Sequence[tuple[str, str]], opened: str, inks: _Inks
) -> str:
    """The graph in the DOT language; names are quoted, so that any text is safe."""
    lines = [
        "digraph steps {",
        'rankdir=LR; bgcolor="transparent"; nodesep=0.2; ranksep=0.35; margin=0;',
        f'node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, height=0.36, '
        f'margin="0.14,0.05", color="{inks.line}", fillcolor="{inks.fill}", '
        f'fontcolor="{inks.text}"];',
        f'edge [color="{inks.line}", arrowsize=0.6];',
    ]
    for place, name in enumerate(names):
        mark = f', color="{inks.accent}", penwidth=1.8' if name == opened else ""
        lines.append(f"{_quoted(name)} [label={_quoted(f'{place + 1}  {name}')}{mark}];")
    lines.extend(f"{_quoted(start)} -> {_quoted(end)};" for start, end in edges)
    joined = {frozenset(edge) for edge in edges}
    order = pairwise(names)  # keeps unconnected steps in one row, in order
    lines.extend(
        f"{_quoted(a)} -> {_quoted(b)} [style=invis];"
        for a, b in order
        if frozenset((a, b)) not in joined
    )
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
