"""What a batch would be made of: its cells and its first samples. Free: nothing is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest
from core.generation.inputs import freeze_inputs, load_rows, resolve_inputs
from core.sources.browsing import chunk_ids
from core.sources.terms.extracted import chunk_mappings
from core.templates.definition import TemplateDefinition
from core.templates.planning.focus import EVERYTHING, Focus
from core.templates.planning.plan import Cell, Plan


@dataclass(frozen=True)
class PlannedSample:
    """One sample that a batch would have."""

    plan_index: int
    variables: dict[str, Any]


@dataclass(frozen=True)
class PlanReport:
    """The plan of a batch that was not launched."""

    n: int
    seed: int
    cells: list[Cell]  # every feasible one, empty ones too; none without categories
    samples: list[PlannedSample]


def plan_report(
    workspace: Workspace,
    definition: TemplateDefinition,
    *,
    n: int,
    seed: int = 0,
    source_ids: Sequence[str] = (),
    inputs: Mapping[str, Any] | None = None,
    samples: int = 3,
    focus: Focus = EVERYTHING,
) -> PlanReport:
    """The cells of a plan and the variables of its first samples.

    Raises TemplateError for a plan that cannot be met, InvalidInput or NotFound saying what to
    choose for a variable that draws from outside.
    """
    request = LaunchRequest("", n, source_ids=tuple(source_ids), inputs=inputs or {})
    with workspace.read() as session:
        stored = freeze_inputs(session, definition, request)
    chunks = chunk_ids(workspace, source_ids) if source_ids else ()
    plan = Plan(
        definition, n=n, seed=seed, chunk_ids=chunks,
        inputs=resolve_inputs(workspace, stored, definition), focus=focus,
    )  # fmt: skip
    shown = range(min(samples, n))
    wanted = [chunk_id for i in shown if (chunk_id := plan.chunk_id(i)) is not None]
    texts = chunk_mappings(workspace, wanted, with_terms=plan.reads_terms)
    row_ids = [row_id for i in shown for row_id in plan.row_ids(i).values()]
    rows = load_rows(workspace, stored, row_ids)
    drawn = [
        PlannedSample(i, plan.variables(i, texts.get(plan.chunk_id(i) or ""), rows)) for i in shown
    ]
    return PlanReport(n, seed, plan.cells(), drawn)
