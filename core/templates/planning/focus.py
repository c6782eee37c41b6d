"""Where a plan is aimed: at some cells of its grid, or at the same samples with values replaced.

Owns what a focus is, whether it fits a template, and what it does to a grid and to a sample. A
focus decides nothing about how many samples there are, and draws nothing. Pure.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import Field, ValidationError

from core.errors import InvalidInput, TemplateError
from core.templates.definition import TemplateDefinition
from core.templates.part import Part
from core.templates.planning.grid import Grid
from core.templates.samplers.base import Value
from core.templates.samplers.weights import branch_key

MAX_CELLS: Final = 10_000
Scalar = bool | int | float | str


class Focus(Part):
    """What a batch is aimed at; empty, it is the whole plan."""

    cells: tuple[dict[str, Scalar], ...] = Field(
        (),
        max_length=MAX_CELLS,
        description="Only cells of the grid that have all values of one of these, with the shares "
        "that they have among each other; none: all cells.",
    )
    replaced: dict[str, Scalar] = Field(
        default_factory=dict,
        max_length=50,
        description="Values set after the draw, by variable, or by `variable.field`, in the "
        "samples that have the variable; everything else of a sample stays as it was drawn.",
    )
    where: dict[str, Scalar] = Field(
        default_factory=dict,
        max_length=50,
        description="Replace only in samples that were drawn with all of these values; none: in "
        "all.",
    )
    of: int | None = Field(
        None,
        ge=1,
        description="The samples of the whole plan of which the batch is the beginning; none: the "
        "batch's own.",
    )

    def __bool__(self) -> bool:
        return bool(self.cells or self.replaced or self.of)

    def stored(self) -> dict[str, Any]:
        """As JSON without what is empty: {} for the whole plan."""
        return self.model_dump(mode="json", exclude_defaults=True)


EVERYTHING: Final = Focus()


def read_focus(stored: Any) -> Focus:
    """The focus of stored or given JSON. Raises InvalidInput for what is none."""
    try:
        return Focus.model_validate(stored or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the focus"
        raise InvalidInput(
            f"The focus cannot be read: {where}: {first['msg']}.",
            remedy='Write {"cells": [{variable: value}]} or {"replaced": {variable: value}}.',
        ) from error


def focused_grid(grid: Grid, focus: Focus) -> Grid:
    """The cells that the focus names, with the shares that they have among each other.

    Raises TemplateError for a variable that is no axis, or values that no cell has.
    """
    if not focus.cells:
        return grid
    kept: set[int] = set()
    for wanted in focus.cells:
        found = matching_cells(grid, wanted)
        if not found:
            raise TemplateError(
                f"The template has no cell with {named(wanted)}.",
                remedy="Name a combination of values that its conditions and constraints allow.",
            )
        kept |= found
    places = sorted(place for place in kept if grid.shares[place])
    if not places:
        raise TemplateError(
            f"The constraints leave no share to {named(focus.cells[0])}.",
            remedy="Name another cell, or relax a constraint.",
        )
    shares = tuple(grid.shares[place] for place in places)
    return replace(
        grid, cells=tuple(grid.cells[place] for place in places), shares=shares, whole=sum(shares)
    )


def matching_cells(grid: Grid, wanted: Mapping[str, Scalar]) -> set[int]:
    """The places of the cells that have all these values. Raises TemplateError."""
    if not wanted:
        raise TemplateError(
            "A cell of the focus names no variable.", remedy="Leave it out to mean every cell."
        )
    sought = []
    for name, value in wanted.items():
        if name not in grid.names:
            raise TemplateError(
                f"{name!r} has no exact shares, so a batch cannot be aimed at its values.",
                remedy=f"Name one of {', '.join(grid.names) or 'no variable: there is no grid'}.",
            )
        axis = grid.names.index(name)
        texts = [branch_key(taken) for taken in grid.values[axis]]
        if branch_key(value) not in texts:
            raise TemplateError(
                f"{name!r} never takes the value {branch_key(value)!r}.",
                remedy=f"It takes {', '.join(texts[:10])}.",
            )
        sought.append((axis, texts.index(branch_key(value))))
    return {
        place
        for place, cell in enumerate(grid.cells)
        if all(cell[axis] == value for axis, value in sought)
    }


def check_replaced(definition: TemplateDefinition, focus: Focus) -> None:
    """Pass silently when every replaced value belongs to a variable that can take it.

    Raises TemplateError. Constraints are not looked at: a twin may be what a plan rules out.
    """
    variables = {variable.name: variable for variable in definition.variables}
    for key, value in focus.replaced.items():
        name, _, field = key.partition(".")
        if name not in variables:
            raise TemplateError(
                f"The template has no variable {name!r} to replace.",
                remedy=f"It has {', '.join(variables) or 'none'}.",
            )
        sampler = variables[name].sampler
        fields = sampler.fields()
        if (fields is not None) != bool(field) or (field and field not in (fields or ())):
            wanted = ", ".join(f"{name}.{part}" for part in fields or ())
            raise TemplateError(
                f"{key!r} cannot be replaced.", remedy=f"Name {wanted or repr(name)}."
            )
        taken = sampler.values_taken()
        if taken is not None and branch_key(value) not in map(branch_key, taken):
            raise TemplateError(
                f"{name!r} never takes the value {branch_key(value)!r}.",
                remedy=f"It takes {', '.join(map(branch_key, taken[:10]))}.",
            )


class Replacing:
    """A focus's replaced values, typed as the template's variables have them."""

    def __init__(self, definition: TemplateDefinition, focus: Focus) -> None:
        check_replaced(definition, focus)
        self._where = {key: branch_key(value) for key, value in focus.where.items()}
        self._values: dict[str, Any] = {}
        self._fields: dict[str, dict[str, Any]] = {}
        samplers = {variable.name: variable.sampler for variable in definition.variables}
        for key, value in focus.replaced.items():
            name, _, field = key.partition(".")
            if field:
                self._fields.setdefault(name, {})[field] = value
                continue
            typed: dict[str, Value] = {
                branch_key(taken): taken for taken in samplers[name].values_taken() or ()
            }
            self._values[name] = typed.get(branch_key(value), value)

    def applied(self, drawn: dict[str, Any]) -> dict[str, Any]:
        """The sample's variables with the values replaced, where it has them."""
        if not (self._values or self._fields) or not self._is_meant(drawn):
            return drawn
        changed = {name: self._values.get(name, value) for name, value in drawn.items()}
        for name, fields in self._fields.items():
            if isinstance(changed.get(name), dict):
                changed[name] = {**changed[name], **fields}
        return changed

    def _is_meant(self, drawn: Mapping[str, Any]) -> bool:
        return all(_drawn_text(drawn, key) == text for key, text in self._where.items())


def _drawn_text(drawn: Mapping[str, Any], key: str) -> str | None:
    """What a sample drew for a variable or `variable.field`; None where it has none."""
    name, _, field = key.partition(".")
    value = drawn.get(name)
    if field:
        value = value.get(field) if isinstance(value, Mapping) else None
    return None if value is None else branch_key(value)


def named(cell: Mapping[str, Any]) -> str:
    """A cell in words: "channel phone, urgency high"."""
    parts = (f"{name.replace('_', ' ')} {branch_key(value)}" for name, value in cell.items())
    return ", ".join(parts) or "everything"
