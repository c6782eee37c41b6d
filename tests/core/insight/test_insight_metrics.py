"""Every metric of a report is explained."""

from core.insight.measuring import Material, measure
from core.insight.metrics import METRICS


def test_a_report_holds_exactly_the_explained_metrics() -> None:
    import numpy as np

    empty = Material([], [], [], [], [], "none")
    contents, frame = measure(empty, np.zeros((0, 1), dtype=np.float32), (), {})
    assert list(contents.metrics) == list(METRICS)
    assert len(frame) == 0


def test_every_explanation_says_what_it_means_and_when_not_to_trust_it() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert all((metric.label, metric.meaning, metric.caution, metric.source))
