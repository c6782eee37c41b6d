"""The deterministic plan of a batch: which variables and which chunk each sample gets.

A plan holds the grid's cells and nothing per sample, so its memory does not depend on n, and any
process computes any sample alone. It opens no database: whoever wants the values that come from a
source hands the sample's chunk to `variables`.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from core.errors import TemplateError
from core.templates.definition import ExpressionSampler, TemplateDefinition, Variable
from core.templates.grid import apportion, build_grid
from core.templates.randomness import Permutation, Stream
from core.templates.sampling import Absent, draw
from core.templates.sandbox import PromptTemplate


@dataclass(frozen=True)
class Cell:
    """One combination of the grid's values; a variable that does not apply is left out."""

    values: dict[str, str]
    planned: int  # samples of the plan in this cell; may be 0


class Plan:
    """(definition, n, seed, offset, chunks) as the variables and the chunk of any sample.

    The grid's shares are exact for these n samples. Extending a batch is a plan with `offset` at
    its end: freely drawn values and chunks go on where the first stopped.

    Raises TemplateError when n is below 1, the template needs a source and gets no chunks, gets
    chunks without using them, or has targets that cannot be met.
    """

    def __init__(
        self,
        definition: TemplateDefinition,
        *,
        n: int,
        seed: int,
        offset: int = 0,
        chunk_ids: Sequence[str] = (),
    ) -> None:
        _check_request(definition, n, offset, len(chunk_ids))
        self._definition = definition
        self._n, self._seed, self._offset = n, seed, offset
        self._chunk_ids = chunk_ids
        self._grid = build_grid(definition, has_source=bool(chunk_ids))
        self._counts = apportion(self._grid, n, seed)
        self._ends = list(accumulate(self._counts))
        self._order = Permutation(n, seed, "cells", offset)
        self._conditions = {
            variable.name: PromptTemplate(
                variable.when, f"the condition of {variable.name!r}", is_condition=True
            )
            for variable in definition.variables
            if variable.when is not None
        }
        self._expressions = {
            variable.name: PromptTemplate(variable.sampler.template, f"{variable.name!r}")
            for variable in definition.variables
            if isinstance(variable.sampler, ExpressionSampler)
        }

    def __len__(self) -> int:
        return self._n

    def variables(self, i: int, chunk: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Sample i's variables in the order of the definition; those that do not apply are left
        out. i runs from `offset` to `offset + n - 1`.

        `chunk` is the one of `chunk_id(i)` as {"text", "heading", "fields"}. Without it, variables
        that read a source's column are left out.

        Raises IndexError for an i outside the plan, TemplateError for a value that cannot be drawn.
        """
        cell = self._grid.cell_values(self._cell_of(i))
        return self.fill(cell, i, chunk)

    def fill(
        self, cell: Mapping[str, str], i: int, chunk: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Sample i's variables if it stood in another cell of the grid: what a trial needs."""
        values: dict[str, Any] = {}
        context = {"chunk": chunk, "has_source": bool(self._chunk_ids), "variables": values}
        for variable in self._definition.variables:
            if variable.name in self._grid.names:
                if variable.name in cell:
                    values[variable.name] = cell[variable.name]
                continue
            try:
                values[variable.name] = self._drawn(variable, i, {**context, **values})
            except Absent:
                continue
        return values

    def _drawn(self, variable: Variable, i: int, context: Mapping[str, Any]) -> Any:
        condition = self._conditions.get(variable.name)
        if condition is not None and not condition.is_true(context):
            raise Absent
        stream = Stream(self._seed, "variable", variable.name, i)
        return draw(variable, context, stream, self._expressions.get(variable.name))

    def _cell_of(self, i: int) -> int:
        return bisect_right(self._ends, self._order[i - self._offset])

    def chunk_id(self, i: int) -> str | None:
        """The chunk that sample i is made from; None without a source.

        Each chunk is used once, in shuffled order, before any is used again.
        """
        count = len(self._chunk_ids)
        if not count:
            return None
        turn, place = divmod(i, count)
        return self._chunk_ids[Permutation(count, self._seed, "chunks", turn)[place]]

    def cells(self) -> list[Cell]:
        """Every feasible cell in the order of the definition, with its planned samples."""
        return [
            Cell(self._grid.cell_values(place), count) for place, count in enumerate(self._counts)
        ]


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
