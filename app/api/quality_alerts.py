"""Alerts that a batch is worse than those before it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, WorkspaceDep
from app.api.errors import documented
from core.review.watching import alerts

router = APIRouter(prefix="/quality-alerts", tags=["insight"], responses=COMMON_ERRORS)


class QualityAlertRecord(Record):
    """One measure that got worse."""

    alert_id: str
    batch_id: str
    template_id: str
    kind: str
    measure: str
    value: float
    baseline: float
    p_value: float | None
    message: str
    created_at: datetime
    dismissed_at: datetime | None
    dismissed_by: str | None


@router.get("", summary="List alerts, newest first", response_model=Page[QualityAlertRecord])
def list_alerts(
    workspace: WorkspaceDep,
    paging: PagingQuery,
    batch_id: Annotated[str | None, Query(description="Only this batch's.")] = None,
    template_id: Annotated[str | None, Query(description="Only this template's.")] = None,
    with_dismissed: Annotated[bool, Query(description="Dismissed ones too.")] = False,
) -> dict[str, Any]:
    found = alerts.list_alerts(
        workspace, batch_id=batch_id, template_id=template_id, with_dismissed=with_dismissed,
        limit=paging.offset + paging.limit,
    )  # fmt: skip
    return paging.page(found[paging.offset :])


@router.post("/{alert_id}/dismiss", summary="Put an alert aside", responses=documented(404))
def dismiss_alert(workspace: WorkspaceDep, alert_id: str) -> QualityAlertRecord:
    return QualityAlertRecord.of(alerts.dismiss_alert(workspace, alert_id))


@router.post("/{alert_id}/restore", summary="Show an alert again", responses=documented(404))
def restore_alert(workspace: WorkspaceDep, alert_id: str) -> QualityAlertRecord:
    return QualityAlertRecord.of(alerts.restore_alert(workspace, alert_id))
