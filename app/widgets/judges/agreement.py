"""How far several judges agree, over all and by criterion."""

import streamlit as st

from app.widgets.formats import figure, share, words
from app.widgets.layout import section
from app.widgets.tables import number, plain_table, right
from core.quality.judge.report import JudgingReport
from core.quality.judge.statistics import Range
from core.quality.judge.wording import MEANINGS, alpha_in_words


def agreement_part(report: JudgingReport) -> None:
    """Krippendorff's alpha by criterion, then each pair of judges."""
    if not report.judge_pairs:
        st.caption("One judge alone cannot agree with anyone: have a second model judge the same.")
        return
    meaning = MEANINGS["alpha"]
    section("Agreement by criterion", meaning.meaning)
    rows = [("All, as the score", report.alpha)]
    rows += [(words(row.criterion), row.alpha) for row in report.criteria]
    plain_table(
        [
            {
                "Criterion": name, "Alpha": figure(alpha.value, 2) if alpha else "–",
                "95 % interval": between(alpha), "In words": alpha_in_words(alpha),
            }
            for name, alpha in rows
        ],
        key="judges.agreement.criteria",
        columns={"Alpha": right("Alpha"), "95 % interval": right("95 % interval")},
    )  # fmt: skip
    st.caption(
        f"{meaning.caution} It cannot be said where every mark is the same. Intervals by "
        "resampling samples."
    )
    section("Judges side by side", f"{MEANINGS['kappa'].meaning} {MEANINGS['kappa'].caution}")
    plain_table(
        [
            {
                "Judge": pair.one, "Other judge": pair.other, "Samples": pair.samples,
                "Equal marks": share(pair.same.value) if pair.same else "–",
                "Within one step": share(pair.near.value) if pair.near else "–",
                "Kappa": figure(pair.kappa, 2), "Spearman of scores": figure(pair.spearman, 2),
            }
            for pair in report.judge_pairs
        ],
        key="judges.agreement.pairs",
        columns={
            "Samples": number("Samples"), "Equal marks": right("Equal marks"),
            "Within one step": right("Within one step"), "Kappa": right("Kappa"),
            "Spearman of scores": right("Spearman of scores"),
        },
    )  # fmt: skip


def between(found: Range | None) -> str:
    """An interval as text."""
    return "–" if found is None else f"{found.low:.2f} to {found.high:.2f}"
