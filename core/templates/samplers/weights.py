"""Values with weights: how they are written, and one of them by weight."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from math import lcm
from typing import Any

from pydantic import Field

from core.templates.part import Part
from core.templates.randomness import Stream
from core.templates.samplers.base import Value


class WeightedValue(Part):
    """One value of a category and its share relative to the others."""

    value: str = Field(min_length=1, max_length=2000)
    weight: float = Field(1.0, gt=0, le=1e9, description="Relative to the other values' weights.")


def read_values(values: object) -> object:
    """Let a list say `retail` instead of `{value: retail}`; numbers are taken as text."""
    return [_read_item(item) for item in values] if isinstance(values, list) else values


def _read_item(item: object) -> object:
    if isinstance(item, bool):
        raise ValueError(f"{item!r} is not a text: put it in quotes")
    if isinstance(item, dict) and type(item.get("value")) in (int, float):
        return {**item, "value": str(item["value"])}
    return {"value": str(item)} if isinstance(item, str | int | float) else item


def distinct(values: list[WeightedValue]) -> list[WeightedValue]:
    """The same list. Raises ValueError where a value stands twice."""
    seen: set[str] = set()
    for item in values:
        if item.value in seen:
            raise ValueError(f"the value {item.value!r} stands twice: raise its weight instead")
        seen.add(item.value)
    return values


def short_values(items: list[dict[str, Any]]) -> list[Any]:
    """The list as people write it: texts alone where no weight is given."""
    if all(item.keys() == {"value"} for item in items):
        return [item["value"] for item in items]
    return items


def whole_weights(weights: Sequence[float]) -> list[int]:
    """The weights as the smallest whole numbers in exactly the same proportion."""
    fractions = [Fraction(repr(weight)) for weight in weights]
    scale = lcm(*(fraction.denominator for fraction in fractions))
    return [int(fraction * scale) for fraction in fractions]


def weighted(values: Sequence[WeightedValue]) -> tuple[tuple[Value, int], ...]:
    """The values with whole-number weights."""
    weights = whole_weights([item.weight for item in values])
    return tuple((item.value, weight) for item, weight in zip(values, weights, strict=True))


def draw_weighted(branch: Sequence[tuple[Value, int]], stream: Stream) -> Value:
    """One of the values, by weight."""
    place = stream.below(sum(weight for _, weight in branch))
    for (value, _), end in zip(branch, accumulate(weight for _, weight in branch), strict=True):
        if place < end:
            return value
    raise AssertionError("the weights cover every place")


def branch_key(value: Any) -> str:
    """A parent's value as the key of its list: texts as they are, true and false in small."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def keyed_by_text(lists: object) -> object:
    """A mapping whose keys YAML read as numbers or truth values, with text keys."""
    if not isinstance(lists, Mapping):
        return lists
    return {branch_key(key): value for key, value in lists.items()}
