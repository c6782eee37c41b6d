"""An entry of a domain's knowledge base."""

from typing import Any, Literal

from pydantic import Field

from core.sources.knowledge.tables import KNOWLEDGE_COLUMNS
from core.templates.samplers.base import Absent, Draw, Sampler

KnowledgeTable = Literal["terms", "rules", "scenarios", "expert_answers"]


class KnowledgeSampler(Sampler):
    """{column: value} of one entry of a knowledge table, every entry once before any again."""

    is_redrawn = False
    takes_rows = True
    kind: Literal["knowledge"]
    table: KnowledgeTable
    domain: str | None = Field(
        None, min_length=1, max_length=100, description="Null is the template's own domain."
    )

    def fields(self) -> tuple[str, ...]:
        return KNOWLEDGE_COLUMNS[self.table]

    def draw(self, at: Draw) -> Any:
        if at.row is None:
            raise Absent
        return {name: at.row.get(name, "") for name in self.fields()}

    def missing_input(self) -> str:
        where = "the template's domain" if self.domain is None else f"the domain {self.domain!r}"
        return f"Add {self.table.replace('_', ' ')} to the knowledge of {where}."

    def placeholder(self) -> dict[str, Any]:
        return dict.fromkeys(self.fields(), "a value")
