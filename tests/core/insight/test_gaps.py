"""Gaps of a grid, worked by hand and by property."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from core.errors import TemplateError
from core.insight.coverage.gaps import (
    Gap,
    cell_gap,
    chances_of_so_few,
    gap_id_of,
    grid_gaps,
    wanted_by_cell,
)
from core.templates.definition import build_template
from core.templates.planning.grid import Grid, build_grid

SHAPE: dict[str, Any] = {
    "name": "gapped",
    "title": "Gapped",
    "domain": "test",
    "system": "Be brief.",
    "user": "Go.",
    "output": {"type": "object", "properties": {"answer": {"type": "string"}}},
    "mapping": {"input": "x", "response": "{{ output.answer }}"},
}


def grid_of(**weights: dict[str, int]) -> Grid:
    variables = [
        {
            "name": name,
            "sampler": {
                "kind": "category",
                "values": [{"value": v, "weight": w} for v, w in values.items()],
            },
        }
        for name, values in weights.items()
    ]
    return build_grid(build_template({**SHAPE, "variables": variables}), has_source=False)


GRID = grid_of(tone={"calm": 3, "angry": 1}, field={"retail": 1, "corporate": 1})
# calm retail, calm corporate, angry retail, angry corporate
FULL = np.array([150, 150, 50, 50])


def labels(gaps: list[Gap]) -> list[tuple[str, int, int]]:
    return [(gap.label, gap.wanted, gap.present) for gap in gaps]


def test_a_full_grid_has_no_gaps() -> None:
    assert wanted_by_cell(GRID, 400).tolist() == [150, 150, 50, 50]
    assert grid_gaps(GRID, 400, FULL, FULL) == []


def test_a_value_that_is_thin_everywhere_is_one_gap_and_not_three() -> None:
    present = np.array([150, 150, 10, 10])
    assert labels(grid_gaps(GRID, 400, present, present)) == [("tone angry", 100, 20)]


def test_a_thin_cell_is_named_and_not_the_values_that_it_makes_thin() -> None:
    present = np.array([150, 150, 50, 0])
    assert labels(grid_gaps(GRID, 400, present, present)) == [
        ("tone angry, field corporate", 50, 0)
    ]


def test_a_value_and_a_cell_inside_that_is_thinner_still_are_two_gaps() -> None:
    present = np.array([150, 150, 20, 0])
    assert labels(grid_gaps(GRID, 400, present, present)) == [
        ("tone angry", 100, 20),
        ("tone angry, field corporate", 50, 0),
    ]


def test_what_chance_or_a_rounded_share_leaves_is_no_gap() -> None:
    present = np.array([140, 150, 44, 48])
    assert grid_gaps(GRID, 400, present, present) == []


def test_an_empty_cell_is_a_gap_however_few_samples_there_are() -> None:
    present = np.array([1, 1, 1, 0])
    assert labels(grid_gaps(GRID, 3, present, present)) == [("tone angry, field corporate", 1, 0)]
    found = grid_gaps(GRID, 3, present, present, at_least=5)
    assert {gap.wanted for gap in found} == {5}
    assert grid_gaps(GRID, 3, present, present, at_least=0) == []


def test_a_gap_remembers_what_was_there_before_it_was_filled() -> None:
    gap = cell_gap(GRID, 400, np.array([9, 9, 1, 2]), np.array([9, 9, 51, 2]), {"tone": "angry"})
    assert (gap.wanted, gap.before, gap.present, gap.missing, gap.is_open) == (100, 3, 53, 47, True)
    assert gap.gap_id == gap_id_of("cell", {"tone": "angry"})
    with pytest.raises(TemplateError):
        cell_gap(GRID, 400, FULL, FULL, {"tone": "shrill"})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 80), min_size=4, max_size=4), st.integers(1, 400))
def test_gaps_hold_too_few_and_no_cell_that_is_empty_goes_unnamed(
    counts: list[int], n: int
) -> None:
    present = np.array(counts)
    found = grid_gaps(GRID, n, present, present)
    assert len({gap.gap_id for gap in found}) == len(found)
    assert [gap.missing for gap in found] == sorted((g.missing for g in found), reverse=True)
    for gap in found:
        assert gap.present < gap.wanted
        assert gap.present == cell_gap(GRID, n, present, present, gap.cell).present
    for place in np.flatnonzero(present == 0):
        values = GRID.cell_values(place).items()
        assert any(gap.cell.items() <= values for gap in found)


def test_a_large_grid_is_searched_in_a_moment_and_keeps_its_thinnest_parts() -> None:
    sizes = {f"v{k}": {f"x{i}": 1 for i in range(10)} for k in range(4)}
    grid = grid_of(**sizes)
    present = np.ones(10_000, dtype=np.int64)
    present[7] = 0
    found = grid_gaps(grid, 10_000, present, present)
    assert [gap.cell for gap in found] == [grid.cell_values(7)]


@pytest.mark.parametrize(("here", "due", "n"), [(20, 40, 100), (70, 100, 400), (3, 12, 60)])
def test_the_chance_of_so_few_is_near_the_binomials(here: int, due: int, n: int) -> None:
    found = chances_of_so_few(np.array([here]), np.array([float(due)]), n)
    assert found == pytest.approx([binom.cdf(here, n, due / n)], abs=0.01)
