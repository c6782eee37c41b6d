"""Batches aimed at a part of a field: at cells of a grid, or at texts like some that are shown.

Owns how an aim becomes a launch. Why it is aimed there is the caller's: gaps to fill, or samples
that a person wants more of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Batch, TemplateVersion
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.batches import LaunchRequest
from core.templates.aiming import AIM, aim_of, aimed
from core.templates.definition import TemplateDefinition, content_hash
from core.templates.planning.focus import Focus, Scalar
from core.templates.versions import get_version, load_definition, save_draft


@dataclass(frozen=True)
class Aim:
    """What to generate, where, and as which batch was."""

    template_version_id: str
    n: int
    cells: Sequence[Mapping[str, Scalar]] = ()  # cells of the template's grid; () takes all
    terms: Sequence[str] = ()  # what the texts are to be about
    texts: Sequence[str] = ()  # texts of the kind that is wanted; each sample is shown one
    like_batch_id: str = ""  # whose sources, inputs, model and parameters are taken
    connection: str = ""  # instead of that batch's
    model: str = ""
    seed: int | None = None  # None draws one, so that nothing is generated twice
    budget_usd: Decimal | None = None
    name: str = ""
    origin: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    project_id: str = DEFAULT_PROJECT_ID
    created_by: str = LOCAL_ADMIN_ID


def aimed_launch(workspace: Workspace, aim: Aim) -> LaunchRequest:
    """The launch of an aim, to be estimated or launched.

    With terms or texts, the template's prompt shows them; that version is kept as one that was
    tried and not saved. Raises NotFound, InvalidInput for a template that generates nothing,
    TemplateError.
    """
    version = get_version(workspace, aim.template_version_id)
    like = _like(workspace, aim)
    if like is not None and like.kind != "batch" and _is_of(like, version):
        raise InvalidInput(
            "The texts of this batch came from no prompt, so there is nothing to generate with.",
            remedy="Choose the template that shall fill the gap.",
        )
    inputs = dict(like.inputs) if like is not None and _is_of(like, version) else {}
    if aim.terms or aim.texts:
        version = _aimed_version(workspace, version, aim)
        inputs[AIM] = {"value": aim_of(list(aim.terms), list(aim.texts))}
    taken: dict[str, Any] = {} if like is None else _taken(like, aim)
    return LaunchRequest(
        version.template_version_id,
        aim.n,
        connection=aim.connection or taken.get("connection", ""),
        model=aim.model or taken.get("model", ""),
        parameters=taken.get("parameters", {}),
        source_ids=taken.get("source_ids", ()),
        seed=aim.seed,
        inputs=inputs,
        focus=Focus(cells=tuple(dict(cell) for cell in aim.cells)),
        origin=dict(aim.origin),
        budget_usd=aim.budget_usd,
        name=aim.name,
        idempotency_key=aim.idempotency_key,
        project_id=aim.project_id,
        created_by=aim.created_by,
    )


def _like(workspace: Workspace, aim: Aim) -> Batch | None:
    """The batch to go by: the one named, else the version's newest."""
    with workspace.read() as session:
        if aim.like_batch_id:
            return session.get_one(Batch, aim.like_batch_id)
        return session.scalars(
            select(Batch)
            .where(Batch.template_version_id == aim.template_version_id, Batch.kind == "batch")
            .order_by(Batch.created_at.desc())
            .limit(1)
        ).first()


def _is_of(batch: Batch, version: TemplateVersion) -> bool:
    return batch.template_version_id == version.template_version_id


def _taken(like: Batch, aim: Aim) -> dict[str, Any]:
    """Settings of a batch of the same template; another model has settings of its own."""
    if like.template_version_id != aim.template_version_id:
        return {}
    taken: dict[str, Any] = {"source_ids": tuple(like.source_ids)}
    if not aim.connection or aim.connection == like.connection:
        taken |= {"connection": like.connection, "parameters": dict(like.parameters)}
        taken["model"] = like.model
    return taken


def _aimed_version(workspace: Workspace, version: TemplateVersion, aim: Aim) -> TemplateVersion:
    definition = aimed(load_definition(version))
    return _known(workspace, version, definition) or save_draft(
        workspace, definition, created_by=aim.created_by, project_id=aim.project_id
    )


def _known(
    workspace: Workspace, version: TemplateVersion, definition: TemplateDefinition
) -> TemplateVersion | None:
    """The version that holds this content already: its trial rendering is spared."""
    with workspace.read() as session:
        return session.scalars(
            select(TemplateVersion)
            .where(
                TemplateVersion.template_id == version.template_id,
                TemplateVersion.content_hash == content_hash(definition),
            )
            .limit(1)
        ).first()
