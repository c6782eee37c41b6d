"""A/B launches: two batches over the same plan, started together or not at all."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import or_, select

from core.db.ids import new_id
from core.db.tables import DEFAULT_PROJECT_ID, Batch, Comparison, TemplateVersion
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.batches import LaunchRequest
from core.generation.choosing import chosen
from core.jobs.launching import add_batch, check_launch, launch_together
from core.templates.versions import get_template, get_version, version_name

SHARED = ("n", "seed", "plan_offset", "source_ids", "inputs", "focus", "project_id")
VARIED = ("template_version_id", "connection", "model", "parameters")
MAX_NAME_CHARS = 200


def launch_comparison(
    workspace: Workspace, a: LaunchRequest, b: LaunchRequest, name: str = ""
) -> Comparison:
    """Both batches and the row that joins them, in one transaction.

    Without a seed one is drawn for both. Where `a` has an idempotency key, the same key always
    gives the same comparison.

    Raises InvalidInput where the plans differ or nothing else does, and what `launch_batch` raises.
    """
    if a.seed is None and b.seed is None:
        seed = secrets.randbelow(2**31)
        a, b = replace(a, seed=seed), replace(b, seed=seed)
    a, b = chosen(workspace, a), chosen(workspace, b)
    _check_pair(a, b)
    title = " ".join(name.split())[:MAX_NAME_CHARS] or _title(workspace, a, b)
    a, b = _named(a, title, "A"), _named(b, title, "B")
    connections = [check_launch(workspace, request) for request in (a, b)]
    with workspace.write() as session:
        first, second = (
            add_batch(workspace, session, request, connection)
            for request, connection in zip((a, b), connections, strict=True)
        )
        known = session.scalar(select(Comparison).where(Comparison.a_batch_id == first.batch_id))
        if known is not None:
            return known
        comparison = Comparison(
            comparison_id=new_id("cmp"),
            name=title,
            a_batch_id=first.batch_id,
            b_batch_id=second.batch_id,
            project_id=a.project_id,
            created_by=a.created_by,
        )
        session.add(comparison)
        return comparison


def launch_preview(workspace: Workspace, sides: Sequence[LaunchRequest]) -> list[Batch]:
    """The preview batches of one or two sides over the same plan, all of them or none.

    Raises InvalidInput where the plans differ, and what `launch_batch` raises.
    """
    if not 1 <= len(sides) <= 2:
        raise InvalidInput(f"A preview has one or two sides, not {len(sides)}.")
    seed = secrets.randbelow(2**31) if sides[0].seed is None else sides[0].seed
    requests = [
        replace(
            chosen(workspace, side), kind="preview", seed=seed if side.seed is None else side.seed
        )
        for side in sides
    ]
    if len(requests) == 2:
        _check_pair(*requests)
    return launch_together(workspace, requests)


def _check_pair(a: LaunchRequest, b: LaunchRequest) -> None:
    for field in SHARED:
        if getattr(a, field, None) != getattr(b, field, None):
            raise InvalidInput(
                f"The two batches differ in {field.replace('_', ' ')}.",
                remedy="A comparison runs both over the same plan.",
            )
    if all(getattr(a, field) == getattr(b, field) for field in VARIED):
        raise InvalidInput(
            "Both sides have the same version, model and parameters.",
            remedy="Let them differ in one of these.",
        )


def _named(request: LaunchRequest, title: str, side: str) -> LaunchRequest:
    key = request.idempotency_key
    return replace(
        request,
        name=request.name or f"{title}, {side}"[:MAX_NAME_CHARS],
        idempotency_key=None if key is None else f"{key}.{side.lower()}"[-100:],
    )


def _title(workspace: Workspace, a: LaunchRequest, b: LaunchRequest) -> str:
    """What differs, in words: "Bank answers: version 1 against version 2"."""
    versions = [get_version(workspace, request.template_version_id) for request in (a, b)]
    template = get_template(workspace, versions[0].template_id, project_id=a.project_id)
    sides = [version_name(version) for version in versions]
    if versions[0].template_version_id == versions[1].template_version_id:
        sides = [request.model or request.connection for request in (a, b)]
    if sides[0] == sides[1]:
        return f"{template.title}: two settings"[:MAX_NAME_CHARS]
    return f"{template.title}: {sides[0]} against {sides[1]}"[:MAX_NAME_CHARS]


@dataclass(frozen=True)
class Side:
    """One batch of a comparison with its template version."""

    batch: Batch
    version: TemplateVersion


@dataclass(frozen=True)
class Pair:
    """A comparison with its two sides."""

    comparison: Comparison
    a: Side
    b: Side


def get_comparison(workspace: Workspace, comparison_id: str) -> Pair:
    """The comparison of that id. Raises NotFound."""
    found = _pairs(workspace, Comparison.comparison_id == comparison_id, limit=1, offset=0)
    if not found:
        raise NotFound("comparison", comparison_id)
    return found[0]


def comparison_of_batch(workspace: Workspace, batch_id: str) -> Comparison | None:
    """The comparison that a batch belongs to; None for a batch launched alone."""
    either = or_(Comparison.a_batch_id == batch_id, Comparison.b_batch_id == batch_id)
    with workspace.read() as session:
        return session.scalars(select(Comparison).where(either).limit(1)).first()


def list_comparisons(
    workspace: Workspace,
    *,
    template_id: str | None = None,
    project_id: str = DEFAULT_PROJECT_ID,
    limit: int = 50,
    offset: int = 0,
) -> list[Pair]:
    """Comparisons, newest first; those with a side made from a version of that template."""
    conditions = [Comparison.project_id == project_id]
    if template_id is not None:
        batches = (
            select(Batch.batch_id)
            .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
            .where(TemplateVersion.template_id == template_id)
        )
        conditions.append(
            or_(Comparison.a_batch_id.in_(batches), Comparison.b_batch_id.in_(batches))
        )
    return _pairs(workspace, *conditions, limit=limit, offset=offset)


def _pairs(workspace: Workspace, *conditions: object, limit: int, offset: int) -> list[Pair]:
    query = (
        select(Comparison)
        .where(*conditions)  # type: ignore[arg-type]
        .order_by(Comparison.created_at.desc(), Comparison.comparison_id.desc())
        .limit(limit)
        .offset(offset)
    )
    with workspace.read() as session:
        rows = list(session.scalars(query))
        ids = {batch_id for row in rows for batch_id in (row.a_batch_id, row.b_batch_id)}
        sides = {
            batch.batch_id: Side(batch, version)
            for batch, version in session.execute(
                select(Batch, TemplateVersion)
                .join(
                    TemplateVersion,
                    TemplateVersion.template_version_id == Batch.template_version_id,
                )
                .where(Batch.batch_id.in_(ids))
            )
        }
    return [Pair(row, sides[row.a_batch_id], sides[row.b_batch_id]) for row in rows]
