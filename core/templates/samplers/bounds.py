"""A lowest and a highest value on whole steps, and the limits that narrow them."""

import re
from collections.abc import Iterable
from fractions import Fraction
from math import ceil, floor
from typing import Any

NUMBER = re.compile(r"[-+]?\d{1,30}(\.\d{1,30})?")
Limit = tuple[str, Any]  # operator, bound: the value must stand so to the bound


class NothingLeft(Exception):
    """No value lies within the limits."""


def check_order(low: Any, high: Any) -> None:
    """Pass silently when low is not above high; else raise ValueError."""
    if low > high:
        raise ValueError(f"{low} is after {high}: swap them")


def exact_number(value: Any) -> Fraction | None:
    """The number that a value is or spells in digits; true and false are none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Fraction(repr(value))
    is_spelled = isinstance(value, str) and NUMBER.fullmatch(value.strip())
    return Fraction(value.strip()) if is_spelled else None


def narrowed(low: int, high: int, limits: Iterable[tuple[str, Fraction | int]]) -> tuple[int, int]:
    """The part of low … high within the limits; `!=` narrows nothing.

    Raises NothingLeft.
    """
    for operator, bound in limits:
        if operator in ("<", "<=", "=="):
            high = min(high, ceil(bound) - 1 if operator == "<" else floor(bound))
        if operator in (">", ">=", "=="):
            low = max(low, floor(bound) + 1 if operator == ">" else ceil(bound))
    if low > high:
        raise NothingLeft
    return low, high
