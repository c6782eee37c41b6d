"""The steps of a template: several requests for one sample, each reading the answers before it."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from core.templates.part import Part, Text

StepName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
MAX_STEPS = 8


class Step(Part):
    """One request of several. Its answer is read as `output.<name>` by the steps after it."""

    name: StepName
    title: str = Field("", max_length=200)
    system: Text | None = Field(None, description="Null takes the template's.")
    user: Text
    output: dict[str, Any] = Field(description="JSON Schema of this step's answer.")
    continues: bool = Field(
        False, description="Send the prompts and answers of the steps before it first, as turns."
    )
    temperature: float | None = Field(None, ge=0, le=2, description="Null takes the template's.")
    top_p: float | None = Field(None, gt=0, le=1, description="Null takes the template's.")
    max_output_tokens: int | None = Field(
        None, ge=1, le=128_000, description="Null takes the template's."
    )


def output_of_steps(steps: Sequence[Step]) -> dict[str, Any]:
    """The schema of a sample's whole output: one field per step, all required."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [step.name for step in steps],
        "properties": {step.name: step.output for step in steps},
    }
