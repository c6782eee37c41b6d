"""Which cells of a template's variable grid hold samples, and which are empty. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from core.insight.contents import Coverage, CoverageRow

MAX_ROWS = 500


class CellLike(Protocol):
    """A feasible combination of categorical values and how many samples the plan gives it."""

    @property
    def values(self) -> Mapping[str, Any]: ...

    @property
    def planned(self) -> int: ...


CellKey = frozenset[tuple[str, str]]


def cell_key(values: Mapping[str, Any], names: Iterable[str]) -> CellKey:
    """A cell's identity: the named variables that have a value, as text."""
    return frozenset((n, str(values[n])) for n in names if values.get(n) is not None)


def grid_names(cells: Iterable[CellLike]) -> list[str]:
    """The variables that span the grid, in the order of their first appearance."""
    return list(dict.fromkeys(name for cell in cells for name in cell.values))


def count_cells(cells: Sequence[CellLike], drawn: Iterable[Mapping[str, Any]]) -> Counter[CellKey]:
    """How many samples fall into each cell, from the samples' variables."""
    names = grid_names(cells)
    return Counter(cell_key(variables, names) for variables in drawn)


def grid_coverage(cells: Sequence[CellLike], counts: Mapping[CellKey, int]) -> Coverage:
    """The share of feasible cells with at least one sample, and the cells, emptiest first.

    Samples outside every cell are not counted. A template without a grid has a share of None.
    """
    names = grid_names(cells)
    if not names:
        return Coverage(0, 0, 0, None, [])
    rows = [
        CoverageRow(
            {name: str(value) for name, value in cell.values.items() if value is not None},
            cell.planned,
            counts.get(cell_key(cell.values, names), 0),
        )
        for cell in cells
    ]
    filled = sum(row.generated > 0 for row in rows)
    rows.sort(key=lambda row: (row.generated, row.generated - row.planned))
    return Coverage(
        cells_total=len(rows),
        cells_planned=sum(row.planned > 0 for row in rows),
        cells_filled=filled,
        share=filled / len(rows),
        rows=rows[:MAX_ROWS],
    )
