"""Thresholds moved for good: for one batch, or in the next version of its template.

What a person decided is never touched, and nothing is generated or measured again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from core.db.ids import sample_id_of
from core.db.tables import LOCAL_ADMIN_ID, Sample, Template, TemplateVersion
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound
from core.quality.rescoring import redecide_batch
from core.quality.thresholds.deciding import (
    CurvePoint,
    counts,
    curve,
    decide,
    moves,
    stored,
    thresholds,
)
from core.quality.thresholds.readings import Readings, load_readings
from core.quality.thresholds.settings import (
    batch_and_version,
    check_settings,
    differences,
    moved,
    version_settings,
)
from core.templates.definition import CheckSettings
from core.templates.versions import latest_version, load_definition, save_template

AT_WORK: Final = ("queued", "running")
EXAMPLES: Final = 5  # samples named for each change of side


@dataclass(frozen=True)
class ThresholdMove:
    """How many samples go from one verdict to another, and some of them."""

    before: str
    after: str
    samples: int
    examples: list[str]  # sample ids, those whose score changes most first


@dataclass(frozen=True)
class ThresholdPreview:
    """What moved thresholds would decide about a batch; nothing is stored."""

    batch_id: str
    settings: dict[str, Any]  # every movable threshold as it would be
    changed: dict[str, Any]  # those that differ from what is in force
    before: dict[str, int]  # samples per verdict
    after: dict[str, int]
    moves: list[ThresholdMove]


def preview_thresholds(
    workspace: Workspace, batch_id: str, changes: Mapping[str, Any]
) -> ThresholdPreview:
    """Verdicts of a batch before and after these changes. Raises NotFound, InvalidInput."""
    readings = load_readings(workspace, batch_id)
    return preview(readings, changed_settings(readings.settings, changes))


def preview(readings: Readings, settings: CheckSettings) -> ThresholdPreview:
    """The same for readings at hand."""
    before, after = stored(readings), decide(readings, settings)
    return ThresholdPreview(
        batch_id=readings.batch_id,
        settings={name: getattr(settings, name) for name in movable()},
        changed=differences(settings, readings.settings),
        before=counts(readings, before),
        after=counts(readings, after),
        moves=[
            ThresholdMove(
                move.before,
                move.after,
                move.samples,
                [
                    sample_id_of(readings.batch_id, int(readings.plan_indexes[place]))
                    for place in move.places[:EXAMPLES]
                ],
            )
            for move in moves(before, after)
        ],
    )


def apply_thresholds(
    workspace: Workspace, batch_id: str, changes: Mapping[str, Any]
) -> dict[str, int]:
    """Decide a batch by moved thresholds from now on; returns its samples per verdict.

    `changes` come on top of what is in force. Raises NotFound, InvalidInput, and Conflict for a
    batch at work.
    """
    with workspace.write() as session:
        batch, version = batch_and_version(session, batch_id)
        _check_at_rest(batch.state)
        settings = changed_settings(check_settings(batch, version), changes)
        batch.checks = differences(settings, version_settings(version))
        return redecide_batch(session, batch, version, settings)


def reset_thresholds(workspace: Workspace, batch_id: str) -> dict[str, int]:
    """Decide a batch by its template version's thresholds again; returns samples per verdict.

    Raises NotFound, and Conflict for a batch at work.
    """
    with workspace.write() as session:
        batch, version = batch_and_version(session, batch_id)
        _check_at_rest(batch.state)
        batch.checks = {}
        return redecide_batch(session, batch, version, version_settings(version))


def save_thresholds(
    workspace: Workspace,
    batch_id: str,
    changes: Mapping[str, Any],
    note: str = "",
    *,
    created_by: str = LOCAL_ADMIN_ID,
) -> TemplateVersion:
    """The template's newest version with the thresholds of a batch and these changes.

    All else is as in the newest version, so nothing that was edited since is lost. The batch keeps
    its own thresholds until `apply_thresholds`. Raises NotFound, InvalidInput, and Conflict for a
    template that the program made.
    """
    with workspace.read() as session:
        batch, version = batch_and_version(session, batch_id)
        template = session.get(Template, version.template_id)
    if template is None:
        raise NotFound("template", version.template_id)
    if template.kind != "template":
        raise Conflict(
            f"{template.title!r} was made by the program: it has no versions that people edit.",
            remedy="Apply the thresholds to this batch.",
        )
    settings = changed_settings(check_settings(batch, version), changes)
    newest = load_definition(latest_version(workspace, template.template_id))
    wanted = {name: getattr(settings, name) for name in movable()}
    definition = newest.model_copy(update={"checks": moved(newest.checks, wanted)})
    return save_template(
        workspace,
        definition,
        note or f"Thresholds tried on {batch.name}.",
        created_by=created_by,
        project_id=template.project_id,
    )


def movable() -> list[str]:
    """Names of the thresholds that can move without measuring again: numbers and switches."""
    return [threshold.name for threshold in thresholds() if threshold.kind != "list"]


def changed_settings(settings: CheckSettings, changes: Mapping[str, Any]) -> CheckSettings:
    """The settings under these changes. Raises InvalidInput, also for what cannot be moved."""
    names = movable()
    if unknown := sorted(set(changes) - set(names)):
        raise InvalidInput(
            f"{', '.join(unknown)}: no threshold that moves without measuring again.",
            remedy=f"Use {', '.join(names)}.",
        )
    return moved(settings, changes)


def _check_at_rest(state: str) -> None:
    if state in AT_WORK:
        raise Conflict(
            f"The batch is {state}: samples that arrive would be decided by the old thresholds.",
            remedy="Pause it or wait for its end.",
        )


def named_samples(workspace: Workspace, sample_ids: Sequence[str]) -> list[Sample]:
    """These samples in this order; unknown ids are left out."""
    with workspace.read() as session:
        rows = session.scalars(select(Sample).where(Sample.sample_id.in_(sample_ids)))
        by_id = {sample.sample_id: sample for sample in rows}
    return [by_id[key] for key in sample_ids if key in by_id]


def list_thresholds(workspace: Workspace, batch_id: str) -> list[dict[str, Any]]:
    """Every threshold with its bounds and its value for this batch. Raises NotFound."""
    with workspace.read() as session:
        batch, version = batch_and_version(session, batch_id)
    now, before, names = check_settings(batch, version), version_settings(version), movable()
    return [
        {
            "name": one.name, "check": one.check, "kind": one.kind, "description": one.description,
            "low": one.low, "high": one.high if math.isfinite(one.high) else None,
            "value": getattr(now, one.name), "of_template": getattr(before, one.name),
            "is_movable": one.name in names,
        }
        for one in thresholds()
    ]  # fmt: skip


def threshold_curve(workspace: Workspace, batch_id: str, name: str) -> list[CurvePoint]:
    """The verdicts at each value of one threshold. Raises NotFound, also for no such threshold."""
    if name not in {threshold.name for threshold in thresholds()}:
        raise NotFound("threshold", name)
    readings = load_readings(workspace, batch_id)
    return curve(readings, readings.settings, name)
