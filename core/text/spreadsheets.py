"""Cells that a spreadsheet would run as formulas. Pure."""

from typing import Final

# What makes a spreadsheet run a cell.
# Source: OWASP, "CSV Injection" (the full-width signs are for East Asian editions).
FORMULA_STARTS: Final = tuple("=+-@\t\r\n＝＋－＠")


def quoted(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA_STARTS) else cell


def unquoted(cell: str) -> str:
    """The cell as it was before `quoted`."""
    is_quoted = cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS)
    return cell[1:] if is_quoted else cell
