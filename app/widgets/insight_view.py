"""Pieces of the Insight page: figures with plain words, map, clusters, coverage, bias, quality."""

import pandas as pd
import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets import charts
from app.widgets.formats import clip, count, figure, plain, share, words
from app.widgets.layout import Card, cards, section
from app.widgets.tables import part, plain_table, score
from core.insight.contents import Association, Representation
from core.insight.metrics import METRICS
from core.insight.report import InsightView, map_fields

MAX_TABLE = 200


def metric_text(name: str, value: float | None) -> str:
    """A metric in its unit."""
    if METRICS[name].unit == "share":
        return share(value)
    return figure(value, 1 if METRICS[name].unit == "count" else 3)


def diversity_tab(view: InsightView) -> None:
    """Each figure with what it means and when not to trust it."""
    cards(
        Card(METRICS[name].label, metric_text(name, found.value), METRICS[name].meaning)
        for name, found in view.metrics.items()
    )
    section("What the figures mean")
    rows = [
        {
            "Figure": METRICS[name].label,
            "Value": metric_text(name, found.value),
            "± 95 %": metric_text(name, found.error) if found.error else "",
            "Texts": found.sample_size,
            "Good is": METRICS[name].better,
            "Meaning": METRICS[name].meaning,
            "Caution": METRICS[name].caution,
        }
        for name, found in view.metrics.items()
    ]
    st.table(rows, border="horizontal")


def map_tab(view: InsightView) -> None:
    """The map, coloured by a field; a lasso gives a table."""
    frame = cache.insight_map(view.batch_id, str(view.computed_at))
    fields = {field.column: field.label for field in map_fields(frame)}
    color = st.selectbox(
        "Colour by", list(fields), format_func=lambda c: fields[c], key="insight.color", width=260
    )
    frame = frame.assign(hover=[_hover(row) for row in frame[["input", "verdict"]].itertuples()])
    chosen = charts.scatter_map(
        frame, color, f"{count(len(frame))} samples by meaning", key="insight.map"
    )
    if view.projection is not None:
        st.caption(
            f"{plain(view.projection.method)}. Near means alike; distances far apart and axes mean "
            "nothing. Draw a lasso or a box to choose samples."
        )
    if chosen:
        _chosen_table(frame[frame["sample_id"].isin(chosen)])
    section("Clusters", "Regions of the map, named by the words that set them apart.")
    rows = [
        {"Cluster": c.label, "Samples": c.count, "Share": c.share, "Terms": ", ".join(c.terms)}
        for c in view.clusters
    ]
    plain_table(rows, key="insight.clusters", columns={"Share": part("Share")})


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


def coverage_tab(view: InsightView) -> None:
    """The grid of the template's categories: what is filled, what is thin."""
    if view.coverage is None or not view.coverage.rows:
        st.caption("The template has no categories, so there is no grid to cover.")
        return
    found = view.coverage
    cards(
        [
            Card("Grid coverage", share(found.share), METRICS["coverage"].meaning),
            Card("Cells filled", f"{count(found.cells_filled)} of {count(found.cells_total)}"),
            Card("Cells planned", count(found.cells_planned), "Cells that the plan gave a sample."),
        ]
    )
    frame = pd.DataFrame(
        [{**r.values, "Planned": r.planned, "Generated": r.generated} for r in found.rows]
    ).fillna("–")
    names = [c for c in frame.columns if c not in ("Planned", "Generated")]
    _grid(frame, names)
    section("Thinnest cells")
    plain_table(frame.head(MAX_TABLE).to_dict("records"), key="insight.cells")


def _grid(frame: pd.DataFrame, names: list[str]) -> None:
    if len(names) == 1:
        sums = frame.groupby(names[0], sort=False)["Generated"].sum()
        labels = [str(v) for v in sums.index]
        charts.bars(
            labels, list(sums), f"Samples by {names[0]}", key="insight.grid", unit="samples",
            horizontal=True,
        )  # fmt: skip
        return
    left, right = st.columns(2)
    rows = left.selectbox("Rows", names, key="insight.grid.rows")
    others = [name for name in names if name != rows]
    columns = right.selectbox("Columns", others, key="insight.grid.columns")
    table = frame.pivot_table(
        index=rows, columns=columns, values="Generated", aggfunc="sum", fill_value=0, sort=False
    )
    charts.heatmap(table, f"Samples by {rows} and {columns}", key="insight.grid.map")


def bias_tab(view: InsightView) -> None:
    """Groups against their target, and associations in the embeddings."""
    if view.bias.note:
        st.info(plain(view.bias.note), icon=":material/info:")
    for i, found in enumerate(view.bias.representation):
        _representation(found, i)
    for title, caption, tests in (
        ("Associations of groups",
         "Do the texts of one group lean to one side of a word list? WEAT on the samples.",
         view.bias.groups),
        ("Associations of the embedding model",
         "The same test on words alone: what the model itself brings along.", view.bias.words),
    ):  # fmt: skip
        if tests:
            section(title, caption)
            plain_table([_association(t) for t in tests], key=f"insight.weat.{title}")


def _representation(found: Representation, i: int) -> None:
    if not found.total:
        st.caption(f"No sample has a value for {plain(found.variable)}, so it has no shares.")
        return
    target = "even shares, as no target is declared" if found.is_assumed else "the declared target"
    p_value = "" if found.p_value is None else f"; chi-square p = {found.p_value:.3g}"
    frame = pd.DataFrame([vars(row) for row in found.rows])
    charts.share_chart(frame, f"Share of samples by {found.variable}, %", key=f"insight.share.{i}")
    st.caption(f"Against {target}{p_value}. {plain(found.note)}")


def _association(test: Association) -> dict[str, object]:
    return {
        "Word list": test.word_list,
        "Variable": test.variable or "",
        "X": test.x,
        "Y": test.y,
        "A": test.a,
        "B": test.b,
        "Effect size d": None if test.effect_size is None else round(test.effect_size, 2),
        "p": round(test.p_value, 4),
        "p, adjusted": round(test.adjusted_p, 4),
        "Permutations": test.permutations,
    }


def quality_tab(batch_id: str) -> None:
    """Verdicts, scores and findings by check."""
    report = cache.quality((batch_id,))
    cards(
        [
            Card("Samples", count(report.samples)),
            Card("Schema compliance", share(report.schema_compliance)),
            Card("Mean score", figure(report.mean_score, 2)),
        ]
    )
    left, right = st.columns(2)
    with left:
        charts.verdict_bars(report.verdicts, "Verdicts, samples", key="insight.verdicts")
    with right:
        charts.histogram(report.score_histogram, "Quality score, samples", key="insight.scores")
    section("Findings by check", "How many samples lost score to it.")
    rows = [
        {"Check": words(r.check), "Found": r.found, "Share": r.share, "Mean score": r.mean_score}
        for r in report.checks
    ]
    plain_table(
        rows,
        key="insight.checks",
        columns={"Share": part("Share"), "Mean score": score("Mean score")},
    )
    if report.by_variable:
        section("By variable")
        plain_table(
            [
                {
                    "Variable": r.variable,
                    "Value": r.value,
                    "Samples": r.samples,
                    "Accepted": r.accepted,
                    "Mean score": r.mean_score,
                }
                for r in report.by_variable
            ],
            key="insight.by_variable",
            columns={"Mean score": score("Mean score")},
        )
