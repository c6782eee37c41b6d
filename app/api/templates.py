"""Templates and their immutable versions."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Response
from pydantic import Field, model_validator

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from core.db.tables import TemplateVersion
from core.templates import versions
from core.templates.definition import (
    TemplateDefinition,
    build_template,
    content_hash,
    parse_template,
    template_yaml,
)
from core.templates.trial import trial_render

router = APIRouter(tags=["templates"], responses=COMMON_ERRORS)


class TemplateRecord(Record):
    """A named generation recipe; its content lives in versions."""

    template_id: str
    name: str
    title: str
    domain: str
    description: str
    forked_from: str | None = Field(description="The template version that it started from.")
    created_at: datetime
    created_by: str


class VersionRecord(Record):
    """An immutable state of a template."""

    template_version_id: str
    template_id: str
    number: int
    content_hash: str
    name: str = Field(description="Its label, or empty.")
    note: str
    created_at: datetime
    created_by: str


class VersionContent(VersionRecord):
    """A template version with what it says, as JSON and as YAML."""

    definition: dict[str, Any]
    yaml: str


class TemplateSummary(Record):
    """A template with its newest version."""

    template: TemplateRecord
    latest: VersionRecord
    version_count: int


class TemplateText(RequestBody):
    """A template's content: either `yaml` or `definition`."""

    yaml: str | None = Field(None, description="The definition as YAML.", max_length=2**20)
    definition: dict[str, Any] | None = Field(None, description="The definition as JSON.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.yaml is None) == (self.definition is None):
            raise ValueError("give either yaml or definition")
        return self

    def parse(self) -> TemplateDefinition:
        """The validated definition; TemplateError or SchemaError where it is not one."""
        if self.yaml is not None:
            return parse_template(self.yaml)
        return build_template(self.definition or {})


class TemplateSave(TemplateText):
    """A template's content and why it is saved."""

    note: str = Field("", description="Why this version is saved.", max_length=2000)


class TemplateCheck(Record):
    """What a valid template is called and holds."""

    name: str
    title: str
    variables: list[str]
    content_hash: str


def content_of(version: TemplateVersion) -> VersionContent:
    """The version with its definition as JSON and as YAML."""
    yaml = template_yaml(versions.load_definition(version))
    return VersionContent(
        **VersionRecord.of(version).model_dump(), definition=version.definition, yaml=yaml
    )


@router.get("/templates", summary="List templates", response_model=Page[TemplateSummary])
def list_templates(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    found = versions.list_templates(workspace, limit=paging.limit, offset=paging.offset)
    return paging.page(found)


@router.post(
    "/templates",
    summary="Save a template as a new version",
    description="The same content as the newest version returns that version.",
    status_code=201,
    responses=documented(409, 413, 415),
)
def save_template(workspace: WorkspaceDep, body: TemplateSave) -> VersionContent:
    return content_of(versions.save_template(workspace, body.parse(), note=body.note))


@router.post(
    "/templates/validate",
    summary="Check a template without saving it",
    responses=documented(413, 415),
)
def validate_template(body: TemplateText) -> TemplateCheck:
    """Its prompts are rendered once too; an error names its place."""
    definition = body.parse()
    trial_render(definition)
    return TemplateCheck(
        name=definition.name,
        title=definition.title,
        variables=[variable.name for variable in definition.variables],
        content_hash=content_hash(definition),
    )


@router.get("/templates/{template}", summary="Get a template", responses=documented(404))
def get_template(workspace: WorkspaceDep, template: str) -> TemplateRecord:
    """The template with this name or id."""
    return TemplateRecord.of(versions.get_template(workspace, template))


@router.get(
    "/templates/{template}/versions",
    summary="List a template's versions, newest first",
    response_model=Page[VersionRecord],
    responses=documented(404),
)
def list_versions(workspace: WorkspaceDep, template: str, paging: PagingQuery) -> dict[str, Any]:
    found = versions.get_template(workspace, template)
    listed = versions.list_versions(
        workspace, found.template_id, limit=paging.limit, offset=paging.offset
    )
    return paging.page(listed)


@router.get(
    "/template-versions/{template_version_id}",
    summary="Get a version with its content",
    responses=documented(404),
)
def get_version(workspace: WorkspaceDep, template_version_id: str) -> VersionContent:
    return content_of(versions.get_version(workspace, template_version_id))


@router.get(
    "/templates/{template}/download",
    summary="Export a template as YAML",
    description="Saved again, it gives the same content.",
    response_model=None,
    responses=documented(404) | {200: {"content": {"application/yaml": {}}}},
)
def export_template(
    workspace: WorkspaceDep,
    template: str,
    version: Annotated[
        str, Query(max_length=200, description="Number, label or id; the newest when left out.")
    ] = "",
) -> Response:
    found = versions.find_version(workspace, template, version)
    text = template_yaml(versions.load_definition(found))
    return Response(text, media_type="application/yaml")
