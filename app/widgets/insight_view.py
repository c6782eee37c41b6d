"""Pieces of the Insight page: figures with plain words, map, clusters, coverage, bias, quality."""

import pandas as pd
import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets import charts
from app.widgets.formats import clip, count, figure, plain, share, words
from app.widgets.layout import Card, cards, section
from app.widgets.tables import number, part, plain_table, score
from core.insight.contents import Association, Representation
from core.insight.metrics import METRICS
from core.insight.report import InsightView, map_fields

MAX_TABLE = 200
HEADLINES = (
    "vendi_score",
    "mean_similarity",
    "self_bleu",
    "near_duplicates_semantic",
    "coverage",
)


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
        if name in HEADLINES
    )
    section("All figures", "What each means, and when not to trust it.")
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
        [
            {**{words(name): value for name, value in r.values.items()},
             "Planned": r.planned, "Generated": r.generated}
            for r in found.rows
        ]
    ).fillna("–")  # fmt: skip
    names = [c for c in frame.columns if c not in ("Planned", "Generated")]
    _grid(frame, names)
    section(
        "Thinnest cells", "Combinations with the fewest samples; raise their weights to fill them."
    )
    plain_table(frame.head(MAX_TABLE).to_dict("records"), key="insight.cells")


def _grid(frame: pd.DataFrame, names: list[str]) -> None:
    if len(names) == 1:
        sums = frame.groupby(names[0], sort=False)["Generated"].sum()
        labels = [str(v) for v in sums.index]
        charts.bars(
            labels, list(sums), f"Samples by {names[0].lower()}", key="insight.grid",
            unit="samples", horizontal=True,
        )  # fmt: skip
        return
    left, right = st.columns(2)
    rows = left.selectbox("Rows", names, key="insight.grid.rows")
    others = [name for name in names if name != rows]
    columns = right.selectbox("Columns", others, key="insight.grid.columns")
    table = frame.pivot_table(
        index=rows, columns=columns, values="Generated", aggfunc="sum", fill_value=0, sort=False
    )
    charts.heatmap(
        table, f"Samples by {rows.lower()} and {columns.lower()}", key="insight.grid.map"
    )


def bias_tab(view: InsightView) -> None:
    """Groups against their target, and associations in the embeddings."""
    if view.bias.note:
        st.info(plain(view.bias.note), icon=":material/info:")
    shown = [found for found in view.bias.representation if found.total]
    if shown:
        section("Representation", "Shares of groups against their target, with 95 % intervals.")
    for row in range(0, len(shown), 2):
        for place, found in zip(st.columns(2, gap="medium"), shown[row : row + 2], strict=False):
            with place:
                _representation(found)
    for note in dict.fromkeys(found.note for found in shown):
        st.caption(plain(note))
    absent = [words(f.variable) for f in view.bias.representation if not f.total]
    if absent:
        st.caption(f"No sample has a value for: {plain(', '.join(absent))}.")
    for title, caption, tests in (
        ("Associations of groups",
         "Do the texts of one group lean to one side of a word list? The effect size runs from "
         "-2 to 2: above 0, the first group leans to the first words. Read p adjusted.",
         view.bias.groups),
        ("Associations of the embedding model",
         "The same test on words alone: what the model itself brings along.", view.bias.words),
    ):  # fmt: skip
        if tests:
            section(title, caption)
            ranked = sorted(tests, key=lambda t: t.p_value)
            plain_table(
                [_association(t) for t in ranked], key=f"insight.weat.{title}", columns=WEAT_COLUMNS
            )


WEAT_COLUMNS = {
    "Effect size": number("Effect size", "%.2f"),
    "p": number("p", "%.4f"),
    "p adjusted": number("p adjusted", "%.4f"),
    "Permutations": number("Permutations"),
}


def _representation(found: Representation) -> None:
    target = "even shares, as no target is declared" if found.is_assumed else "the declared target"
    p = found.p_value
    p_value = "" if p is None else f"; chi-square p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
    frame = pd.DataFrame([vars(row) for row in found.rows])
    title = f"Share of samples by {words(found.variable).lower()}, %"
    charts.share_chart(frame, title, key=f"insight.share.{found.variable}")
    st.caption(f"Against {target}{p_value}.")


def _association(test: Association) -> dict[str, object]:
    return {
        **({"Variable": words(test.variable)} if test.variable else {}),
        "Groups": f"{test.x} against {test.y}",
        "Words": f"{test.a} against {test.b}",
        "Effect size": test.effect_size,
        "p": test.p_value,
        "p adjusted": test.adjusted_p,
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
        charts.verdict_bars(report.verdicts, "Samples by verdict", key="insight.verdicts")
    with right:
        charts.histogram(report.score_histogram, "Samples by quality score", key="insight.scores")
    section("Findings by check", "How many samples lost score to it.")
    rows = [
        {
            "Check": words(r.check),
            "Found": r.found,
            "Share": 100 * r.share,
            "Mean score": r.mean_score,
        }
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
                    "Variable": words(r.variable),
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
