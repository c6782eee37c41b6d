"""A row of an imported table."""

from typing import Any, Literal

from pydantic import Field, field_validator

from core.errors import TemplateError
from core.templates.samplers.base import Absent, Draw, Sampler


class TableRowSampler(Sampler):
    """{column: value} of one row of an imported table, every row once before any again."""

    is_redrawn = False
    takes_rows = True
    kind: Literal["table_row"]
    source: str = Field(min_length=1, max_length=200, description="Name or id of the table.")
    columns: list[str] = Field(min_length=1, max_length=100)

    @field_validator("columns")
    @classmethod
    def _distinct(cls, columns: list[str]) -> list[str]:
        twice = [name for k, name in enumerate(columns) if name in columns[:k]]
        if twice:
            raise ValueError(f"the column {twice[0]!r} stands twice")
        return columns

    def fields(self) -> list[str]:
        return self.columns

    def draw(self, at: Draw) -> Any:
        if at.row is None:
            raise Absent
        missing = [name for name in self.columns if name not in at.row]
        if missing:
            raise TemplateError(
                f"Variable {at.name!r} reads the column {missing[0]!r}, which the row lacks; its "
                f"columns: {', '.join(map(repr, at.row)) or 'none'}.",
                remedy=f"Choose columns of {self.source!r}.",
            )
        return {name: at.row[name] for name in self.columns}

    def missing_input(self) -> str:
        return f"Import a table called {self.source!r}, or name one that is there."

    def placeholder(self) -> dict[str, Any]:
        return dict.fromkeys(self.columns, "a value")
