"""The starter library: look at one, copy it to a template of your own."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from app.api.templates import VersionContent, content_of
from core.templates.definition import template_yaml
from core.templates.starters import Starter, copy_starter, get_starter, starters

router = APIRouter(tags=["templates"], responses=COMMON_ERRORS)


class StarterRecord(Record):
    """A template that ships with Seedbed."""

    name: str
    title: str
    set_name: str = Field(description="The set it is browsed under, such as comic.")
    domain: str
    description: str
    calls: int = Field(description="Requests to a model for one sample.")
    needs: str = Field(description="What a batch is made from besides variables, or empty.")


class StarterContent(StarterRecord):
    """A starter with what it says, as JSON and as YAML."""

    definition: dict[str, Any]
    yaml: str


class StarterCopy(RequestBody):
    """What the copy is called."""

    name: str = Field(description="Lower case, with hyphens; no template may have it.")
    title: str = Field("", max_length=200, description="Empty: the starter's.")


def _facts(starter: Starter) -> dict[str, Any]:
    definition = starter.definition
    return {
        "name": definition.name, "title": definition.title, "set_name": starter.set_name,
        "domain": definition.domain, "description": definition.description,
        "calls": starter.calls, "needs": starter.needs,
    }  # fmt: skip


@router.get("/starters", summary="List the starter library", response_model=Page[StarterRecord])
def list_starters(
    paging: PagingQuery,
    set_name: Annotated[str | None, Query(description="Only this set.")] = None,
) -> dict[str, Any]:
    found = [_facts(s) for s in starters() if set_name in (None, s.set_name)]
    return paging.slice(found)


@router.get("/starters/{name}", summary="Show a starter", responses=documented(404))
def show_starter(name: str) -> StarterContent:
    starter = get_starter(name)
    return StarterContent(
        **_facts(starter),
        definition=starter.definition.model_dump(mode="json", exclude_defaults=True),
        yaml=template_yaml(starter.definition),
    )


@router.post(
    "/starters/{name}/copy",
    summary="Copy a starter to a new template",
    status_code=201,
    responses=documented(404, 409, 413, 415),
)
def copy(workspace: WorkspaceDep, name: str, body: StarterCopy) -> VersionContent:
    return content_of(copy_starter(workspace, name, body.name, title=body.title))
