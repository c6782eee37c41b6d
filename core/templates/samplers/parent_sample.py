"""The sample that a derived sample is made from."""

from typing import Any, Literal

from pydantic import Field

from core.templates.samplers.base import Absent, Draw, Sampler

PARENT_FIELDS = ("input", "response", "output", "variables")
SOURCE_FIELD = "chunk"


class ParentSampleSampler(Sampler):
    """{input, response, output, variables} of the sample that this one derives from, in order."""

    is_redrawn = False
    takes_rows = True
    keeps_order = True
    kind: Literal["parent_sample"]
    with_source: bool = Field(
        False, description="With the text of the chunk it was made from, as `chunk`."
    )

    def fields(self) -> tuple[str, ...]:
        return (*PARENT_FIELDS, SOURCE_FIELD) if self.with_source else PARENT_FIELDS

    def draw(self, at: Draw) -> Any:
        if at.row is None:
            raise Absent
        return {name: at.row.get(name) for name in self.fields()}

    def missing_input(self) -> str:
        return "Choose the samples to derive from."

    def placeholder(self) -> dict[str, Any]:
        row = {"input": "a question", "response": "an answer", "output": {}, "variables": {}}
        return {**row, SOURCE_FIELD: "a passage"} if self.with_source else row
