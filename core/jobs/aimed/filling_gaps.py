"""Filling gaps: from the gaps that a person chose to a batch aimed at them, with its estimate."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Batch
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.batches import LaunchRequest
from core.generation.estimate import Estimate, estimate
from core.insight.coverage.fills import origin_of
from core.insight.coverage.gaps import Gap
from core.insight.coverage.grid_view import GridView, grid_view
from core.insight.records import scope_of
from core.jobs.aimed.aiming import Aim, aimed_launch
from core.jobs.launching import launch_batch
from core.jobs.pairs.reference_coverage import ReferenceView, load_coverage

MAX_NAME_CHARS = 200


@dataclass(frozen=True)
class FillRequest:
    """Which gaps of a scope to fill, with how many samples, and with which model."""

    scope_id: str
    gap_ids: tuple[str, ...]  # several cells of a grid, or one region of a reference
    n: int
    reference_id: str = ""  # whose regions the gaps are; "" for the template's grid
    template_version_id: str = ""  # "" takes the scope's own
    at_least: int = 1  # samples that every cell wants, as the gaps were listed with
    connection: str = ""  # "" takes that of the scope's batch, as do the model and its settings
    model: str = ""
    seed: int | None = None
    budget_usd: Decimal | None = None
    idempotency_key: str | None = None
    project_id: str = DEFAULT_PROJECT_ID
    created_by: str = LOCAL_ADMIN_ID


def fill_launch(workspace: Workspace, request: FillRequest) -> LaunchRequest:
    """The batch that is aimed at the gaps, to be estimated or launched.

    Cells become the plan's focus; of a region, the prompt shows terms and texts. Raises NotFound
    for a gap that there is not, InvalidInput, TemplateError.
    """
    scope = scope_of(request.scope_id)
    grid = grid_view(workspace, request.scope_id, at_least=request.at_least)
    version_id = request.template_version_id or grid.template_version_id
    if not version_id:
        raise InvalidInput(
            "No template made these texts.", remedy="Choose the template that shall fill the gap."
        )
    gaps, covered = _chosen(workspace, request, grid)
    origin = origin_of(scope, gaps, covered, request.reference_id)
    label = gaps[0].label if len(gaps) == 1 else f"{gaps[0].label} and {len(gaps) - 1} more"
    is_region = bool(request.reference_id)
    return aimed_launch(
        workspace,
        Aim(
            version_id,
            request.n,
            cells=() if is_region else [gap.cell for gap in gaps],
            terms=gaps[0].terms if is_region else (),
            texts=gaps[0].examples if is_region else (),
            like_batch_id=scope.id if scope.kind == "batch" else "",
            connection=request.connection,
            model=request.model,
            seed=request.seed,
            budget_usd=request.budget_usd,
            name=f"Gap: {label}"[:MAX_NAME_CHARS],
            origin=origin,
            idempotency_key=request.idempotency_key,
            project_id=request.project_id,
            created_by=request.created_by,
        ),
    )


def _chosen(
    workspace: Workspace, request: FillRequest, grid: GridView
) -> tuple[list[Gap], float | None]:
    """The gaps that are meant, and how much was covered when they were chosen."""
    known: Sequence[Gap] = grid.gaps
    covered = grid.share
    if request.reference_id:
        view = load_coverage(workspace, request.scope_id, request.reference_id)
        known, covered = [row.gap for row in view.report.regions], _coverage(view)
        if len(request.gap_ids) > 1:
            raise InvalidInput(
                "Several parts of a reference are to share one prompt.",
                remedy="Fill them one at a time.",
            )
    by_id = {gap.gap_id: gap for gap in known}
    for gap_id in request.gap_ids:
        if gap_id not in by_id:
            raise NotFound("gap", gap_id)
    if not request.gap_ids:
        raise InvalidInput("No gap was chosen.", remedy="Choose one or more.")
    return [by_id[gap_id] for gap_id in request.gap_ids], covered


def _coverage(view: ReferenceView) -> float | None:
    found = view.report.now.get("coverage")
    return None if found is None else found.value


def estimate_fill(workspace: Workspace, request: FillRequest) -> Estimate:
    """What filling the gaps would cost and take. Raises what `fill_launch` and `estimate` raise."""
    return estimate(workspace, fill_launch(workspace, request))


def fill_gaps(workspace: Workspace, request: FillRequest) -> Batch:
    """A queued batch aimed at the gaps. Raises what `fill_launch` and `launch_batch` raise."""
    return launch_batch(workspace, fill_launch(workspace, request))
