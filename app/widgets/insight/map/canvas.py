"""The drawn map: a component of our own, as no chart draws and chooses 100,000 points in time.

Owns what goes to the browser and what comes back. Points travel as five bytes each, and a choice
as its outline: the points in it are found again here, on the same grid.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.widgets.charts import VERDICT_COLORS
from app.widgets.formats import words
from core.insight.mapping.lasso import inside
from core.insight.mapping.points import GRID, MapPoints, PointColors

HERE = Path(__file__).parent
HEIGHT_PX: Final = 560
_DRAWN = st.components.v2.component(
    "seedbed_map",
    css=(HERE / "canvas.css").read_text(encoding="utf-8"),
    js=(HERE / "canvas.js").read_text(encoding="utf-8"),
)

Corner = tuple[Annotated[int, Field(ge=-GRID * 9, le=GRID * 9)],
               Annotated[int, Field(ge=-GRID * 9, le=GRID * 9)]]  # fmt: skip
Outline = Annotated[list[Corner], Field(max_length=1_000)]


class MapChoice(BaseModel):
    """What a person drew on the map."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outlines: list[Outline] = Field(max_length=100, description="Corners on the map's grid.")
    point: int | None = Field(None, ge=0, description="Place of one point that was clicked.")
    field: str = Field(max_length=200, description="What the points were coloured by.")
    hidden: list[int] = Field(max_length=256, description="Codes of that field that were hidden.")


class MapLabel(NamedTuple):
    """A text on the map, at a point of the computed map."""

    x: float
    y: float
    text: str


def map_canvas(
    points: MapPoints, colors: PointColors, title: str, *, key: str, labels: Sequence[MapLabel] = ()
) -> MapChoice | None:
    """Draws the points in their colours; what is chosen on it, None for nothing."""
    drawn = _DRAWN(
        data=packed(points, colors, title, labels), key=key, height="content",
        on_choice_change=lambda: None,
    )  # fmt: skip
    return read_choice(drawn.get("choice"), len(points))


def read_choice(given: Any, n: int) -> MapChoice | None:
    """The choice that a browser sent of n points; None for nothing, or for what is no choice."""
    try:
        choice = None if given is None else MapChoice.model_validate(given)
    except ValidationError:
        return None
    return None if choice is not None and (choice.point or 0) >= n else choice


def chosen_places(points: MapPoints, choice: MapChoice, codes: NDArray[np.uint8]) -> NDArray[Any]:
    """The places in `points` of what was chosen; `codes` are those of the choice's own field."""
    found = inside(points.places, choice.outlines)
    if choice.hidden:
        found &= ~np.isin(codes, np.array(choice.hidden, dtype=np.uint8))
    if choice.point is not None:
        found[choice.point] = True
    return np.flatnonzero(found)


def packed(points: MapPoints, colors: PointColors, title: str, labels: Sequence[MapLabel]) -> bytes:
    """The length of a header, the header in JSON, x and y of each point, its code."""
    header = {
        "n": len(points), "points": points.map_file, "title": title,
        "field": colors.field.name, "label": words(colors.field.label), "kind": colors.field.kind,
        "names": [None if name is None else _shown(name) for name in colors.names],
        "colors": [VERDICT_COLORS.get(name or "") for name in colors.names],
        "counts": colors.counts, "low": colors.low, "high": colors.high,
        "missing": colors.missing,
        "labels": [
            dict(zip("xy", points.on_grid(label.x, label.y), strict=True), text=label.text)
            for label in labels
        ],
    }  # fmt: skip
    text = json.dumps(header).encode()
    return b"".join(
        (len(text).to_bytes(4, "little"), text, points.places.astype("<u2").tobytes(),
         colors.codes.tobytes())
    )  # fmt: skip


def _shown(name: str) -> str:
    return words(name) if name in VERDICT_COLORS else name
