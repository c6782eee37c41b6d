"""The deterministic plan of a batch: which variables and which chunk each sample gets.

A plan holds the grid's cells and nothing per sample, so its memory does not depend on n, and any
process computes any sample alone. It opens no database: whoever wants the values that come from a
source hands the sample's chunk to `variables`.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Any, Final

from core.errors import TemplateError
from core.templates.chunk_terms import reads_terms
from core.templates.definition import TemplateDefinition
from core.templates.planning.apportioning import apportion
from core.templates.planning.focus import EVERYTHING, Focus, Replacing, focused_grid
from core.templates.planning.grid import build_grid
from core.templates.planning.inputs import Input, check_inputs, input_variables
from core.templates.planning.sampling import Drawing, Given
from core.templates.randomness import Permutation
from core.templates.samplers.base import Value

NO_INPUTS: Final[Mapping[str, Input]] = MappingProxyType({})
NO_ROWS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})


@dataclass(frozen=True)
class Cell:
    """One combination of the grid's values; a variable that does not apply is left out."""

    values: dict[str, Value]
    planned: int  # samples of the plan in this cell; may be 0


class Plan:
    """(definition, n, seed, offset, chunks) as the variables and the chunk of any sample.

    The grid's shares are exact for these n samples. Extending a batch is a plan with `offset` at
    its end: freely drawn values and chunks go on where the first stopped. A focus keeps some cells
    alone, or sets values after the draw.

    Raises TemplateError when n is below 1, the template needs a source and gets no chunks, gets
    chunks without using them, has targets that cannot be met, or does not fit the focus.
    """

    def __init__(
        self,
        definition: TemplateDefinition,
        *,
        n: int,
        seed: int,
        offset: int = 0,
        chunk_ids: Sequence[str] = (),
        inputs: Mapping[str, Input] = NO_INPUTS,
        focus: Focus = EVERYTHING,
    ) -> None:
        _check_request(definition, n, offset, len(chunk_ids))
        check_inputs(definition, inputs)
        self._definition = definition
        self._n, self._seed, self._offset = n, seed, offset
        self._chunk_ids = chunk_ids
        grid = build_grid(definition, has_source=bool(chunk_ids))
        self._grid = focused_grid(grid, focus)
        self._replacing = Replacing(definition, focus)
        whole = _whole_of(n, focus)
        self._counts = apportion(self._grid, whole, seed)
        self._ends = list(accumulate(self._counts))
        self._order = Permutation(whole, seed, "cells", offset)
        self._inputs = {name: inputs.get(name, Input()) for name in input_variables(definition)}
        self._row_samplers = {
            name: sampler
            for name, sampler in input_variables(definition).items()
            if sampler.takes_rows
        }
        self._drawing = Drawing(definition, self._grid.names, seed, has_source=bool(chunk_ids))
        self.reads_terms = bool(chunk_ids) and reads_terms(definition)  # of its chunks

    def __len__(self) -> int:
        return self._n

    def variables(
        self,
        i: int,
        chunk: Mapping[str, Any] | None = None,
        rows: Mapping[str, Mapping[str, Any]] = NO_ROWS,
    ) -> dict[str, Any]:
        """Sample i's variables in the order of the definition; those that do not apply are left
        out. i runs from `offset` to `offset + n - 1`.

        `chunk` is the one of `chunk_id(i)` as {"text", "heading", "fields"}, `rows` holds those of
        `row_ids(i)` by id, each {column: value}. Without them, variables that read them are left
        out.

        Raises IndexError for an i outside the plan, TemplateError for a value that cannot be drawn.
        """
        cell = self._grid.cell_values(self._cell_of(i))
        return self.fill(cell, i, chunk, rows)

    def fill(
        self,
        cell: Mapping[str, Value],
        i: int,
        chunk: Mapping[str, Any] | None = None,
        rows: Mapping[str, Mapping[str, Any]] = NO_ROWS,
    ) -> dict[str, Any]:
        """Sample i's variables if it stood in another cell of the grid: what a trial needs."""
        return self._replacing.applied(self._drawn(cell, i, chunk, rows))

    def _drawn(
        self,
        cell: Mapping[str, Value],
        i: int,
        chunk: Mapping[str, Any] | None,
        rows: Mapping[str, Mapping[str, Any]],
    ) -> dict[str, Any]:
        if not self._inputs:
            return self._drawing.sample(cell, i, Given(chunk))
        chosen = {name: rows.get(row_id) for name, row_id in self.row_ids(i).items()}
        values = {name: chosen_input.value for name, chosen_input in self._inputs.items()}
        return self._drawing.sample(cell, i, Given(chunk, chosen, values))

    def _cell_of(self, i: int) -> int:
        return bisect_right(self._ends, self._order[i - self._offset])

    def chunk_id(self, i: int) -> str | None:
        """The chunk that sample i is made from; None without a source.

        Each chunk is used once, in shuffled order, before any is used again.
        """
        if not self._chunk_ids:
            return None
        return self._shuffled(self._chunk_ids, i, "chunks")

    def row_ids(self, i: int) -> dict[str, str]:
        """The row that each variable that takes rows gets in sample i, by variable.

        Each row is used once, in shuffled order, before any is used again; the samples that others
        derive from keep their order.
        """
        taken: dict[str, str] = {}
        for name, sampler in self._row_samplers.items():
            ids = self._inputs[name].row_ids
            is_kept = sampler.keeps_order
            taken[name] = ids[i % len(ids)] if is_kept else self._shuffled(ids, i, "rows", name)
        return taken

    def _shuffled(self, ids: Sequence[str], i: int, *key: str) -> str:
        turn, place = divmod(i, len(ids))
        return ids[Permutation(len(ids), self._seed, *key, turn)[place]]

    def cells(self) -> list[Cell]:
        """Every feasible cell of the focus in the order of the definition, with its planned
        samples."""
        return [
            Cell(self._grid.cell_values(place), count) for place, count in enumerate(self._counts)
        ]


def _whole_of(n: int, focus: Focus) -> int:
    """The size of the plan that these n samples are all of, or the beginning of."""
    if focus.of is not None and focus.of < n:
        raise TemplateError(f"{n} samples are no beginning of a plan of {focus.of}.")
    return focus.of or n


def _check_request(definition: TemplateDefinition, n: int, offset: int, chunks: int) -> None:
    if n < 1 or offset < 0:
        raise TemplateError(f"A plan needs at least 1 sample, got n={n} from {offset}.")
    source = definition.source
    if source is not None and source.required and not chunks:
        raise TemplateError(
            f"The template {definition.name!r} is made from source chunks, and there are none.",
            remedy="Choose a source.",
        )
    if source is None and chunks:
        raise TemplateError(
            f"The template {definition.name!r} does not use a source.",
            remedy="Launch without one, or add `source:` to the template.",
        )
