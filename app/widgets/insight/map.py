"""The Map part of the Insight page: points, a lasso, clusters."""

import pandas as pd
import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets import charts
from app.widgets.formats import clip, count, plain, words
from app.widgets.layout import section
from app.widgets.tables import number, part, plain_table, score
from core.insight.report import InsightView, map_fields

MAX_TABLE = 200


def map_tab(view: InsightView) -> None:
    """The map, coloured by a field; a lasso gives a table."""
    frame = cache.insight_map(view.batch_id, str(view.computed_at))
    fields = {field.column: field.label for field in map_fields(frame)}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Colour by", width="content")
        color = st.selectbox(
            "Colour by", list(fields), format_func=lambda c: words(fields[c]),
            key="insight.color", width=260, label_visibility="collapsed",
        )  # fmt: skip
    frame = frame.assign(hover=[_hover(row) for row in frame[["input", "verdict"]].itertuples()])
    chosen = charts.scatter_map(
        frame, color, f"Map of {count(len(frame))} samples by meaning", key="insight.map",
        labels=_cluster_labels(view) if color.startswith("cluster") else (),
    )  # fmt: skip
    if view.projection is not None:
        st.caption(
            f"{plain(view.projection.method)}. Near means alike; distances far apart and axes mean "
            "nothing. Draw a lasso or a box to choose samples."
        )
    if chosen:
        _chosen_table(frame[frame["sample_id"].isin(chosen)])
    section("Clusters", "Regions of the map, named by the words that set them apart.")
    rows = [
        {"Cluster": ", ".join(c.terms), "Samples": c.count, "Share": 100 * c.share}
        for c in view.clusters
    ]
    plain_table(
        rows, key="insight.clusters", columns={"Share": part("Share"), "Samples": number("Samples")}
    )


def _cluster_labels(view: InsightView) -> list[tuple[float, float, str]]:
    """Each cluster's name at its centre. The words are untrusted: no markup in them."""
    return [(c.x, c.y, c.label.replace("<", "‹")) for c in view.clusters]


def _hover(row: tuple) -> str:
    text = clip(str(row.input), 90).replace("<", "‹").replace(">", "›")
    return f"{text}<br>{words(str(row.verdict))}"


def _chosen_table(chosen: pd.DataFrame) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{count(len(chosen))} samples chosen", width="content")
        if st.button("Review these", key="insight.review", icon=":material/rate_review:"):
            state.insight().sample_ids = list(chosen["sample_id"])
            go("review", view="chosen")
    columns = ["verdict", "quality_score", "cluster_label", "input", "response"]
    st.dataframe(
        chosen[columns].head(MAX_TABLE),
        key="insight.chosen",
        hide_index=True,
        height=300,
        column_config={
            "quality_score": score(),
            "verdict": "Verdict",
            "cluster_label": "Cluster",
            "input": "Input",
            "response": "Response",
        },
    )
