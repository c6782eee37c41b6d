import json

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.api import guards
from app.api.guards import Guards, allowed_hosts, host_name, is_same_origin
from core.settings import load_settings

HERE = "http://localhost:8501"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body it got; a WebSocket is greeted."""
    if scope["type"] == "websocket":
        socket = WebSocket(scope, receive, send)
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()
        return
    request = Request(scope, receive)
    body = await request.body()
    await PlainTextResponse(body or b"nothing")(scope, receive, send)


def client(base_url: str = HERE) -> TestClient:
    app = Guards(echo, hosts=frozenset({"localhost", "127.0.0.1", "::1"}))
    return TestClient(app, base_url=base_url)


def code(response: object) -> str:
    return str(json.loads(response.text)["error"]["code"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8501", "127.0.0.1:80", "[::1]:8501", "localhost."]
)
def test_own_names_are_answered(host: str) -> None:
    assert client().get("/api/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "evil.example:8501",
        "localhost:8501@evil.example",
        "127.0.0.1.nip.io",
        "",
        "[::1",
        "localhost:port",
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/health", "/"])
def test_a_rebound_name_is_refused_on_pages_and_api(host: str, path: str) -> None:
    response = client().get(path, headers={"Host": host})
    assert response.status_code == 403
    assert code(response) == "host_not_allowed"


def test_a_rebound_name_gets_no_websocket() -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client().websocket_connect("/_stcore/stream", headers={"Host": "evil.example"}),
    ):
        pass


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:3000"])
def test_a_foreign_page_gets_no_websocket(origin: str) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client().websocket_connect("/_stcore/stream", headers={"Origin": origin}),
    ):
        pass


def test_our_own_page_gets_its_websocket() -> None:
    headers = {"Origin": HERE, "Host": "localhost:8501"}
    with client().websocket_connect("/_stcore/stream", headers=headers) as socket:
        assert socket.receive_text() == "hello"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "https://localhost:8501.evil.example"},
        {"Origin": "null"},
        {"Origin": "file://"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_another_origin_changes_nothing(headers: dict[str, str], method: str) -> None:
    response = client().request(method, "/api/v1/batches", headers=headers, json={})
    assert response.status_code == 403
    assert code(response) == "origin_not_allowed"


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": HERE}, {"Sec-Fetch-Site": "same-origin"}], ids=str
)
def test_our_own_pages_and_programs_may_change_things(headers: dict[str, str]) -> None:
    assert client().post("/api/v1/batches", headers=headers, json={}).status_code == 200


def test_reading_needs_no_origin() -> None:
    response = client().get("/api/v1/batches", headers={"Origin": "http://evil.example"})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None],
)
def test_only_json_bodies_reach_the_api(media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    response = client().post("/api/v1/batches", content=b"{}", headers=headers)
    assert response.status_code == 415
    assert code(response) == "json_only"


def test_a_post_without_a_body_needs_no_content_type() -> None:
    assert client().post("/api/v1/batches/x/pause").status_code == 200


def test_pages_take_any_body() -> None:
    response = client().put("/_stcore/upload_file/a/b", content=b"x" * 10)
    assert response.text == "x" * 10


def test_an_upload_is_bytes() -> None:
    headers = {"Content-Type": "application/octet-stream"}
    response = client().post("/api/v1/sources?name=a.csv", content=b"a,b", headers=headers)
    assert response.text == "a,b"
    refused = client().post("/api/v1/sources?name=a.csv", json={})
    assert (refused.status_code, code(refused)) == (415, "bytes_only")


@pytest.mark.parametrize("is_announced", [True, False], ids=["announced", "chunked"])
@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 413)])
def test_a_body_may_be_as_large_as_the_limit(
    monkeypatch: pytest.MonkeyPatch, is_announced: bool, extra: int, status: int
) -> None:
    monkeypatch.setattr(guards, "MAX_JSON_BYTES", 1000)
    body = b"x" * (1000 + extra)
    pieces = (body[i : i + 100] for i in range(0, len(body), 100))
    headers = {"Content-Type": "application/json"}
    response = client().post(
        "/api/v1/batches", content=body if is_announced else pieces, headers=headers
    )
    assert response.status_code == status
    if status == 413:
        assert code(response) == "body_too_large"


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 30, "x"])
def test_a_strange_content_length_is_refused(length: str) -> None:
    headers = {"Content-Length": length, "Content-Type": "application/json"}
    assert client().post("/api/v1/batches", headers=headers).status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/samples/a%00b", "/api/v1/samples?search=%00"])
def test_nul_characters_in_urls_are_refused(path: str) -> None:
    assert client().get(path).status_code == 400


def test_every_answer_carries_the_security_headers() -> None:
    for path, frames in (("/", "SAMEORIGIN"), ("/api/v1/health", "DENY")):
        headers = client().get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == frames
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    # Streamlit's pages run scripts that this policy would stop.
    assert "content-security-policy" not in client().get("/").headers


def test_refusals_carry_the_security_headers_too() -> None:
    refused = client().get("/api/v1/health", headers={"Host": "evil.example"})
    assert refused.headers["x-content-type-options"] == "nosniff"


def test_inner_guards_do_not_examine_a_request_again() -> None:
    inner = Guards(echo, hosts=frozenset({"never"}), api_prefix="")
    outer = Guards(inner, hosts=frozenset({"localhost"}))
    assert TestClient(outer, base_url=HERE).get("/api/v1/health").status_code == 200


def test_the_server_answers_to_its_own_address_and_to_loopback() -> None:
    assert "seedbed.lan" in allowed_hosts(load_settings(host="seedbed.lan"))
    everywhere = allowed_hosts(load_settings(host="0.0.0.0"))
    assert everywhere == guards.LOOPBACK_HOSTS


@pytest.mark.parametrize(
    ("netloc", "name"),
    [("A.B:1", "a.b"), ("[2001:DB8::1]:80", "2001:db8::1"), ("a b", ""), ("a:b:c", ""), ("", "")],
)
def test_host_names_are_taken_from_their_port(netloc: str, name: str) -> None:
    assert host_name(netloc) == name


@pytest.mark.parametrize(
    ("origin", "host", "is_same"),
    [
        ("http://localhost", "localhost:80", True),
        ("https://seedbed.lan", "seedbed.lan", True),
        ("http://localhost:8501", "127.0.0.1:8501", False),
        ("http://localhost:8502", "localhost:8501", False),
        ("ws://localhost", "localhost", False),
    ],
)
def test_same_origin_means_same_host_and_port(origin: str, host: str, is_same: bool) -> None:
    assert is_same_origin(origin, host) is is_same
