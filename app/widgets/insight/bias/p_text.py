"""A p-value as people read it."""

from typing import Final

SMALLEST: Final = 0.001


def p_text(p: float) -> str:
    """Three decimals, or that it is smaller."""
    return "< 0.001" if p < SMALLEST else f"{p:.3f}"
