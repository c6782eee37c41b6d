"""The sample that a derived sample is made from."""

from typing import Any, Literal

from core.templates.samplers.base import Absent, Draw, Sampler

PARENT_FIELDS = ("input", "response", "output", "variables")


class ParentSampleSampler(Sampler):
    """{input, response, output, variables} of the sample that this one derives from, in order."""

    is_redrawn = False
    takes_rows = True
    keeps_order = True
    kind: Literal["parent_sample"]

    def fields(self) -> tuple[str, ...]:
        return PARENT_FIELDS

    def draw(self, at: Draw) -> Any:
        if at.row is None:
            raise Absent
        return {name: at.row.get(name) for name in PARENT_FIELDS}

    def missing_input(self) -> str:
        return "Choose the samples to derive from."

    def placeholder(self) -> dict[str, Any]:
        return {"input": "a question", "response": "an answer", "output": {}, "variables": {}}
