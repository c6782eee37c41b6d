"""The thresholds that apply to a batch: those of the template version it was made with."""

from sqlalchemy.orm import Session

from core.db.tables import Batch, TemplateVersion
from core.errors import NotFound
from core.templates.definition import CheckSettings


def batch_and_version(session: Session, batch_id: str) -> tuple[Batch, TemplateVersion]:
    """The batch and the template version that made it. Raises NotFound."""
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound("batch", batch_id)
    version = session.get(TemplateVersion, batch.template_version_id)
    if version is None:
        raise NotFound("template version", batch.template_version_id)
    return batch, version


def check_settings(version: TemplateVersion) -> CheckSettings:
    """The `checks` section of a stored definition, defaults filled in."""
    return CheckSettings.model_validate(version.definition.get("checks") or {})
