"""The project's word lists: what associations are measured with."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from core.insight.bias import own_wordlists
from core.insight.bias.wordlist_formats import MAX_TEXT_CHARS, read_published
from core.insight.bias.wordlists import Attributes, Targets, WordList, checked_list

router = APIRouter(prefix="/word-lists", tags=["insight"], responses=COMMON_ERRORS)
Name = Annotated[str, Path(max_length=100, description="Slug of the list.")]


class WordListRecord(Record):
    """A list of the project."""

    name: str
    origin: str = Field(description="brought, edited (in place of a brought one) or own.")
    is_retired: bool = Field(description="Left out of every test.")
    changed_at: datetime | None = Field(description="Null as brought.")
    content: WordList


class WordListBody(RequestBody):
    """A list to store under the name in the path."""

    title: str = Field(min_length=1, max_length=200)
    source: str = Field("own", max_length=300, description="own, or the paper that published it.")
    targets: Targets
    attributes: Attributes


class WordListImport(RequestBody):
    """A published test as text."""

    text: str = Field(
        max_length=MAX_TEXT_CHARS,
        description="JSON with targ1, targ2, attr1 and attr2 (category, examples), four lines "
        "`name: word, word`, or Seedbed's YAML.",
    )
    name: str = Field("", max_length=100, description="Slug or file name; made up where empty.")
    source: str = Field("unknown", max_length=300, description="The paper that published it.")


@router.get("", summary="List word lists", response_model=Page[WordListRecord])
def list_word_lists(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.slice(own_wordlists.known_lists(workspace))


@router.post("/import", summary="Import a published test", status_code=201,
             responses=documented(409, 413, 415))  # fmt: skip
def import_word_list(workspace: WorkspaceDep, body: WordListImport) -> WordListRecord:
    content = read_published(body.text, body.name, source=body.source)
    return WordListRecord.of(own_wordlists.put_list(workspace, content))


@router.get("/{name}", summary="Get a word list", responses=documented(404))
def get_word_list(workspace: WorkspaceDep, name: Name) -> WordListRecord:
    return WordListRecord.of(own_wordlists.get_list(workspace, name))


@router.put("/{name}", summary="Store a word list",
            responses=documented(404, 409, 413, 415))  # fmt: skip
def put_word_list(workspace: WorkspaceDep, name: Name, body: WordListBody) -> WordListRecord:
    content = checked_list({"name": name, **body.model_dump()}, name)
    return WordListRecord.of(own_wordlists.put_list(workspace, content))


@router.delete("/{name}", summary="Leave a word list out of every test", responses=documented(404))
def retire_word_list(workspace: WorkspaceDep, name: Name) -> WordListRecord:
    return WordListRecord.of(own_wordlists.retire_list(workspace, name))


@router.post("/{name}/restore", summary="Use a word list again, a changed one as it was brought",
             responses=documented(404))  # fmt: skip
def restore_word_list(workspace: WorkspaceDep, name: Name) -> WordListRecord:
    return WordListRecord.of(own_wordlists.restore_list(workspace, name))
