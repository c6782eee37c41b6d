"""What a launch chooses for a template's variables: rows of tables, samples, single values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import TemplateError
from core.templates.definition import TemplateDefinition
from core.templates.samplers.base import Sampler
from core.templates.samplers.parent_sample import ParentSampleSampler
from core.templates.sandbox import PromptTemplate
from core.templates.scope import fields_read


@dataclass(frozen=True)
class Input:
    """What was chosen for one variable: the rows its samples take in turn, or one value."""

    row_ids: Sequence[str] = ()
    value: Any = None


def input_variables(definition: TemplateDefinition) -> dict[str, Sampler]:
    """The samplers that take rows or a value from the launch, by variable."""
    return {
        variable.name: variable.sampler
        for variable in definition.variables
        if variable.sampler.takes_rows or variable.sampler.takes_value
    }


def check_inputs(definition: TemplateDefinition, inputs: Mapping[str, Input]) -> None:
    """Pass silently when every variable that takes rows has some.

    Raises TemplateError saying what to choose, also for the input of no variable.
    """
    wanted = input_variables(definition)
    for name, sampler in wanted.items():
        if sampler.takes_rows and not inputs.get(name, Input()).row_ids:
            raise TemplateError(
                f"The variable {name!r} takes rows, and there are none.",
                remedy=sampler.missing_input(),
            )
    for name in inputs:
        if name not in wanted:
            raise TemplateError(
                f"The template {definition.name!r} takes no input for {name!r}.",
                remedy=f"It takes some for {', '.join(wanted) or 'no variable'}.",
            )


def sample_inputs(
    definition: TemplateDefinition,
) -> tuple[dict[str, Input], dict[str, dict[str, Any]]]:
    """(inputs, rows) that fit the template without any being chosen: for trials and for the plan.

    The rows stand by row id; what they hold is a placeholder.
    """
    inputs: dict[str, Input] = {}
    rows: dict[str, dict[str, Any]] = {}
    for name, sampler in input_variables(definition).items():
        if not sampler.takes_rows:
            inputs[name] = Input()
            continue
        row_id = f"placeholder-{name}"
        inputs[name] = Input(row_ids=(row_id,))
        rows[row_id] = sampler.placeholder()
        if isinstance(sampler, ParentSampleSampler):
            _fill_what_is_read(rows[row_id], name, definition)
    return inputs, rows


def _fill_what_is_read(row: dict[str, Any], name: str, definition: TemplateDefinition) -> None:
    """Give a parent the fields of its output and variables that the template's texts read."""
    for text, is_condition in _texts(definition):
        tree = PromptTemplate(text, "a text", is_condition=is_condition).tree
        for owner, fields, _ in fields_read(tree):
            if owner == name and len(fields) > 1 and isinstance(row.get(fields[0]), dict):
                row[fields[0]].setdefault(fields[1], "a value")


def _texts(definition: TemplateDefinition) -> Iterator[tuple[str, bool]]:
    yield from ((text, False) for text in (definition.system, definition.user))
    yield from ((text, False) for text in (definition.mapping.input, definition.mapping.response))
    for step in definition.steps:
        yield from ((text, False) for text in (step.system, step.user) if text is not None)
    for variable in definition.variables:
        if variable.when is not None:
            yield variable.when, True
        template = getattr(variable.sampler, "template", None)
        if template is not None:
            yield template, False
    yield from ((rule.condition, True) for rule in definition.checks.rules)
