"""What each version yielded, in figures with their intervals."""

import math
from collections.abc import Callable
from decimal import Decimal

import streamlit as st

from app import cache
from app.widgets.formats import count, figure, money, share
from app.widgets.tables import number, plain_table, right
from core.db.tables import Template
from core.insight.comparing.version_statistics import Mean, Share, VersionStatistics

BETTER, WORSE = "▲", "▼"
KEY = "templates.statistics"


def statistics_part(template: Template) -> None:
    """A row a version; marks where it differs from the one before beyond chance."""
    rows = cache.version_figures(template.template_id)
    if not any(row.samples for row in rows):
        st.caption("No batch has run yet. Launch one, and its figures stand here by version.")
        return
    table = [
        {
            "Version": f"{row.number}" + (f", {row.name}" if row.name else ""),
            "Samples": row.samples,
            "Fit the schema": _rate(row, "compliance", row.compliance),
            "Accepted": _rate(row, "acceptance", row.acceptance),
            "Quality score": _mean(row, "quality", row.quality, lambda v: figure(v, 2)),
            "Cost per accepted": _mean(row, "cost", row.cost_per_accepted, _usd),
            "Near-duplicates": _rate(row, "duplicates", row.duplicates),
            "Vendi score": None if row.vendi_score is None
            else f"{row.vendi_score:,.1f} of {count(row.vendi_samples)}",
        }
        for row in rows
    ]  # fmt: skip
    figures = list(table[0])[2:]
    columns = {name: right(name) for name in figures} | {"Samples": number("Samples", width=80)}
    plain_table(table, key=KEY, columns=columns)
    st.caption(
        f"In brackets the 95 % interval. {BETTER} better, {WORSE} worse than the version before, "
        "beyond what chance explains (5 %, corrected for five measures). The versions may have "
        "run over other plans and models: an A/B comparison is the fair test. Near-duplicates and "
        "the Vendi score (samples that differ in effect, of the newest measured batch) come from "
        "Insight."
    )


def _mark(row: VersionStatistics, measure: str) -> str:
    found = next((mark for mark in row.marks if mark.measure == measure), None)
    return "" if found is None else f"{BETTER if found.is_better else WORSE} "


def _rate(row: VersionStatistics, measure: str, found: Share) -> str | None:
    if found.value is None:
        return None
    low, high = 100 * found.low, 100 * found.high
    digits = 0 if high - low >= 2 else 1
    return f"{_mark(row, measure)}{share(found.value)} ({low:.{digits}f}–{high:.{digits}f})"


def _mean(
    row: VersionStatistics, measure: str, found: Mean, shown: Callable[[float], str]
) -> str | None:
    if found.value is None:
        return None
    bounds = ""
    if found.low is not None and found.high is not None and math.isfinite(found.high):
        unit = shown(found.high).split("\u00a0")[-1]
        low = shown(found.low).removesuffix(f"\u00a0{unit}")
        high = shown(found.high).removesuffix(f"\u00a0{unit}")
        bounds = f" ({low}–{high})"
    return f"{_mark(row, measure)}{shown(found.value)}{bounds}"


def _usd(value: float) -> str:
    return money(Decimal(str(value)))
