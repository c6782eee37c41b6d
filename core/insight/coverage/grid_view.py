"""The grid of a batch's or a version's template as it is filled now, with its gaps.

Counted in the database at each look, since verdicts change: a rejected sample fills no cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.generation.batches import KEPT_KINDS
from core.insight.coverage.fills import Fill, FilledGap, fills_of
from core.insight.coverage.gaps import Counts, Gap, cell_gap, grid_gaps, wanted_by_cell
from core.insight.records import Scope, scope_of
from core.insight.row import owner_of
from core.templates.planning.axes import ABSENT
from core.templates.planning.focus import focused_grid, read_focus
from core.templates.planning.grid import Grid, build_grid
from core.templates.samplers.base import Value
from core.templates.samplers.weights import branch_key
from core.templates.versions import load_definition

NO_GRID = Grid((), (), (), (), 1)


@dataclass(frozen=True)
class GridView:
    """A scope's grid. The counts have one entry per cell, in the order of `grid.cells`."""

    scope: Scope
    template_version_id: str  # "" for a scope that no single template's prompt made
    grid: Grid
    n: int  # samples that were planned over this grid
    before: Counts  # usable samples of the scope itself
    present: Counts  # with those of the batches that were aimed at its gaps
    outside: int  # usable samples in no cell: of another version's values
    at_least: int  # samples that every cell wants, whatever its share
    gaps: list[Gap]
    fills: list[Fill]

    @property
    def has_grid(self) -> bool:
        """Whether the template has variables with exact shares."""
        return bool(self.grid.names)

    @property
    def total(self) -> int:
        """Cells that the template allows."""
        return len(self.grid.cells) if self.has_grid else 0

    @property
    def filled(self) -> int:
        """Cells with a usable sample."""
        return int((self.present > 0).sum())

    @property
    def filled_before(self) -> int:
        """The same without the batches that were aimed at gaps."""
        return int((self.before > 0).sum())

    @property
    def share(self) -> float | None:
        """Filled cells over all; None without a grid."""
        return self.filled / self.total if self.total else None

    @property
    def share_before(self) -> float | None:
        """The same without the batches that were aimed at gaps."""
        return self.filled_before / self.total if self.total else None

    def now(self, gap: FilledGap) -> Gap:
        """Where a gap of the grid stands that a batch was aimed at. Raises TemplateError."""
        return cell_gap(
            self.grid, self.n, self.before, self.present, gap.cell, at_least=self.at_least
        )


def grid_fills(workspace: Workspace, scope_id: str) -> list[Fill]:
    """The batches that were aimed at gaps of this scope, newest first; of its grid or others."""
    with workspace.read() as session:
        return fills_of(session, scope_id)


@dataclass(frozen=True)
class _Planned:
    """What a scope was planned over."""

    version: TemplateVersion | None
    batches: list[Batch]


def grid_view(workspace: Workspace, scope_id: str, *, at_least: int = 1) -> GridView:
    """The grid of a scope, counted now. A scope without a template of its own has none.

    Raises NotFound, TemplateError for a template whose grid can no longer be made.
    """
    scope = scope_of(scope_id)
    with workspace.read() as session:
        owner_of(session, scope)
        fills = fills_of(session, scope_id)
        planned = _planned(session, scope, {fill.batch_id for fill in fills})
        grid, n = _grid(planned)
        filling = [f.batch_id for f in fills if not f.reference_id]
        before, outside = _counted(session, grid, [b.batch_id for b in planned.batches])
        added, _ = _counted(session, grid, filling)
    present = before + added
    is_generated = not planned.batches or any(b.kind == "batch" for b in planned.batches)
    version = planned.version if is_generated else None
    version_id = version.template_version_id if version else ""
    gaps = grid_gaps(grid, n, before, present, at_least=at_least) if grid.names else []
    return GridView(scope, version_id, grid, n, before, present, outside, at_least, gaps, fills)


def _planned(session: Session, scope: Scope, fills: set[str]) -> _Planned:
    if scope.kind == "batch":
        batch = session.get_one(Batch, scope.id)
        return _Planned(session.get_one(TemplateVersion, batch.template_version_id), [batch])
    if scope.kind != "template_version":
        return _Planned(None, [])
    batches = session.scalars(
        select(Batch).where(Batch.template_version_id == scope.id, Batch.kind.in_(KEPT_KINDS))
    )
    own = [batch for batch in batches if batch.batch_id not in fills]
    return _Planned(session.get_one(TemplateVersion, scope.id), own)


def _grid(planned: _Planned) -> tuple[Grid, int]:
    """The grid and the samples planned over it: by whole plans, where there are any."""
    if planned.version is None:
        return NO_GRID, 0
    has_source = any(batch.source_ids for batch in planned.batches)
    grid = build_grid(load_definition(planned.version), has_source=has_source)
    if len(planned.batches) == 1:
        grid = focused_grid(grid, read_focus(planned.batches[0].focus))
    whole = [batch for batch in planned.batches if not batch.focus.get("cells")]
    return grid, sum(batch.n for batch in whole or planned.batches)


def _counted(session: Session, grid: Grid, batch_ids: Sequence[str]) -> tuple[Counts, int]:
    """Usable samples of these batches per cell, and how many lie in none."""
    counts: Counts = np.zeros(len(grid.cells), dtype=np.int64)
    if not grid.names or not batch_ids:
        return counts, 0
    columns = [Sample.variables[name].as_string().label(f"v{k}")
               for k, name in enumerate(grid.names)]  # fmt: skip
    drawn = (
        select(*columns)
        .where(
            Sample.batch_id.in_(batch_ids),
            Sample.state == "generated",
            Sample.verdict != "rejected",
        )
        .subquery()
    )
    cell_of = {cell: place for place, cell in enumerate(grid.cells)}
    places = [_places(values) for values in grid.values]
    outside = 0
    for *texts, count in session.execute(select(*drawn.c, func.count()).group_by(*drawn.c)):
        key = tuple(
            ABSENT if text is None else known.get(str(text), ABSENT - 1)
            for text, known in zip(texts, places, strict=True)
        )
        if key in cell_of:
            counts[cell_of[key]] += count
        else:
            outside += count
    return counts, outside


def _places(values: Sequence[Value]) -> dict[str, int]:
    """A value's place by each text that a database may give for it; SQLite gives 1 for true."""
    known: dict[str, int] = {}
    for place, value in enumerate(values):
        texts: list[Any] = [branch_key(value)]
        if isinstance(value, bool):
            texts += [int(value), value]
        known |= {str(text): place for text in texts}
    return known


def crossed(view: GridView, rows: str, columns: str) -> tuple[list[str], list[str], Any, Any]:
    """Values down and across, and (rows, columns) arrays of present and of wanted samples.

    Cells in which one of the two does not apply are left out.
    """
    across, down = view.grid.names.index(columns), view.grid.names.index(rows)
    shape = len(view.grid.values[down]), len(view.grid.values[across])
    present, wanted = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    due = wanted_by_cell(view.grid, view.n)
    for place, cell in enumerate(view.grid.cells):
        if ABSENT in (cell[down], cell[across]):
            continue
        present[cell[down], cell[across]] += view.present[place]
        wanted[cell[down], cell[across]] += due[place]
    named = ([branch_key(v) for v in view.grid.values[axis]] for axis in (down, across))
    first, second = named
    return first, second, present, wanted
