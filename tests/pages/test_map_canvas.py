"""What goes to the browser for a map, and what comes back."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.widgets.insight.map.canvas import (
    MapChoice,
    MapLabel,
    chosen_places,
    packed,
    read_choice,
)
from core.insight.mapping.points import GRID, MapPoints, PointColors, PointField
from core.insight.records import Scope

N = 4
POINTS = MapPoints(
    Scope("batch", "bat_1"), "bat_1-a-complete.parquet",
    np.array([f"smp_1_{i}" for i in range(N)], dtype=object),
    np.array([[0, 0], [GRID, 0], [0, GRID], [GRID, GRID]], dtype=np.uint16),
    (-1.0, 2.0), (2.0, 4.0), ("bat_1",), pd.DataFrame({"batch": [0] * N, "index": range(N)}),
)  # fmt: skip
COLORS = PointColors(
    PointField("verdict", "Verdict", "category"), np.array([0, 1, 2, 0], dtype=np.uint8),
    ("needs_review", "<b>odd</b>", None), (2, 1, 1), 0.0, 0.0, 0,
)  # fmt: skip


def test_a_point_costs_five_bytes_and_no_text() -> None:
    sent = packed(POINTS, COLORS, "Map", [MapLabel(0.0, 4.0, "cards")])
    size = int.from_bytes(sent[:4], "little")
    header = json.loads(sent[4 : 4 + size])
    body = sent[4 + size :]
    assert len(body) == 5 * N
    assert np.frombuffer(body[: 4 * N], dtype="<u2").reshape(N, 2).tolist() == (
        POINTS.places.tolist()
    )
    assert list(body[4 * N :]) == [0, 1, 2, 0]
    assert header["n"] == N
    assert header["names"] == ["Needs review", "<b>odd</b>", None]
    assert header["colors"][0]
    assert header["colors"][1:] == [None, None]
    assert header["labels"] == [{"x": 32768, "y": 32768, "text": "cards"}]
    assert b"smp_1_0" not in sent


def test_a_choice_is_found_again_without_what_was_hidden() -> None:
    left = [(-5, -5), (10, -5), (10, GRID + 5), (-5, GRID + 5)]
    choice = MapChoice(outlines=[left], point=None, field="verdict", hidden=[])
    assert chosen_places(POINTS, choice, COLORS.codes).tolist() == [0, 2]
    hidden = choice.model_copy(update={"hidden": [2]})
    assert chosen_places(POINTS, hidden, COLORS.codes).tolist() == [0]
    clicked = MapChoice(outlines=[], point=3, field="verdict", hidden=[])
    assert chosen_places(POINTS, clicked, COLORS.codes).tolist() == [3]


@pytest.mark.parametrize(
    "given",
    [None, 7, {"outlines": "all"}, {"outlines": [], "field": "verdict", "hidden": [], "more": 1},
     {"outlines": [], "point": N, "field": "verdict", "hidden": []},
     {"outlines": [[[10**9, 0]]], "field": "verdict", "hidden": []}],
)  # fmt: skip
def test_what_is_no_choice_of_this_map_is_none(given: Any) -> None:
    assert read_choice(given, N) is None


def test_a_choice_of_the_browser_is_read() -> None:
    given = {"outlines": [[[1, 2], [3, 4], [5, 6]]], "point": None, "field": "a", "hidden": [1]}
    found = read_choice(given, N)
    assert found is not None
    assert found.outlines == [[(1, 2), (3, 4), (5, 6)]]
