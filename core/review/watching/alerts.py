"""Alerts: a batch that is worse than the batches of its template before it.

Owns what is stored and said; `predecessors` measures and `declines` tests.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.ids import new_id, utc_now
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Batch, QualityAlert
from core.db.workspace import Workspace
from core.errors import NotFound
from core.insight.diversity.metrics import METRICS
from core.quality.registry import CHECKS
from core.quality.thresholds.settings import batch_and_version
from core.review.watching.declines import Decline, draw_size
from core.review.watching.predecessors import (
    FAILED,
    earlier_batches,
    fallen_diversity,
    read_side,
    risen_defects,
)


def raise_alerts(workspace: Workspace, batch_id: str) -> list[QualityAlert]:
    """Compare a batch with the batches of its template before it, and store what got worse.

    Returns the batch's alerts, dismissed ones included. Running it again brings them up to date
    and keeps what was dismissed. A template's first batch raises none. Raises NotFound.
    """
    with workspace.read() as session:
        batch, version = batch_and_version(session, batch_id)
        before = earlier_batches(session, batch, version.template_id)
    declines: list[tuple[str, Decline]] = []
    size = 0
    if before:
        sides = [read_side(workspace, key) for key in (batch_id, *before)]
        declines += [("defects", decline) for decline in risen_defects(sides)]
        size = draw_size([len(side.readings) for side in sides])
        fallen = fallen_diversity(workspace, sides, size) if size else []
        declines += [("diversity", decline) for decline in fallen]
    with workspace.write() as session:
        return _store(session, batch, version.template_id, declines, len(before), size)


def list_alerts(
    workspace: Workspace,
    *,
    batch_id: str | None = None,
    template_id: str | None = None,
    with_dismissed: bool = False,
    limit: int = 50,
    project_id: str = DEFAULT_PROJECT_ID,
) -> list[QualityAlert]:
    """The newest alerts, of one batch or template or of the project."""
    query = select(QualityAlert).where(QualityAlert.project_id == project_id)
    if batch_id is not None:
        query = query.where(QualityAlert.batch_id == batch_id)
    if template_id is not None:
        query = query.where(QualityAlert.template_id == template_id)
    if not with_dismissed:
        query = query.where(QualityAlert.dismissed_at.is_(None))
    order = (QualityAlert.created_at.desc(), QualityAlert.p_value, QualityAlert.measure)
    with workspace.read() as session:
        return list(session.scalars(query.order_by(*order).limit(limit)))


def dismiss_alert(
    workspace: Workspace, alert_id: str, *, dismissed_by: str = LOCAL_ADMIN_ID
) -> QualityAlert:
    """The alert, seen and put aside. Doing it twice changes nothing. Raises NotFound."""
    with workspace.write() as session:
        alert = _alert(session, alert_id)
        if alert.dismissed_at is None:
            alert.dismissed_at, alert.dismissed_by = utc_now(), dismissed_by
        return alert


def restore_alert(workspace: Workspace, alert_id: str) -> QualityAlert:
    """The alert, shown again. Raises NotFound."""
    with workspace.write() as session:
        alert = _alert(session, alert_id)
        alert.dismissed_at = alert.dismissed_by = None
        return alert


def measure_label(alert: QualityAlert) -> str:
    """What an alert is about, for people."""
    return _label(alert.measure)


def _alert(session: Session, alert_id: str) -> QualityAlert:
    alert = session.get(QualityAlert, alert_id)
    if alert is None:
        raise NotFound("alert", alert_id)
    return alert


def _store(
    session: Session,
    batch: Batch,
    template_id: str,
    declines: Sequence[tuple[str, Decline]],
    batches: int,
    size: int,
) -> list[QualityAlert]:
    stored = session.scalars(select(QualityAlert).where(QualityAlert.batch_id == batch.batch_id))
    known = {(alert.kind, alert.measure): alert for alert in stored}
    alerts = []
    for kind, decline in declines:
        alert = known.pop((kind, decline.measure), None)
        if alert is None:
            alert = QualityAlert(
                alert_id=new_id("alr"), batch_id=batch.batch_id, template_id=template_id, kind=kind,
                measure=decline.measure, created_by=batch.created_by, project_id=batch.project_id,
            )  # fmt: skip
            session.add(alert)
        alert.value, alert.baseline = decline.value, decline.baseline
        alert.p_value = decline.p_value
        alert.message = _message(kind, decline, batches, size)
        alerts.append(alert)
    for gone in known.values():
        session.delete(gone)
    return alerts


def _message(kind: str, decline: Decline, batches: int, size: int) -> str:
    label, now, then = _label(decline.measure), decline.value, decline.baseline
    before = "the batch before" if batches == 1 else f"the {batches} batches before"
    chance = "p < 0.001" if decline.p_value < 0.001 else f"p = {decline.p_value:.3f}"
    if kind == "diversity":
        direction = "higher" if now > then else "lower"
        return (
            f"{label} is {100 * abs(now - then) / abs(then):.0f} % {direction}: {now:.3g} against "
            f"{then:.3g} in {before}, in draws of {size} texts each ({chance}). "
            "Look at the map for what it repeats, and at the prompt or model that changed."
        )
    return (
        f"{label}: {100 * now:.1f} % of the samples, {100 * then:.1f} % in {before} ({chance}). "
        f"{_advice(decline.measure)}"
    )


def _advice(measure: str) -> str:
    check = CHECKS.get(measure)
    if measure.endswith("_duplicate"):
        return "More samples find more twins by nature; raise the variety of the variables."
    if check is not None and check.stage == "batch":
        return "Look at the samples with this finding and their twins."
    return "Look at the samples with this finding, and at what changed in prompt or model."


_SPELLED_OUT = {FAILED: "Samples without an answer", "pii": "Personal data"}


def _label(measure: str) -> str:
    if measure in METRICS:
        return METRICS[measure].label
    return _SPELLED_OUT.get(measure) or measure.replace("_", " ").capitalize()
