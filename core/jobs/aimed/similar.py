"""More samples like some that exist: the same batch again, aimed at their cells and shown them.

The samples become the last examples of the prompt, in a version that is kept and never saved, and
the plan is held to the cells of the grid that they lie in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.db.tables import LOCAL_ADMIN_ID, Batch, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.batches import LaunchRequest
from core.generation.example_drafts import origin_of_samples, with_examples
from core.generation.missing import plan_of
from core.insight.coverage.grid import cell_key, grid_names
from core.jobs.launching import launch_batch
from core.templates.definition import TemplateDefinition
from core.templates.planning.focus import Focus
from core.templates.versions import load_definition, save_draft

OPERATION = "more_like"
MOST_SHOWN = 5  # samples that become examples; each costs its tokens in every call
IDS_PER_QUERY = 500


@dataclass(frozen=True)
class MoreLike:
    """Which samples to make more of, and how many."""

    sample_ids: tuple[str, ...]  # of one template
    shown_ids: tuple[str, ...]  # of these, the ones to show as examples
    n: int
    intent: str | None = None  # the same wish launches once
    created_by: str = LOCAL_ADMIN_ID


def similar_launch(workspace: Workspace, wanted: MoreLike) -> LaunchRequest:
    """The launch that makes them: connection, model, sources and inputs as the first one's batch.

    Raises NotFound, InvalidInput for imported samples or too many to show, TemplateError.
    """
    if not wanted.sample_ids or not 1 <= len(wanted.shown_ids) <= MOST_SHOWN:
        raise InvalidInput(
            f"{len(wanted.shown_ids)} samples would be shown.",
            remedy=f"Choose samples, and show 1 to {MOST_SHOWN} of them.",
        )
    batch, version, _ = origin_of_samples(workspace, wanted.sample_ids)
    definition = load_definition(version)
    shown = with_examples(workspace, definition, wanted.shown_ids)
    kept = save_draft(
        workspace, shown, created_by=wanted.created_by, project_id=batch.project_id
    )  # fmt: skip
    return LaunchRequest(
        kept.template_version_id,
        wanted.n,
        connection=batch.connection,
        model=batch.model,
        parameters=dict(batch.parameters),
        source_ids=tuple(batch.source_ids),
        inputs=dict(batch.inputs),
        focus=cells_of_samples(workspace, batch, definition, wanted.sample_ids),
        origin={
            "operation": OPERATION, "batch_id": batch.batch_id,
            "sample_ids": list(wanted.shown_ids), "chosen": len(wanted.sample_ids),
        },
        name=f"More like {len(wanted.sample_ids):,} of {batch.name}"[:200],
        idempotency_key=wanted.intent,
        project_id=batch.project_id,
        created_by=wanted.created_by,
    )  # fmt: skip


def launch_similar(workspace: Workspace, wanted: MoreLike) -> Batch:
    """A queued batch of more samples like these. Raises what `similar_launch` and
    `launch_batch` raise."""
    return launch_batch(workspace, similar_launch(workspace, wanted))


def cells_of_samples(
    workspace: Workspace, batch: Batch, definition: TemplateDefinition, sample_ids: Sequence[str]
) -> Focus:
    """The cells of the batch's grid that these samples lie in; the whole plan without a grid."""
    cells = plan_of(workspace, batch, definition).cells()
    names = grid_names(cells)
    if not names:
        return Focus()
    values = {cell_key(cell.values, names): cell.values for cell in cells}
    held: dict[object, dict[str, bool | int | float | str]] = {}
    with workspace.read() as session:
        for start in range(0, len(sample_ids), IDS_PER_QUERY):
            ids = sample_ids[start : start + IDS_PER_QUERY]
            for drawn in session.scalars(select(Sample.variables).where(Sample.sample_id.in_(ids))):
                key = cell_key(drawn, names)
                if key in values:
                    held[key] = {k: v for k, v in values[key].items() if v is not None}
    return Focus(cells=tuple(held.values())) if len(held) < len(values) else Focus()
