"""Terms and relations as a drawing: which nodes, where they stand, so that labels can be read.

Pure and deterministic: the same terms are always drawn alike.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.db.tables import Term
from core.sources.terms.extracted import RelationRow

Points = NDArray[np.float64]

MAX_NODES = 60
MAX_EDGES_PER_NODE = 6
STEPS = 300
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
LETTER_PX = 7.0
LABEL_PX = 34.0  # a label's line and its dot
GRAVITY = 0.06  # keeps parts without an edge between them on one drawing


class GraphNode(NamedTuple):
    """A term and its place in pixels."""

    term_id: str
    text: str
    kind: str
    score: float
    x: float
    y: float


class GraphEdge(NamedTuple):
    """A relation between two nodes, by their index."""

    subject: int
    object: int
    predicate: str
    weight: float
    sentences: int


class TermGraph(NamedTuple):
    """What is drawn, on a canvas of that many pixels."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    width: float
    height: float


def term_graph(
    terms: Sequence[Term],
    relations: Sequence[RelationRow],
    *,
    max_nodes: int = MAX_NODES,
    width: float = 1100.0,
    height: float = 620.0,
) -> TermGraph:
    """The most important related terms and their firmest relations, laid out on the canvas."""
    related = {end for row in relations for end in (row.subject_id, row.object_id)}
    ranked = sorted((t for t in terms if t.term_id in related), key=lambda t: (-t.score, t.text))
    chosen = {term.term_id for term in ranked[:max_nodes]}
    kept = _firmest(relations, chosen)
    connected = {end for row in kept for end in (row.subject_id, row.object_id)}
    shown = [term for term in ranked if term.term_id in connected]
    places = {term.term_id: i for i, term in enumerate(shown)}
    edges = [
        GraphEdge(places[r.subject_id], places[r.object_id], r.predicate, r.weight, r.count)
        for r in kept
    ]
    points = _fitted(spring_layout(len(shown), edges), width, height)
    points = spread(points, [len(term.text) * LETTER_PX for term in shown], width, height)
    nodes = [
        GraphNode(t.term_id, t.text, t.kind, t.score, float(x), float(y))
        for t, (x, y) in zip(shown, points, strict=True)
    ]
    return TermGraph(nodes, edges, width, height)


def _firmest(relations: Sequence[RelationRow], chosen: set[str]) -> list[RelationRow]:
    degree: dict[str, int] = {}
    kept = []
    for row in sorted(relations, key=lambda r: (-r.weight * r.count, r.relation_id)):
        ends = (row.subject_id, row.object_id)
        is_full = all(degree.get(end, 0) >= MAX_EDGES_PER_NODE for end in ends)
        if chosen.issuperset(ends) and not is_full:
            kept.append(row)
            for end in ends:
                degree[end] = degree.get(end, 0) + 1
    return kept


def spring_layout(count: int, edges: Sequence[GraphEdge]) -> Points:
    """Places for the nodes, (count, 2): edges pull, nodes push, and all cool down.

    The beginning is a spiral in the order of the nodes, so nothing is left to chance.

    Source: Fruchterman and Reingold, "Graph drawing by force-directed placement", Software:
    Practice and Experience 21(11), 1991; the pull towards the middle is added.
    """
    numbers = np.arange(count, dtype=np.float64)
    radius = np.sqrt((numbers + 0.5) / max(count, 1))
    points = np.stack([radius * np.cos(numbers * GOLDEN_ANGLE),
                       radius * np.sin(numbers * GOLDEN_ANGLE)], axis=1)  # fmt: skip
    if count < 2:
        return points
    pull = np.zeros((count, count))
    for edge in edges:
        strength = 0.4 + 0.6 * edge.weight
        pull[edge.subject, edge.object] = pull[edge.object, edge.subject] = strength
    ideal = np.sqrt(4.0 / count)
    for step in range(STEPS):
        gaps = points[:, None, :] - points[None, :, :]
        distance = np.maximum(np.linalg.norm(gaps, axis=2), 1e-3)
        push = ideal**2 / distance**2
        force = (gaps * (push - pull * distance / ideal)[:, :, None]).sum(axis=1)
        force -= GRAVITY * points / ideal
        length = np.maximum(np.linalg.norm(force, axis=1, keepdims=True), 1e-9)
        heat = 0.15 * (1 - step / STEPS)
        points = points + force / length * np.minimum(length * 0.1, heat)
    placed: Points = points
    return placed


def _fitted(points: Points, width: float, height: float) -> Points:
    """The points stretched over the canvas; ranks soften crowds without changing the order."""
    if len(points) < 2:
        middle: Points = np.tile(np.array([width / 2, height / 2]), (len(points), 1))
        return middle
    low, high = points.min(axis=0), points.max(axis=0)
    even = (points - low) / np.maximum(high - low, 1e-9)
    ranks = np.argsort(np.argsort(points, axis=0, kind="stable"), axis=0) / (len(points) - 1)
    mixed: Points = (0.6 * even + 0.4 * ranks) * np.array([width, height])
    return mixed


def spread(
    points: Points, label_widths: Sequence[float], width: float, height: float, steps: int = 200
) -> Points:
    """The points moved apart until no two labels, centred on them, overlap, where there is room."""
    points = points.copy()
    half = np.array(label_widths) / 2 + 6
    for _ in range(steps):
        moved = False
        for i in range(len(points)):
            dx, dy = points[i + 1 :, 0] - points[i, 0], points[i + 1 :, 1] - points[i, 1]
            wide = half[i] + half[i + 1 :] - np.abs(dx)
            high = LABEL_PX - np.abs(dy)
            for offset in np.flatnonzero((wide > 0) & (high > 0)):
                other = i + 1 + int(offset)
                # The shorter way out, which is nearly always up and down.
                axis, gap = (1, high[offset]) if high[offset] <= wide[offset] else (0, wide[offset])
                sign = 1.0 if points[other, axis] >= points[i, axis] else -1.0
                points[i, axis] -= sign * gap / 2
                points[other, axis] += sign * gap / 2
                moved = True
        points[:, 0] = np.clip(points[:, 0], half, np.maximum(width - half, half))
        points[:, 1] = np.clip(points[:, 1], 10, height - LABEL_PX + 10)
        if not moved:
            break
    return points
