"""The drawing of terms: what is chosen, and that its labels can be read."""

import numpy as np

from core.db.tables import Term
from core.sources.terms.extracted import RelationRow
from core.sources.terms.graph import (
    LABEL_PX,
    LETTER_PX,
    GraphEdge,
    spread,
    spring_layout,
    term_graph,
)


def term(number: int) -> Term:
    return Term(term_id=f"t{number:03}", text=f"term number {number}", kind="term",
                score=100.0 - number)  # fmt: skip


def relation(a: int, b: int, weight: float = 0.5, count: int = 2) -> RelationRow:
    return RelationRow(f"r{a}-{b}", f"t{a:03}", "", "appears with", f"t{b:03}", "", weight, count,
                       "c", "statistics")  # fmt: skip


def test_only_related_terms_are_drawn_and_at_most_sixty() -> None:
    terms = [term(i) for i in range(200)]
    relations = [relation(i, i + 1) for i in range(150)]
    graph = term_graph(terms, relations)
    assert len(graph.nodes) == 60
    assert {node.term_id for node in graph.nodes} == {f"t{i:03}" for i in range(60)}
    assert len(graph.edges) == 59
    assert term_graph(terms, []).nodes == []
    alone = term_graph(terms[:3], [relation(0, 1)])
    assert [node.term_id for node in alone.nodes] == ["t000", "t001"]


def test_labels_do_not_overlap_and_stay_on_the_canvas() -> None:
    terms = [term(i) for i in range(60)]
    relations = [relation(i, (i * 7 + 1) % 60) for i in range(60) if i != (i * 7 + 1) % 60]
    graph = term_graph(terms, relations)
    boxes = [(n.x, n.y, len(n.text) * LETTER_PX / 2) for n in graph.nodes]
    for i, (x, y, half) in enumerate(boxes):
        assert half <= x <= graph.width - half
        assert 0 <= y <= graph.height
        for other_x, other_y, other_half in boxes[i + 1 :]:
            is_apart = abs(x - other_x) > half + other_half or abs(y - other_y) > LABEL_PX * 0.6
            assert is_apart


def test_the_layout_is_the_same_every_time_and_pulls_related_nodes_together() -> None:
    edges = [GraphEdge(0, 1, "", 1.0, 3), GraphEdge(2, 3, "", 1.0, 3)]
    points = spring_layout(4, edges)
    assert np.array_equal(points, spring_layout(4, edges))
    near = np.linalg.norm(points[0] - points[1])
    assert near < np.linalg.norm(points[0] - points[2])
    assert near < np.linalg.norm(points[0] - points[3])
    assert spring_layout(0, []).shape == (0, 2)


def test_points_on_one_place_are_moved_apart() -> None:
    moved = spread(np.full((5, 2), 200.0), [80.0] * 5, 400.0, 400.0)
    gaps = np.diff(np.sort(moved[:, 1]))
    assert (gaps > LABEL_PX * 0.9).all()
