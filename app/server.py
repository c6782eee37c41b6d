"""The one server process: Streamlit's pages and the REST API in one ASGI app.

It never generates: it writes rows and enqueues jobs.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.routing import Mount

from app.api.application import create_api
from app.api.guards import Guards, allowed_hosts
from core.jobs.opening import open_ready_workspace
from core.settings import Settings, load_settings

SCRIPT = Path(__file__).with_name("main.py")


def create_app(settings: Settings) -> st.App:
    """The ASGI app for a workspace; brought up to date first."""
    workspace = open_ready_workspace(settings)

    @asynccontextmanager
    async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
        yield {}
        workspace.close()

    return st.App(
        SCRIPT,
        lifespan=lifespan,
        routes=[Mount("/api", create_api(workspace))],
        middleware=[Middleware(Guards, hosts=allowed_hosts(settings))],
    )


def serve(settings: Settings) -> None:
    """Serve pages and API until the process is asked to end."""
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    serve(load_settings())
