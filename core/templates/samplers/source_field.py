"""A column of the sample's own source chunk."""

from typing import Any, Literal

from pydantic import Field

from core.errors import TemplateError
from core.templates.samplers.base import Absent, Draw, Sampler
from core.templates.scope import Misfit, Scope


class SourceFieldSampler(Sampler):
    """A column of the sample's source chunk; the variable is left out where there is no chunk."""

    is_redrawn = False
    kind: Literal["source_field"]
    column: str = Field(min_length=1, max_length=200)
    default: str | None = Field(None, description="Taken where the chunk lacks the column.")

    def check(self, scope: Scope) -> None:
        if not scope.has_source:
            raise Misfit("add `source:` to the template to read a source's column")

    def draw(self, at: Draw) -> Any:
        chunk = at.context.get("chunk")
        if chunk is None:
            raise Absent
        fields = chunk.get("fields") or {}
        value = fields.get(self.column)
        if value not in (None, ""):
            return value
        if self.default is not None:
            return self.default
        columns = ", ".join(map(repr, fields)) or "none"
        raise TemplateError(
            f"Variable {at.name!r} reads the column {self.column!r}, which the chunk lacks or has "
            f"empty; its columns: {columns}.",
            remedy="Choose another source, or give the variable a `default`.",
        )
