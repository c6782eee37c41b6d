"""The Map part of the Insight page: points, a lasso, what was chosen, clusters."""

import streamlit as st

from app import cache
from app.widgets.formats import count, plain, words
from app.widgets.insight.map.actions import chosen_panel
from app.widgets.insight.map.canvas import MapChoice, MapLabel, chosen_places, map_canvas
from app.widgets.layout import section
from app.widgets.tables import number, part, plain_table
from core.insight.mapping.points import MapPoints, PointField
from core.insight.report import InsightView

LABELLED = ("cluster_label",)


def map_tab(view: InsightView) -> None:
    """The map, coloured by a field; what a lasso holds, and what to do with it."""
    st.fragment(_map)(view)
    section("Clusters", "Regions of the map, named by the words that set them apart.")
    rows = [
        {"Cluster": ", ".join(c.terms), "Samples": c.count, "Share": 100 * c.share}
        for c in view.clusters
    ]
    plain_table(
        rows, key="insight.clusters", columns={"Share": part("Share"), "Samples": number("Samples")}
    )


def _map(view: InsightView) -> None:
    stamp = str(view.computed_at)
    points = cache.map_points(view.scope.id, stamp)
    if not len(points):
        st.caption("The map is drawn as soon as there are samples to place.")
        return
    fields = {field.name: field for field in cache.map_fields(view.scope.id, stamp)}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Colour by", width="content")
        name = st.selectbox(
            "Colour by", list(fields), format_func=lambda n: words(fields[n].label),
            key="insight.color", width=260, label_visibility="collapsed",
        )  # fmt: skip
    noun = "chunks" if view.scope.kind == "source" else "samples"
    choice = map_canvas(
        points, cache.map_colors(view.scope.id, stamp, fields[name]),
        f"Map of {count(len(points))} {noun} by meaning", key="insight.map",
        labels=_labels(view) if name in LABELLED else (),
    )  # fmt: skip
    if view.projection is not None:
        st.caption(
            f"{plain(view.projection.method)}. Near means alike; distances far apart and axes mean "
            "nothing. Draw a lasso or a box, or click a point; click the map, then scroll to zoom."
        )
    if choice is not None:
        _chosen(points, stamp, choice, fields)


def _labels(view: InsightView) -> list[MapLabel]:
    """Each cluster's name at its centre."""
    return [MapLabel(c.x, c.y, c.label) for c in view.clusters]


def _chosen(
    points: MapPoints, stamp: str, choice: MapChoice, fields: dict[str, PointField]
) -> None:
    """What the drawn outlines hold; hidden categories count by the field they were hidden in."""
    if choice.hidden and choice.field not in fields:
        return
    colored = fields.get(choice.field, next(iter(fields.values())))
    codes = cache.map_colors(points.scope.id, stamp, colored).codes
    places = chosen_places(points, choice, codes)
    if len(places):
        chosen_panel(points, stamp, places)
