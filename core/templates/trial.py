"""A trial rendering in a process of its own, with limits on memory, processor time and the clock.

`trial_render` is the parent's side; run as a module, this is the child: the definition as JSON on
standard input, the verdict as JSON on standard output.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from core.confinement import CHILD_ENVIRONMENT, Confinement, child_command, confine
from core.errors import TemplateError
from core.templates.definition import TemplateDefinition, build_template
from core.templates.planning.inputs import sample_inputs
from core.templates.planning.plan import Plan
from core.templates.rendering import Renderer
from core.templates.samplers.base import Value
from core.templates.samplers.source_field import SourceFieldSampler
from core.templates.sandbox import PromptTemplate

MEMORY_BYTES = 2**30
SECONDS = 2.0  # of processor time for all renderings together, once the child has started
WALL_SECONDS = 20.0  # for the same by the clock, on a machine that is busy
START_SECONDS = 60.0  # for the child's own start, on a machine that is busy
MAX_TRIALS = 200
MAX_SKELETON_DEPTH = 20
TRIAL_CHUNK: Final = {
    "text": "A short passage, as a source would give it. It has two sentences.",
    "heading": "A heading",
    "fields": {},
    "terms": ["short passage"],
    "entities": [{"kind": "name", "text": "A Name"}],
}
TRIAL_ENVIRONMENT: Final = {
    **CHILD_ENVIRONMENT,
    # The child finds what the parent does, samplers of other packages among it.
    "PYTHONPATH": os.pathsep.join(folder for folder in sys.path if os.path.isabs(folder)),
}


def trial_render(definition: TemplateDefinition) -> None:
    """Pass silently when the template renders for a spread of its samples within the limits.

    Raises TemplateError with what went wrong.
    """
    command = child_command("core.templates.trial")
    text = definition.model_dump_json()
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, encoding="utf-8",
            timeout=START_SECONDS, env=TRIAL_ENVIRONMENT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise TemplateError(f"The trial did not end within {START_SECONDS:g} s.") from error
    if done.returncode in (-signal.SIGALRM, -signal.SIGXCPU, -signal.SIGKILL):
        raise TemplateError(f"The trial took longer than {SECONDS:g} s.", remedy="Simplify it.")
    verdict = _verdict(done.stdout)
    if verdict is None:
        raise TemplateError("The trial ran out of memory or crashed.", remedy="Simplify it.")
    if verdict["problem"]:
        raise TemplateError(verdict["problem"], remedy=verdict["remedy"])


def _verdict(text: str) -> dict[str, str] | None:
    try:
        verdict = json.loads(text)
    except ValueError:
        return None
    return verdict if isinstance(verdict, dict) else None


def render_spread(definition: TemplateDefinition) -> int:
    """Render all texts for every combination of present variables; how many that were.

    Raises TemplateError for the first that does not render.
    """
    texts = _Texts(definition)
    full, least = (skeleton(definition.output, is_full=is_full) for is_full in (True, False))
    count = 0
    for variables, chunk in _spread(definition):
        texts.render(full, variables, chunk)
        _render_least(texts, least, variables, chunk)
        count += 1
    return count


class _Texts:
    """Everything of a definition that is rendered once its variables are drawn."""

    def __init__(self, definition: TemplateDefinition) -> None:
        self._renderer = Renderer(definition)
        self._steps = max(1, len(definition.steps))
        self._rules = [
            PromptTemplate(rule.condition, f"the rule {rule.name!r}", is_condition=True)
            for rule in definition.checks.rules
        ]

    def render(
        self,
        output: Mapping[str, Any],
        variables: Mapping[str, Any],
        chunk: Mapping[str, Any] | None,
    ) -> None:
        """Render the prompts of every step, the mapping and the rules."""
        for step in range(self._steps):
            self._renderer.messages(variables, chunk, step=step, output=output)
        self._renderer.map_output(output, variables, chunk)
        shared = {"variables": variables, "chunk": chunk, "has_source": chunk is not None}
        for rule in self._rules:
            rule.is_true({**variables, **shared, "output": output})


def _render_least(
    texts: _Texts,
    least: Mapping[str, Any],
    variables: Mapping[str, Any],
    chunk: Mapping[str, Any] | None,
) -> None:
    """A model may leave out what the schema does not require, and the answer was paid for."""
    try:
        texts.render(least, variables, chunk)
    except TemplateError as error:
        raise TemplateError(
            f"{error.message.rstrip('.')} where the model leaves out what it may.",
            remedy="List the field under `required` in the output schema, or guard it with "
            "{% if … is defined %}.",
        ) from error


def _spread(
    definition: TemplateDefinition,
) -> Iterator[tuple[dict[str, Any], Mapping[str, Any] | None]]:
    source = definition.source
    columns = {
        variable.sampler.column: "a value"
        for variable in definition.variables
        if isinstance(variable.sampler, SourceFieldSampler)
    }
    chunk = {**TRIAL_CHUNK, "fields": columns}
    inputs, rows = sample_inputs(definition)
    for has_source in (False, True):
        if has_source if source is None else source.required and not has_source:
            continue
        chunk_ids = ("trial",) if has_source else ()
        plan = Plan(definition, n=1, seed=0, chunk_ids=chunk_ids, inputs=inputs)
        for i, values in enumerate(_telling_cells(plan)):
            given = chunk if has_source else None
            yield plan.fill(values, i, given, rows), given


def _telling_cells(plan: Plan) -> list[dict[str, Value]]:
    """One cell for each set of variables that occurs, and others evenly spread."""
    cells = [cell.values for cell in plan.cells()]
    by_names: dict[frozenset[str], dict[str, Value]] = {}
    for values in cells:
        by_names.setdefault(frozenset(values), values)
    step = max(1, len(cells) // (MAX_TRIALS // 2))
    return [*by_names.values(), *cells[::step]][:MAX_TRIALS]


def skeleton(schema: Mapping[str, Any], *, is_full: bool = True, depth: int = 0) -> Any:
    """The plainest value of a schema's shape; not full leaves out what is not required."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    kind = next((k for k in kind if k != "null"), "null") if isinstance(kind, list) else kind
    if kind == "object" and depth < MAX_SKELETON_DEPTH:
        properties = schema.get("properties", {})
        names = (
            properties if is_full else [n for n in properties if n in schema.get("required", ())]
        )
        return {n: skeleton(properties[n], is_full=is_full, depth=depth + 1) for n in names}
    if kind == "array" and depth < MAX_SKELETON_DEPTH:
        items = schema.get("items", {})
        has_entry = isinstance(items, Mapping) and (is_full or schema.get("minItems", 0) > 0)
        return [skeleton(items, is_full=is_full, depth=depth + 1)] if has_entry else []
    plain = {"integer": 1, "number": 1.0, "boolean": True, "null": None}
    return plain.get(str(kind), "text")


def _limited(work: Callable[[], object]) -> None:
    """Run work under this process's own limits, which end it when they are passed."""
    confine(Confinement(MEMORY_BYTES, SECONDS, WALL_SECONDS))
    work()
    signal.setitimer(signal.ITIMER_REAL, 0)


def _child() -> None:
    """What the child does: read, render under limits, say how it went."""
    data = json.load(sys.stdin)
    verdict = {"problem": "", "remedy": ""}
    try:
        _limited(lambda: render_spread(build_template(data)))
    except TemplateError as error:
        verdict = {"problem": error.message, "remedy": error.remedy}
    json.dump(verdict, sys.stdout)


if __name__ == "__main__":
    _child()
