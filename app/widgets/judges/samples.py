"""Judged samples with the marks and reasons of every judge."""

import streamlit as st

from app import cache
from app.navigation import go
from app.widgets.formats import clip, figure, plain, words
from app.widgets.states import state_badge
from app.widgets.tables import pager
from core.db.tables import Judgement
from core.quality.judge.browsing import JudgedSample, list_judged

ORDERS = {
    "lowest": "Lowest scores first",
    "disagreement": "Most disagreement first",
    "highest": "Highest scores first",
}
PAGE_SIZE = 8
SHOWN_CHARS = 1200


def samples_part(rubric_version_id: str, batch_ids: tuple[str, ...], total: int) -> None:
    """A page of samples: its texts on the left, what judges said on the right."""
    if not total:
        st.caption("By this version pairs alone were judged.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        order = st.selectbox(
            "Order", list(ORDERS), key="judges.samples.order", format_func=ORDERS.__getitem__,
            label_visibility="collapsed", width=280,
        )  # fmt: skip
        shows_all = st.toggle(
            "Every judge's reasons", key="judges.samples.all",
            help="Otherwise the reason of the strictest judge on each criterion.",
        )  # fmt: skip
        offset = pager(total, "judged sample", key="judges.samples.page", page_size=PAGE_SIZE)
    rows = list_judged(
        cache.workspace(), rubric_version_id, order=order, batch_ids=batch_ids, limit=PAGE_SIZE,
        offset=offset,
    )  # fmt: skip
    for row in rows:
        _sample(row, shows_all=shows_all)


def _sample(row: JudgedSample, *, shows_all: bool) -> None:
    sample = row.sample
    with st.container(border=True):
        left, right = st.columns([2, 3], gap="medium")
        with left:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**Score {figure(row.mean_score, 2)}**", width="content")
                state_badge(sample.verdict, "by a person" if sample.is_reviewed else "")
                if st.button("Open", key=f"judges.open.{sample.sample_id}", type="tertiary"):
                    go("samples", sample=sample.sample_id)
            if sample.input:
                st.caption(plain(clip(sample.input, SHOWN_CHARS)))
            st.text(clip(sample.response, SHOWN_CHARS))
        with right:
            _marks(row.judgements, shows_all=shows_all)


def _marks(judgements: list[Judgement], *, shows_all: bool) -> None:
    """A line for each criterion: every judge's mark, and why."""
    names = judge_labels([judgement.judge for judgement in judgements])
    by_name = dict(zip(names, judgements, strict=True))
    rows = []
    for criterion in judgements[0].scores:
        strictest = min(judgements, key=lambda j: j.scores.get(criterion, 0))
        reason = plain(strictest.reasons.get(criterion, ""))
        if shows_all and len(names) > 1:
            reason = "  \n".join(
                f"{plain(name)}: {plain(one.reasons.get(criterion, ''))}"
                for name, one in by_name.items()
            )
        marks = {plain(name): one.scores.get(criterion) for name, one in by_name.items()}
        if len(names) == 1:
            marks = {"Mark": judgements[0].scores[criterion]}
        rows.append({"Criterion": plain(words(criterion)), **marks, "Reason": reason})
    st.table(rows, border="horizontal")
    if len(names) == 1:
        st.caption(plain(f"{judgements[0].judge}, {judgements[0].created_at:%Y-%m-%d}"))


def judge_labels(judges: list[str]) -> list[str]:
    """Judges by their models, or with their connections where a model stands twice."""
    models = [judge.split(" / ", 1)[-1] for judge in judges]
    return models if len(set(models)) == len(models) else judges
