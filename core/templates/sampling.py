"""One value of one variable, drawn from a keyed stream. The exact grid is in `grid`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from math import lcm
from typing import Any

from core.errors import TemplateError
from core.templates.definition import (
    DateSampler,
    IntegerSampler,
    NumberSampler,
    PersonaSampler,
    SourceFieldSampler,
    Variable,
    WeightedValue,
)
from core.templates.people import CannotDraw, draw_faker, draw_persona
from core.templates.randomness import Stream
from core.templates.sandbox import PromptTemplate

Context = Mapping[str, Any]


class Absent(Exception):
    """The variable has no value in this sample."""


def draw(
    variable: Variable, context: Context, stream: Stream, expression: PromptTemplate | None
) -> Any:
    """The variable's value in one sample, as JSON.

    Raises Absent where it has none, TemplateError where it cannot be drawn.
    """
    sampler = variable.sampler
    match sampler.kind:
        case "category":
            return draw_weighted(sampler.values, stream)
        case "subcategory":
            return draw_weighted(sampler.values[_known(sampler.parent, context)], stream)
        case "integer":
            return _integer(sampler, stream)
        case "number":
            return _number(sampler, stream)
        case "date":
            return _date(sampler, stream)
        case "expression":
            assert expression is not None
            return expression.render(context)
        case "source_field":
            return _source_field(variable.name, sampler, context)
    try:
        if sampler.kind == "faker":
            return draw_faker(sampler.method, sampler.locale, stream)
        return _persona(sampler, context, stream)
    except CannotDraw as error:
        raise TemplateError(f"Variable {variable.name!r}: {error}.") from error


def whole_weights(values: Sequence[WeightedValue]) -> list[int]:
    """The weights as the smallest whole numbers in exactly the same proportion."""
    fractions = [Fraction(repr(item.weight)) for item in values]
    scale = lcm(*(fraction.denominator for fraction in fractions))
    return [int(fraction * scale) for fraction in fractions]


def draw_weighted(values: Sequence[WeightedValue], stream: Stream) -> str:
    """One of the values, by weight."""
    weights = whole_weights(values)
    place = stream.below(sum(weights))
    for item, end in zip(values, accumulate(weights), strict=True):
        if place < end:
            return item.value
    raise AssertionError("the weights cover every place")


def _known(name: str, context: Context) -> str:
    if name not in context:
        raise Absent
    return str(context[name])


def _integer(sampler: IntegerSampler, stream: Stream) -> int:
    return sampler.low + stream.below(sampler.high - sampler.low + 1)


def _number(sampler: NumberSampler, stream: Stream) -> float:
    step = Decimal(1).scaleb(-sampler.decimals)
    low = (Decimal(repr(sampler.low)) / step).to_integral_value(rounding="ROUND_CEILING")
    high = (Decimal(repr(sampler.high)) / step).to_integral_value(rounding="ROUND_FLOOR")
    if low > high:
        return sampler.low
    return float((low + stream.below(int(high - low) + 1)) * step)


def _date(sampler: DateSampler, stream: Stream) -> str:
    days = (sampler.end - sampler.start).days
    return (sampler.start + timedelta(days=stream.below(days + 1))).isoformat()


def _persona(sampler: PersonaSampler, context: Context, stream: Stream) -> Any:
    gender, age = (
        None if name is None else context.get(name)
        for name in (sampler.gender_variable, sampler.age_variable)
    )
    return draw_persona(sampler.locale, gender, age, stream)


def _source_field(name: str, sampler: SourceFieldSampler, context: Context) -> Any:
    chunk = context.get("chunk")
    if chunk is None:
        raise Absent
    fields = chunk.get("fields") or {}
    value = fields.get(sampler.column)
    if value not in (None, ""):
        return value
    if sampler.default is not None:
        return sampler.default
    columns = ", ".join(map(repr, fields)) or "none"
    raise TemplateError(
        f"Variable {name!r} reads the column {sampler.column!r}, which the chunk lacks or has "
        f"empty; its columns: {columns}.",
        remedy="Choose another source, or give the variable a `default`.",
    )
