import asyncio
import gc
import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.testclient import TestClient

from app.api.downloads import PIECE_BYTES, attachment, send_file, send_tar
from app.api.errors import install_error_handlers
from app.api.exports import ExportedFile

CONTENT = bytes(range(256)) * (PIECE_BYTES // 64)


def stored(folder: Path, name: str, content: bytes) -> ExportedFile:
    path = folder / name
    path.write_bytes(content)
    return ExportedFile(path, name, len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
def file(tmp_path: Path) -> ExportedFile:
    return stored(tmp_path, "train.parquet", CONTENT)


def app_of(*files: ExportedFile) -> FastAPI:
    api = FastAPI()
    install_error_handlers(api)

    @api.api_route("/file", methods=["GET", "HEAD"])
    def one(request: Request) -> Response:
        return send_file(request, files[0])

    @api.get("/tar")
    def everything() -> Response:
        return send_tar(files, "demo-1.0.0", 1_700_000_000.9)

    return api


def get(file: ExportedFile, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return TestClient(app_of(file)).get("/file", headers=named)


def test_a_whole_file_arrives_with_its_checksum_as_etag(file: ExportedFile) -> None:
    response = get(file)
    assert response.status_code == 200
    assert response.content == CONTENT
    assert response.headers["etag"] == f'"{file.sha256}"'
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-length"] == str(len(CONTENT))
    assert response.headers["content-type"] == "application/vnd.apache.parquet"
    assert response.headers["content-disposition"] == 'attachment; filename="train.parquet"'


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        (f"bytes=5-{PIECE_BYTES + 5}", 5, PIECE_BYTES + 6),
        ("bytes=1000-", 1000, len(CONTENT)),
        ("bytes=-7", len(CONTENT) - 7, len(CONTENT)),
    ],
)
def test_a_range_arrives_alone(file: ExportedFile, header: str, start: int, end: int) -> None:
    response = get(file, Range=header)
    assert response.status_code == 206
    assert response.content == CONTENT[start:end]
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert response.headers["content-length"] == str(end - start)


def test_an_interrupted_download_is_resumed(file: ExportedFile) -> None:
    first = get(file, Range="bytes=0-999")
    rest = get(file, Range="bytes=1000-", If_Range=first.headers["etag"])
    assert hashlib.sha256(first.content + rest.content).hexdigest() == file.sha256


def test_a_changed_file_is_sent_whole(file: ExportedFile) -> None:
    response = get(file, Range="bytes=1000-", If_Range='"another"')
    assert response.status_code == 200
    assert response.content == CONTENT


def test_a_range_outside_the_file_is_refused(file: ExportedFile) -> None:
    response = get(file, Range=f"bytes={len(CONTENT)}-")
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(CONTENT)}"
    assert response.json()["error"]["code"] == "range_not_satisfiable"


def test_a_header_of_many_ranges_costs_one_file(file: ExportedFile) -> None:
    response = get(file, Range="bytes=" + ",".join("0-0" for _ in range(20_000)))
    assert response.status_code == 200
    assert len(response.content) == len(CONTENT)


@pytest.mark.parametrize("tag", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
def test_bytes_that_the_client_has_are_not_sent_again(file: ExportedFile, tag: str) -> None:
    response = get(file, If_None_Match=tag.format(file.sha256))
    assert response.status_code == 304
    assert response.content == b""


def test_head_tells_the_size_and_sends_nothing(file: ExportedFile) -> None:
    response = TestClient(app_of(file)).head("/file")
    assert response.headers["content-length"] == str(len(CONTENT))
    assert response.content == b""


def test_an_empty_file_arrives_empty(tmp_path: Path) -> None:
    response = get(stored(tmp_path, "test.csv", b""))
    assert (response.status_code, response.content) == (200, b"")


def test_a_compressing_server_leaves_downloads_as_they_are(file: ExportedFile) -> None:
    client = TestClient(GZipMiddleware(app_of(file), minimum_size=1))
    whole = client.get("/file", headers={"Accept-Encoding": "gzip"})
    assert whole.headers["content-length"] == str(len(CONTENT))
    part = client.get("/file", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-99"})
    assert part.content == whole.content[:100]
    tar = client.get("/tar", headers={"Accept-Encoding": "gzip"})
    assert tar.headers["content-length"] == str(len(tar.content))


def test_a_file_that_is_gone_or_changed_is_not_served(file: ExportedFile) -> None:
    with file.path.open("ab") as opened:
        opened.write(b"more")
    assert get(file).status_code == 410
    file.path.unlink()
    assert get(file).json()["error"]["code"] == "damaged_file"


def test_a_file_deleted_during_the_download_still_arrives_whole(file: ExportedFile) -> None:
    response = send_file(Request({"type": "http", "headers": []}), file)
    file.path.unlink()
    sent = asyncio.run(_collect(response))
    assert sent == CONTENT


async def _collect(response: Response, stop_after: int | None = None) -> bytes:
    """What the response sends; the client goes after so many pieces, if that is given."""
    pieces: list[bytes] = []
    gone = asyncio.Event()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            pieces.append(message["body"])
        if stop_after is not None and len(pieces) >= stop_after:
            gone.set()
            await asyncio.sleep(0.01)

    async def receive() -> dict[str, str]:
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.3"}}
    await response(scope, receive, send)
    return b"".join(pieces)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts handles through /proc")
def test_clients_that_go_away_leave_no_open_file(file: ExportedFile) -> None:
    request = Request({"type": "http", "headers": []})
    asyncio.run(_collect(send_file(request, file), stop_after=1))
    gc.collect()
    before = open_files()
    for _ in range(20):
        sent = asyncio.run(_collect(send_file(request, file), stop_after=2))
        assert len(sent) < len(CONTENT)
    assert open_files() == before


def test_a_tar_holds_every_file_and_announces_its_length(tmp_path: Path) -> None:
    contents = {"train.jsonl": b"x" * 513, "empty.csv": b"", "README.md": b"y" * 512}
    files = [stored(tmp_path, name, content) for name, content in contents.items()]
    client = TestClient(app_of(*files))
    response = client.get("/tar")
    assert response.headers["content-length"] == str(len(response.content))
    assert response.headers["content-disposition"] == 'attachment; filename="demo-1.0.0.tar"'
    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        names = archive.getnames()
        found = {
            name.removeprefix("demo-1.0.0/"): archive.extractfile(name).read()  # type: ignore[union-attr]
            for name in names
        }
    assert found == contents
    assert client.get("/tar").content == response.content


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.csv", "attachment; filename=\"a_b.csv\"; filename*=UTF-8''a%20b.csv"),
        ('x"\r\n.csv', "attachment; filename=\"x___.csv\"; filename*=UTF-8''x%22%0D%0A.csv"),
        ("größe.md", "attachment; filename=\"gr__e.md\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.md"),
    ],
)
def test_a_file_name_cannot_break_its_header(name: str, header: str) -> None:
    assert attachment(name) == header
