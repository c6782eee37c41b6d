"""What each call of a sample asks for: one step for most templates, several for some."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.db.tables import Batch
from core.templates.definition import Step, TemplateDefinition


@dataclass(frozen=True, slots=True)
class AskedStep:
    """The settings of one step's requests."""

    name: str  # "" in a template without steps
    schema: Mapping[str, Any]  # JSON Schema of its answer
    schema_name: str
    max_output_tokens: int
    temperature: float | None
    top_p: float | None


def steps_of(batch: Batch, definition: TemplateDefinition) -> tuple[AskedStep, ...]:
    """The steps in order. What the launch chose counts before the step, the step before the
    template."""
    if not definition.steps:
        return (_asked(batch, definition, None),)
    return tuple(_asked(batch, definition, step) for step in definition.steps)


def _asked(batch: Batch, definition: TemplateDefinition, step: Step | None) -> AskedStep:
    def chosen(setting: str) -> Any:
        of_template = getattr(definition.model, setting)
        of_step = None if step is None else getattr(step, setting)
        return batch.parameters.get(setting, of_template if of_step is None else of_step)

    schema_name = definition.name.replace("-", "_")
    return AskedStep(
        name="" if step is None else step.name,
        schema=definition.output if step is None else step.output,
        schema_name=schema_name if step is None else f"{step.name}_of_{schema_name}",
        max_output_tokens=int(chosen("max_output_tokens")),
        temperature=chosen("temperature"),
        top_p=chosen("top_p"),
    )
