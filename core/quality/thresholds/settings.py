"""The thresholds that apply to a batch: those of its template version, under what was moved."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from core.db.tables import Batch, TemplateVersion
from core.errors import InvalidInput, NotFound
from core.templates.definition import CheckSettings, TemplateDefinition
from core.templates.versions import load_definition


def batch_and_version(session: Session, batch_id: str) -> tuple[Batch, TemplateVersion]:
    """The batch and the template version that made it. Raises NotFound."""
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound("batch", batch_id)
    version = session.get(TemplateVersion, batch.template_version_id)
    if version is None:
        raise NotFound("template version", batch.template_version_id)
    return batch, version


def check_settings(batch: Batch, version: TemplateVersion) -> CheckSettings:
    """The version's `checks`, defaults filled in, under what a person moved for this batch."""
    stored = version.definition.get("checks") or {}
    return CheckSettings.model_validate({**stored, **batch.checks})


def version_settings(version: TemplateVersion) -> CheckSettings:
    """The `checks` section of a stored definition, defaults filled in."""
    return CheckSettings.model_validate(version.definition.get("checks") or {})


def decided_definition(batch: Batch, version: TemplateVersion) -> TemplateDefinition:
    """What the version says, with the batch's own thresholds in its `checks`."""
    definition = load_definition(version)
    if not batch.checks:
        return definition
    return definition.model_copy(update={"checks": check_settings(batch, version)})


def moved(settings: CheckSettings, changes: Mapping[str, Any]) -> CheckSettings:
    """The settings with these fields replaced.

    Raises InvalidInput for an unknown field, a value out of its bounds, or thresholds in disorder.
    """
    try:
        return CheckSettings.model_validate({**settings.model_dump(mode="json"), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "thresholds"
        raise InvalidInput(
            f"{where}: {first['msg'].removeprefix('Value error, ')}.",
            remedy="Choose a value within the bounds of that threshold.",
        ) from error


def differences(settings: CheckSettings, base: CheckSettings) -> dict[str, Any]:
    """The fields of `settings` that differ from `base`, as JSON."""
    before, after = base.model_dump(mode="json"), settings.model_dump(mode="json")
    return {name: value for name, value in after.items() if value != before[name]}
