"""Whether the server and its database answer. No detail: anyone who reaches the port may ask."""

from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter
from sqlalchemy import text

from app.api.common import COMMON_ERRORS, Record, WorkspaceDep

router = APIRouter(tags=["health"], responses=COMMON_ERRORS)


class Health(Record):
    """The server answers and so does its database."""

    status: Literal["ok"]
    version: str


@router.get("/health", summary="Check that Seedbed answers")
def health(workspace: WorkspaceDep) -> Health:
    with workspace.read() as session:
        session.execute(text("SELECT 1"))
    return Health(status="ok", version=version("seedbed"))
