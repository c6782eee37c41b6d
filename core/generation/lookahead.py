"""A look at a batch before anything is generated: quotas, values and prompts.

Free: no model is called and nothing is stored. A chunk that would be chosen at launch, and the
answers that later steps read, are stood in for, and the notes say so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound, TemplateError
from core.generation.inputs import key_of, load_rows, plan_inputs
from core.templates.definition import TemplateDefinition
from core.templates.planning.focus import EVERYTHING, Focus
from core.templates.planning.inputs import Input, input_variables, sample_inputs
from core.templates.planning.plan import Cell, Plan
from core.templates.rendering import Renderer
from core.templates.samplers.source_field import SourceFieldSampler
from core.templates.trial import TRIAL_CHUNK, skeleton

LOOKED_AT = 200
PROMPTS = 3
MOST_BINS = 16


@dataclass(frozen=True)
class ShownPrompt:
    """What one call would say."""

    step: str  # "" in a template without steps
    text: str


@dataclass(frozen=True)
class Lookahead:
    """What a launch would plan."""

    cells: list[Cell]
    names: list[str]  # the axes of the grid
    variable_names: list[str]
    rows: list[dict[str, Any]]  # variables of the first samples
    prompts: list[list[ShownPrompt]]  # calls of the first of those
    notes: list[str]


def look_ahead(
    workspace: Workspace,
    definition: TemplateDefinition,
    *,
    n: int,
    seed: int,
    project_id: str,
    looked_at: int = LOOKED_AT,
    focus: Focus = EVERYTHING,
) -> Lookahead:
    """Cells of the whole plan, and what the first `looked_at` of its samples would be.

    Raises TemplateError for targets that cannot be met, or rows that are not there.
    """
    notes: list[str] = []
    chunk = _stand_in(definition, notes)
    inputs, stand_in_rows = _inputs(workspace, definition, project_id, notes)
    chunk_ids = ("stand-in",) if chunk else ()
    plan = Plan(definition, n=n, seed=seed, chunk_ids=chunk_ids, inputs=inputs, focus=focus)
    shown = range(min(n, looked_at))
    held = stand_in_rows or _rows(workspace, definition, plan, shown)
    rows = [plan.variables(i, chunk, held) for i in shown]
    cells = plan.cells()
    in_grid = {name for cell in cells for name in cell.values}
    names = [v.name for v in definition.variables]
    prompts = [_prompts(definition, row, chunk, notes) for row in rows[:PROMPTS]]
    return Lookahead(
        cells, [n for n in names if n in in_grid], names, rows, prompts, list(dict.fromkeys(notes))
    )


def _stand_in(definition: TemplateDefinition, notes: list[str]) -> dict[str, Any] | None:
    """A chunk with every column that the template reads, where it needs one."""
    if definition.source is None or not definition.source.required:
        return None
    columns = {
        v.sampler.column: f"({v.sampler.column})"
        for v in definition.variables
        if isinstance(v.sampler, SourceFieldSampler)
    }
    notes.append("A stand-in takes the place of the source chunk that a launch chooses.")
    return {**TRIAL_CHUNK, "fields": columns}


Rows = dict[str, dict[str, Any]]


def _inputs(
    workspace: Workspace, definition: TemplateDefinition, project_id: str, notes: list[str]
) -> tuple[dict[str, Input], Rows]:
    """What a launch now would draw from; stand-ins and their rows where it would be refused."""
    try:
        return plan_inputs(workspace, definition, project_id), {}
    except (InvalidInput, NotFound) as error:
        notes.append(f"Stand-ins take the place of rows: {error}")
        return sample_inputs(definition)


def _rows(
    workspace: Workspace, definition: TemplateDefinition, plan: Plan, shown: Iterable[int]
) -> Rows:
    """The rows that these samples take."""
    kinds = {key_of(sampler) for sampler in input_variables(definition).values()}
    ids = {row_id for i in shown for row_id in plan.row_ids(i).values()}
    return load_rows(workspace, {"": dict.fromkeys(kinds)}, ids) if ids else {}


def _prompts(
    definition: TemplateDefinition,
    variables: dict[str, Any],
    chunk: dict[str, Any] | None,
    notes: list[str],
) -> list[ShownPrompt]:
    renderer = Renderer(definition)
    steps = list(definition.steps)
    if len(steps) > 1:
        notes.append("Later steps read stand-ins for the answers before them.")
    answers = {step.name: skeleton(step.output) for step in steps}
    shown = []
    for place, name in enumerate([step.name for step in steps] or [""]):
        try:
            messages = renderer.messages(variables, chunk, step=place, output=answers)
        except TemplateError as error:
            shown.append(ShownPrompt(name, str(error)))
            continue
        text = "\n\n".join(f"[{message.role}]\n{message.content}" for message in messages)
        shown.append(ShownPrompt(name, text))
    return shown


def binned(values: list[float]) -> list[tuple[str, int]]:
    """Counts of numbers: each whole number where there are few, else equal intervals."""
    low, high = min(values), max(values)
    is_whole = all(float(value).is_integer() for value in values)
    if is_whole and high - low < MOST_BINS:
        span = range(int(low), int(high) + 1)
        return [(str(value), sum(v == value for v in values)) for value in span]
    counts, edges = np.histogram(values, bins=min(MOST_BINS, max(5, len(values) // 8)))
    return [(f"{a:.4g}–{b:.4g}", int(c)) for a, b, c in zip(edges, edges[1:], counts, strict=False)]
