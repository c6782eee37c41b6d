import inspect
import json
import logging

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DataError, OperationalError
from starlette.testclient import TestClient

from app.api.errors import install_error_handlers, status_of
from core import errors
from core.errors import SeedbedError


def kinds(root: type[SeedbedError] = SeedbedError) -> list[type[SeedbedError]]:
    return [root, *(kind for sub in root.__subclasses__() for kind in kinds(sub))]


def made(kind: type[SeedbedError]) -> SeedbedError:
    required = [
        parameter.name
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.default is inspect.Parameter.empty
    ]
    return kind(**dict.fromkeys(required, "x"))


def failing(error: Exception) -> TestClient:
    api = FastAPI()
    install_error_handlers(api)

    @api.get("/v1/fail")
    def fail() -> None:
        raise error

    return TestClient(api, raise_server_exceptions=False)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_core_error_has_the_one_shape(kind: type[SeedbedError]) -> None:
    error = made(kind)
    response = failing(error).get("/v1/fail")
    assert response.status_code == status_of(error) >= 400
    assert response.json() == {
        "error": {"code": kind.code, "message": error.message, "remedy": error.remedy}
    }


def test_each_code_names_one_class() -> None:
    codes = [kind.code for kind in kinds()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.NotFound("batch", "b"), 404, "not_found"),
        (errors.MissingKey("openai", "OPENAI_API_KEY"), 409, "missing_key"),
        (errors.SourceError("bad", row=3), 422, "source_invalid"),
        (errors.DamagedFile("gone"), 410, "damaged_file"),
        (
            OperationalError("SELECT 1", {}, Exception("password=hunter2")),
            503,
            "database_unavailable",
        ),
        (DataError("INSERT", {}, Exception("NUL hunter2")), 422, "invalid_input"),
    ],
    ids=lambda value: value.__class__.__name__ if isinstance(value, Exception) else str(value),
)
def test_errors_map_to_their_status_and_show_no_internals(
    error: Exception, status: int, code: str
) -> None:
    response = failing(error).get("/v1/fail")
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert "hunter2" not in response.text


def test_an_unforeseen_error_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        response = failing(RuntimeError("secret path /srv/x")).get("/v1/fail")
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "unknown_route"),
        ("GET", "/", 404, "unknown_route"),
        ("GET", "/v1/batches/", 404, "unknown_route"),
        ("DELETE", "/v1/batches", 405, "method_not_allowed"),
    ],
)
def test_unknown_routes_have_the_same_shape(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.json()["error"]["code"] == code


def test_a_body_that_is_not_json_is_refused(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post("/v1/batches", content=b"{", headers=headers)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "invalid_input"


@pytest.mark.parametrize("path", ["/v1/samples", "/v1/batches", "/v1/datasets", "/v1/jobs"])
@pytest.mark.parametrize("query", ["limit=0", "limit=501", "offset=-1", "limit=x"])
def test_pages_have_limits(client: TestClient, path: str, query: str) -> None:
    response = client.get(f"{path}?{query}")
    assert response.status_code == 422
    assert "limit" in response.text or "offset" in response.text


def test_health_answers(client: TestClient) -> None:
    found = client.get("/v1/health").json()
    assert found["status"] == "ok"
    assert json.loads(client.get("/openapi.json").text)["info"]["version"] == found["version"]
