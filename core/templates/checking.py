"""What must agree between the parts of a template: names, fields, schema, steps, groups."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.errors import SchemaError
from core.templates.planning.axes import grid_variables
from core.templates.planning.redrawing import redrawn_variables
from core.templates.samplers.base import Value
from core.templates.samplers.weights import branch_key
from core.templates.scope import CONTEXT_NAMES, Misfit, Path, Scope, unknown
from core.templates.steps import output_of_steps
from core.text.schema import CompiledSchema, check_schema

if TYPE_CHECKING:
    from core.templates.definition import TemplateDefinition, Variable

RESERVED_NAMES = CONTEXT_NAMES | frozenset(
    [
        "output", "loop", "range", "true", "false", "none", "not", "and", "or", "in", "is",
        "if", "else", "elif", "for", "set", "with",
    ]
)  # fmt: skip


def check_definition(definition: "TemplateDefinition") -> None:
    """Pass silently when every name, field and group refers to something that exists.

    Raises Misfit for the first that does not.
    """
    _check_outputs(definition)
    scope = _check_variables(definition)
    _check_constraints(definition, scope)
    scope.check_text(definition.system, ("system",))
    _check_prompts(definition, scope)
    whole = scope.with_output(definition.output)
    for field in ("input", "response"):
        whole.check_text(getattr(definition.mapping, field), ("mapping", field))
    _check_rules(definition, whole)
    _check_groups(definition, scope)
    _check_examples(definition)


@contextmanager
def _inside(*path: str | int) -> Iterator[None]:
    """Misfits of a part, told as those of the template."""
    try:
        yield
    except Misfit as misfit:
        raise misfit.inside(*path) from misfit


def _check_outputs(definition: "TemplateDefinition") -> None:
    if not definition.steps:
        _check_schema(definition.output, ("output",))
        return
    seen: set[str] = set()
    for place, step in enumerate(definition.steps):
        if step.name in seen:
            raise Misfit(f"the name {step.name!r} stands twice", ("steps", place, "name"))
        seen.add(step.name)
        _check_schema(step.output, ("steps", place, "output"))
    if definition.output != output_of_steps(definition.steps):
        raise Misfit("it follows from the steps: leave it out", ("output",))


def _check_schema(schema: Mapping[str, Any], path: Path) -> None:
    if not schema:
        raise Misfit("write the JSON Schema of the answer", path)
    try:
        check_schema(schema)
    except SchemaError as error:
        raise Misfit(str(error), path) from error
    if not schema.get("properties"):
        raise Misfit("the schema lists no properties", path)


def _check_variables(definition: "TemplateDefinition") -> Scope:
    """The scope below all variables, once each fits those above it."""
    above: dict[str, Variable] = {}
    scope = Scope(has_source=definition.source is not None)
    for place, variable in enumerate(definition.variables):
        path: Path = ("variables", place)
        if variable.name in RESERVED_NAMES:
            raise Misfit(f"the name {variable.name!r} is reserved", (*path, "name"))
        if variable.name in above:
            raise Misfit(f"the name {variable.name!r} stands twice", (*path, "name"))
        if variable.when is not None:
            scope.check_text(variable.when, (*path, "when"), is_condition=True)
        with _inside(*path, "sampler"):
            variable.sampler.check(scope)
        above = {**above, variable.name: variable}
        scope = replace(scope, variables=above)
    return scope


def _check_constraints(definition: "TemplateDefinition", scope: Scope) -> None:
    axes = {variable.name for variable in grid_variables(definition)}
    for place, constraint in enumerate(definition.constraints):
        with _inside("constraints", place):
            constraint.check(scope)
            read = constraint.reads(scope.variables)
            if not read <= axes and not redrawn_variables(definition, read, axes):
                fixed = ", ".join(sorted(read))
                raise Misfit(
                    f"none of its variables can be drawn again ({fixed}): they have exact shares "
                    "or come from outside. Say it with a variable's `when` or with an expression"
                )


def _check_prompts(definition: "TemplateDefinition", scope: Scope) -> None:
    if not definition.steps:
        if not definition.user:
            raise Misfit("write the prompt that asks the model", ("user",))
        scope.check_text(definition.user, ("user",))
        return
    if definition.user:
        raise Misfit("with `steps`, each step has its own: move it there", ("user",))
    names = [step.name for step in definition.steps]
    for place, step in enumerate(definition.steps):
        path: Path = ("steps", place)
        here = scope.with_output(output_of_steps(definition.steps[:place]))
        for field in ("system", "user"):
            text = getattr(step, field)
            if text is not None:
                with _told_order(names, place):
                    here.check_text(text, (*path, field))


@contextmanager
def _told_order(names: list[str], place: int) -> Iterator[None]:
    """A step that is read too early is no unknown field: it stands further down."""
    try:
        yield
    except Misfit as misfit:
        for later in names[place:]:
            if str(misfit).startswith(f"output.{later}: "):
                own = "is this step itself" if later == names[place] else "comes after this one"
                message = f"output.{later}: the step {later!r} {own}, and only earlier ones"
                raise Misfit(f"{message} can be read", misfit.path, misfit.line_inside) from misfit
        raise


def _check_rules(definition: "TemplateDefinition", scope: Scope) -> None:
    seen: set[str] = set()
    for place, rule in enumerate(definition.checks.rules):
        path: Path = ("checks", "rules", place)
        if rule.name in seen:
            raise Misfit(f"the name {rule.name!r} stands twice", (*path, "name"))
        seen.add(rule.name)
        scope.check_text(rule.condition, (*path, "condition"), is_condition=True)


def _check_groups(definition: "TemplateDefinition", scope: Scope) -> None:
    for place, group in enumerate(definition.groups):
        path: Path = ("groups", place)
        if group.variable not in scope.variables:
            raise Misfit(unknown(group.variable, scope.variables), (*path, "variable"))
        values = scope.values_of(group.variable)
        taken = None if values is None else set(map(branch_key, values))
        extra = [value for value in group.target if taken is not None and value not in taken]
        if extra:
            raise Misfit(
                f"{group.variable} never takes the value {extra[0]!r}", (*path, "target", extra[0])
            )


def possible_values(variable: "Variable") -> list[Value] | None:
    """The values that a variable can take, in order; None where they cannot be listed."""
    return variable.sampler.values_taken()


def _check_examples(definition: "TemplateDefinition") -> None:
    outputs = {step.name: step.output for step in definition.steps}
    for place, example in enumerate(definition.examples):
        path: Path = ("examples", place)
        if definition.steps and example.step is None:
            raise Misfit(f"name its `step`: {', '.join(outputs)}", path)
        if example.step is not None and example.step not in outputs:
            raise Misfit(unknown(example.step, outputs, "step"), (*path, "step"))
        schema = definition.output if example.step is None else outputs[example.step]
        errors = CompiledSchema(schema).errors(example.output)
        if errors:
            raise Misfit(f"breaks the output schema: {errors[0]}", (*path, "output"))
