from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.api.application import create_api
from core.db.workspace import Workspace
from core.jobs.running.queue import prepare_queue
from core.templates.starters import install_starters


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    """The API over an empty workspace with the starter templates."""
    prepare_queue(workspace)
    install_starters(workspace)
    app = create_api(workspace)
    with TestClient(app, base_url="http://localhost") as client:
        yield client
