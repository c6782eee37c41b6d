"""Connections to models and the prices of models. Keys are named here, never sent or shown."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from app.api.common import (
    COMMON_ERRORS,
    Page,
    PagingQuery,
    Record,
    RequestBody,
    Usd,
    UsdInput,
    WorkspaceDep,
)
from app.api.errors import documented
from core.errors import UnknownPrice
from core.providers import connections, prices
from core.providers.registry import PROTOCOLS

router = APIRouter(responses=COMMON_ERRORS)

ConnectionName = Annotated[str, Path(max_length=100, description="Name of the connection.")]


class ConnectionRecord(Record):
    """A way to reach a model."""

    name: str
    protocol: str
    base_url: str | None
    key_variable: str | None = Field(description="The environment variable that holds the key.")
    default_model: str
    requests_per_minute: int | None
    tokens_per_minute: int | None
    max_concurrency: int | None
    created_at: datetime


class ConnectionPut(RequestBody):
    """A connection to save."""

    protocol: str = Field(max_length=50, description=f"One of {', '.join(PROTOCOLS)}.")
    base_url: str | None = Field(None, max_length=500, description="Unset for offline.")
    key_variable: str | None = Field(
        None, max_length=100, description="The environment variable with the key; unset: no key."
    )
    default_model: str = Field(max_length=200)
    requests_per_minute: int | None = Field(
        None, ge=1, description="Of all batches together; unset: as the provider announces."
    )
    tokens_per_minute: int | None = Field(None, ge=1, description="Input and output together.")
    max_concurrency: int | None = Field(None, ge=1, description="Calls in flight at most.")


class PriceRecord(Record):
    """What a model costs."""

    input_usd_per_mtok: Usd
    cached_input_usd_per_mtok: Usd
    output_usd_per_mtok: Usd
    source: str = Field(description="Where the figures come from.")


class PriceAdd(RequestBody):
    """A price to add; earlier ones stay, the newest counts."""

    connection: str = Field(max_length=100)
    model: str = Field(max_length=200)
    input_usd_per_mtok: UsdInput
    output_usd_per_mtok: UsdInput
    source: str = Field("", max_length=500, description="Where the figures come from.")


@router.get(
    "/connections",
    tags=["connections"],
    summary="List connections",
    response_model=Page[ConnectionRecord],
)
def list_connections(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.slice(connections.list_connections(workspace))


@router.get(
    "/connections/{name}",
    tags=["connections"],
    summary="Get a connection",
    responses=documented(404),
)
def get_connection(workspace: WorkspaceDep, name: ConnectionName) -> ConnectionRecord:
    return ConnectionRecord.of(connections.get_connection(workspace, name))


@router.put(
    "/connections/{name}",
    tags=["connections"],
    summary="Save a connection",
    description="http is accepted for this machine's own addresses, https for all others.",
    responses=documented(409, 413, 415),
)
def put_connection(
    workspace: WorkspaceDep, name: ConnectionName, body: ConnectionPut
) -> ConnectionRecord:
    saved = connections.save_connection(workspace, name, **body.model_dump())
    return ConnectionRecord.of(saved)


@router.get(
    "/prices", tags=["prices"], summary="Get a model's price", responses=documented(404, 409)
)
def get_price(
    workspace: WorkspaceDep,
    connection: Annotated[str, Query(description="Name of the connection.")],
    model: Annotated[str | None, Query(description="Its default model when left out.")] = None,
) -> PriceRecord:
    found = connections.get_connection(workspace, connection)
    price = prices.find_price(workspace, found, model or found.default_model)
    if price is None:
        raise UnknownPrice(connection, model or found.default_model)
    return PriceRecord.of(price)


@router.post(
    "/prices",
    tags=["prices"],
    summary="Enter a model's price",
    status_code=201,
    responses=documented(404, 413, 415),
)
def add_price(workspace: WorkspaceDep, body: PriceAdd) -> PriceRecord:
    found = connections.get_connection(workspace, body.connection)
    price = prices.set_price(
        workspace,
        found,
        body.model,
        body.input_usd_per_mtok,
        body.output_usd_per_mtok,
        source=body.source,
    )
    return PriceRecord.of(price)
