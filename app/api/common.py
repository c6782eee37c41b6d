"""What every router shares: the workspace, paging, and the JSON form of records."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Generic, Self, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from app.api.errors import documented
from core.db.workspace import Workspace

MAX_LIMIT = 500
# What any route may answer; each adds its own.
COMMON_ERRORS = documented(400, 403, 422, 500, 503)


def _workspace(request: Request) -> Workspace:
    workspace: Workspace = request.app.state.workspace
    return workspace


WorkspaceDep = Annotated[Workspace, Depends(_workspace)]


def plain_usd(value: Decimal) -> str:
    """`0.00000125`, never `1.25E-6`."""
    return format(value, "f")


Usd = Annotated[
    Decimal,
    PlainSerializer(plain_usd, return_type=str),
    WithJsonSchema(
        {"type": "string", "description": "US dollars as a decimal string.", "examples": ["0.42"]},
        mode="serialization",
    ),
]
UsdInput = Annotated[
    Decimal,
    Field(ge=0, le=Decimal(10**6), description="US dollars, as a number or a decimal string."),
]


class Record(BaseModel):
    """A stored record as JSON, read from the core's own object."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, source: object) -> Self:
        """This record of a core object."""
        return cls.model_validate(source)


class RequestBody(BaseModel):
    """What a caller sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


RecordT = TypeVar("RecordT", bound=BaseModel)


class Page(BaseModel, Generic[RecordT]):
    """One page of a list."""

    items: list[RecordT]
    limit: int = Field(description="Most items a page holds.")
    offset: int = Field(description="Items skipped before this page.")
    total: int | None = Field(
        None, description="Items in all, where the list counts them; null where it does not."
    )


class Paging(BaseModel):
    """Which page of a list is wanted."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Most items to return.")
    offset: int = Field(0, ge=0, le=10**9, description="Items to skip.")

    def page(self, items: Iterable[Any], total: int | None = None) -> dict[str, Any]:
        """The page's fields around these items."""
        return {
            "items": list(items), "limit": self.limit, "offset": self.offset, "total": total
        }  # fmt: skip

    def slice(self, items: list[Any]) -> dict[str, Any]:
        """This page of a list that the core returns whole."""
        return self.page(items[self.offset : self.offset + self.limit], len(items))


PagingQuery = Annotated[Paging, Query()]
