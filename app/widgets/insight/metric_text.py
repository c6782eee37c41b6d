"""A metric's figure in its own unit."""

from app.widgets.formats import figure, share
from core.insight.diversity.metrics import METRICS


def metric_text(name: str, value: float | None) -> str:
    """A metric in its unit."""
    if METRICS[name].unit == "share":
        return share(value)
    return figure(value, 1 if METRICS[name].unit == "count" else 3)
