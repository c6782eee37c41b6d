"""A trial rendering in a process of its own, with limits on memory, processor time and the clock.

`trial_render` is the parent's side; run as a module, this is the child: the definition as JSON on
standard input, the verdict as JSON on standard output.
"""

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from core.errors import TemplateError
from core.templates.definition import TemplateDefinition, build_template
from core.templates.plan import Plan
from core.templates.rendering import Renderer

MEMORY_BYTES = 2**30
SECONDS = 2.0  # for all renderings together, once the child has started
START_SECONDS = 60.0  # for the child's own start, on a machine that is busy
MAX_TRIALS = 200
MAX_SKELETON_DEPTH = 20
TRIAL_CHUNK: Final = {
    "text": "A short passage, as a source would give it. It has two sentences.",
    "heading": "A heading",
    "fields": {},
}
CHILD_ENVIRONMENT: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "LC_ALL": "C.UTF-8",
}


def trial_render(definition: TemplateDefinition) -> None:
    """Pass silently when the template renders for a spread of its samples within the limits.

    Raises TemplateError with what went wrong.
    """
    command = [sys.executable, "-P", "-m", "core.templates.trial"]
    text = definition.model_dump_json()
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, encoding="utf-8",
            timeout=START_SECONDS, env=CHILD_ENVIRONMENT, check=False,
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
    """Render prompts and mapping for every combination of present variables; how many that were.

    Raises TemplateError for the first that does not render.
    """
    renderer = Renderer(definition)
    full, least = (skeleton(definition.output, is_full=is_full) for is_full in (True, False))
    count = 0
    for variables, chunk in _spread(definition):
        renderer.messages(variables, chunk)
        renderer.map_output(full, variables, chunk)
        _map_least(renderer, least, variables, chunk)
        count += 1
    return count


def _map_least(
    renderer: Renderer,
    least: Mapping[str, Any],
    variables: Mapping[str, Any],
    chunk: Mapping[str, Any] | None,
) -> None:
    """A model may leave out what the schema does not require, and the answer was paid for."""
    try:
        renderer.map_output(least, variables, chunk)
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
        if variable.sampler.kind == "source_field"
    }
    chunk = {**TRIAL_CHUNK, "fields": columns}
    for has_source in (False, True):
        if has_source if source is None else source.required and not has_source:
            continue
        plan = Plan(definition, n=1, seed=0, chunk_ids=("trial",) if has_source else ())
        for i, values in enumerate(_telling_cells(plan)):
            given = chunk if has_source else None
            yield plan.fill(values, i, given), given


def _telling_cells(plan: Plan) -> list[dict[str, str]]:
    """One cell for each set of variables that occurs, and others evenly spread."""
    cells = [cell.values for cell in plan.cells()]
    by_names: dict[frozenset[str], dict[str, str]] = {}
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
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(spent.ru_utime + spent.ru_stime + SECONDS) + 1
    for limit, value in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, MEMORY_BYTES)):
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            continue  # the system does not offer this limit, or has a lower one
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
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
