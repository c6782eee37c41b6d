"""A version: compare, restore, fork, rename; and what each version yielded."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.common import COMMON_ERRORS, Record, RequestBody, Usd, WorkspaceDep
from app.api.errors import documented
from app.api.templates import VersionContent, VersionRecord, content_of
from core.insight.comparing.version_statistics import version_statistics
from core.templates import versions
from core.templates.diffing import diff_definitions

router = APIRouter(tags=["templates"], responses=COMMON_ERRORS)


class DiffPartRecord(Record):
    """A run of text that both prompts have, or that one of them has."""

    kind: Literal["same", "added", "removed"]
    text: str


class PromptDiffRecord(Record):
    """One prompt that differs, word by word."""

    name: str
    parts: list[DiffPartRecord]


class FieldChangeRecord(Record):
    """One setting that differs."""

    part: str
    path: str
    change: Literal["added", "removed", "changed"]
    before: str | None
    after: str | None


class TemplateDiff(Record):
    """The difference of two versions."""

    diff: str = Field(description="Unified diff of the two definitions as YAML; empty when equal.")
    prompts: list[PromptDiffRecord]
    fields: list[FieldChangeRecord]


class VersionName(RequestBody):
    """A version's label."""

    name: str = Field(max_length=200, description="Empty takes the label away.")


class Fork(RequestBody):
    """A new template from a version."""

    name: str = Field(description="Lower-case letters, digits and hyphens; not yet taken.")
    title: str = Field("", max_length=200, description="That of the origin when left out.")


class ShareRecord(Record):
    """A share with its 95 % Wilson interval."""

    value: float | None
    low: float
    high: float
    count: int
    total: int


class MeanRecord(Record):
    """A mean with its 95 % interval."""

    value: float | None
    low: float | None
    high: float | None
    total: int


class MarkRecord(Record):
    """A difference to the version before, beyond chance."""

    measure: str
    is_better: bool
    adjusted_p: float


class StatisticsRecord(Record):
    """What one version yielded."""

    template_version_id: str
    number: int
    name: str
    batches: int
    samples: int
    generated: int
    compliance: ShareRecord
    acceptance: ShareRecord
    quality: MeanRecord
    cost_usd: Usd
    cost_per_accepted: MeanRecord = Field(description="US dollars.")
    duplicates: ShareRecord
    vendi_score: float | None
    vendi_samples: int
    marks: list[MarkRecord]


@router.get(
    "/template-versions/{template_version_id}/diff",
    summary="Compare a version with an earlier one",
    responses=documented(404),
)
def diff_versions(
    workspace: WorkspaceDep,
    template_version_id: str,
    base: Annotated[str, Query(description="The version to compare with.")],
) -> TemplateDiff:
    before, after = (versions.get_version(workspace, one) for one in (base, template_version_id))
    found = diff_definitions(versions.load_definition(before), versions.load_definition(after))
    text = versions.diff_versions(workspace, base, template_version_id)
    return TemplateDiff.of(
        {"diff": text, "prompts": list(found.prompts), "fields": list(found.fields)}
    )


@router.post(
    "/template-versions/{template_version_id}/restore",
    summary="Make an old version the newest again",
    status_code=201,
    responses=documented(404),
)
def restore_version(workspace: WorkspaceDep, template_version_id: str) -> VersionContent:
    return content_of(versions.restore_version(workspace, template_version_id))


@router.post(
    "/template-versions/{template_version_id}/fork",
    summary="Make a new template from a version",
    status_code=201,
    responses=documented(404, 409, 413, 415),
)
def fork_version(workspace: WorkspaceDep, template_version_id: str, body: Fork) -> VersionContent:
    forked = versions.fork_template(workspace, template_version_id, body.name, title=body.title)
    return content_of(forked)


@router.put(
    "/template-versions/{template_version_id}/name",
    summary="Give a version a label",
    description="The content and its hash stay as they are.",
    responses=documented(404, 413, 415),
)
def rename_version(
    workspace: WorkspaceDep, template_version_id: str, body: VersionName
) -> VersionRecord:
    return VersionRecord.of(versions.rename_version(workspace, template_version_id, body.name))


@router.get(
    "/templates/{template}/statistics",
    summary="What each version yielded, newest first",
    description=(
        "Marks stand where a version differs from the one before beyond chance, corrected for "
        "all measures. Versions may have run over other plans: a comparison is the fair test."
    ),
    responses=documented(404),
)
def statistics(workspace: WorkspaceDep, template: str) -> list[StatisticsRecord]:
    found = versions.get_template(workspace, template)
    rows: list[Any] = version_statistics(workspace, found.template_id)
    return [StatisticsRecord.of(row) for row in rows]
