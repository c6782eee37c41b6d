"""Every metric of a report is explained."""

import numpy as np

from core.insight.diversity.metrics import METRICS
from core.insight.measuring import Material, full_look
from core.insight.records import Records, Scope

NOTHING = Records(Scope("batch", "bat_none"), [], [], [], [], [], [], [], [])


def test_a_report_holds_exactly_the_explained_metrics() -> None:
    empty = Material(NOTHING, [], [], "none")
    contents, frame = full_look(empty, np.zeros((0, 1), dtype=np.float32), (), {})
    assert list(contents.metrics) == list(METRICS)
    assert len(frame) == 0


def test_every_explanation_says_what_it_means_and_when_not_to_trust_it() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert all((metric.label, metric.meaning, metric.caution, metric.source))
