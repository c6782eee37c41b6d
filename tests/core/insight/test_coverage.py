"""Coverage of the variable grid, worked by hand."""

from dataclasses import dataclass

import pytest

from core.insight.coverage.grid import MAX_ROWS, count_cells, grid_coverage


@dataclass(frozen=True)
class Cell:
    values: dict[str, str]
    planned: int


GRID = [
    Cell({"topic": "cards", "tone": "calm"}, 3),
    Cell({"topic": "cards", "tone": "angry"}, 3),
    Cell({"topic": "loans"}, 2),
    Cell({"topic": "savings"}, 0),
]


def test_coverage_is_the_share_of_cells_with_a_sample() -> None:
    drawn = [
        {"topic": "cards", "tone": "calm", "name": "Ada"},
        {"topic": "cards", "tone": "calm", "name": "Bo"},
        {"topic": "loans", "name": "Cy"},
        {"topic": "elsewhere"},
    ]
    coverage = grid_coverage(GRID, count_cells(GRID, drawn))
    assert (coverage.cells_total, coverage.cells_planned, coverage.cells_filled) == (4, 3, 2)
    assert coverage.share == pytest.approx(0.5)
    assert [(row.values, row.generated) for row in coverage.rows] == [
        ({"topic": "cards", "tone": "angry"}, 0),
        ({"topic": "savings"}, 0),
        ({"topic": "loans"}, 1),
        ({"topic": "cards", "tone": "calm"}, 2),
    ]


def test_a_variable_that_does_not_apply_may_be_missing_or_null() -> None:
    counts = count_cells(GRID, [{"topic": "loans", "tone": None}, {"topic": "loans"}])
    assert sum(counts.values()) == 2
    assert len(counts) == 1


@pytest.mark.parametrize("cells", [[], [Cell({}, 10)]], ids=["no cells", "one empty cell"])
def test_a_template_without_a_grid_has_no_coverage(cells: list[Cell]) -> None:
    coverage = grid_coverage(cells, count_cells(cells, [{"name": "Ada"}]))
    assert coverage.share is None
    assert coverage.rows == []


def test_order_of_samples_does_not_matter() -> None:
    drawn = [{"topic": "loans"}, {"topic": "cards", "tone": "calm"}, {"topic": "loans"}]
    forward = grid_coverage(GRID, count_cells(GRID, drawn))
    assert forward == grid_coverage(GRID, count_cells(GRID, drawn[::-1]))


def test_a_large_grid_keeps_its_emptiest_cells() -> None:
    cells = [Cell({"k": str(i)}, 1) for i in range(MAX_ROWS + 100)]
    coverage = grid_coverage(cells, count_cells(cells, [{"k": str(i)} for i in range(50)]))
    assert coverage.cells_filled == 50
    assert len(coverage.rows) == MAX_ROWS
    assert all(row.generated == 0 for row in coverage.rows)
