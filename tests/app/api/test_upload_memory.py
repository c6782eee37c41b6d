"""A real server takes large and hostile uploads: its own memory stays where it was."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.bombs import BOMBS
from tests.documents import MIB

MAX_GROWTH_BYTES = 64 * MIB
SERVER = """
import uvicorn
from app.api.application import create_api
from core.jobs.opening import open_ready_workspace
from core.settings import load_settings
uvicorn.run(create_api(open_ready_workspace(load_settings())), port={port}, log_level="critical")
"""
CHOSEN = (
    "parquet of one text", "parquet of one list", "zip of spaces", "zip with overlapping entries",
    "docx of a billion laughs", "pixel flood in pdf", "pdf that expands", "json nested deep",
    "csv of a million columns",
)  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "SEEDBED_HOME": str(tmp_path / "workspace")}
    script = SERVER.format(port=port)
    with subprocess.Popen([sys.executable, "-c", script], env=environment) as process:
        url = f"http://127.0.0.1:{port}/v1"
        try:
            _wait_for(url)
            yield url, psutil.Process(process.pid)
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{url}/sources").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def high_water_bytes(process: psutil.Process) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def send(url: str, name: str, content: Any) -> httpx.Response:
    headers = {"Content-Type": "application/octet-stream"}
    return httpx.post(
        f"{url}/sources", params={"name": name}, content=content, headers=headers, timeout=120
    )


def test_hostile_and_large_uploads_leave_the_server_its_memory(
    server: tuple[str, psutil.Process], tmp_path: Path
) -> None:
    url, process = server
    assert send(url, "first.txt", b"Some words.").status_code == 201
    before = process.memory_info().rss
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")
    for bomb in CHOSEN:
        name, make = BOMBS[bomb]
        begun = time.monotonic()
        response = send(url, name, make())
        assert time.monotonic() - begun < 30
        if bomb != "pixel flood in pdf":
            assert response.status_code == 422, bomb
            assert response.json()["error"]["code"] == "source_invalid"
            assert response.json()["error"]["remedy"]
    rows = (b"A row of the table with some words in it,label\n" * 1_000 for _ in range(1_001))
    response = send(url, "large.csv", (part for part in (b"text,label\n", *rows)))
    assert response.status_code == 422  # more than a million rows, 47 MB of them
    assert "1,000,000 rows" in response.json()["error"]["message"]
    assert high_water_bytes(process) - before < MAX_GROWTH_BYTES
    assert process.children() == []
    home = tmp_path / "workspace"
    assert [*(home / "uploads").iterdir(), *(home / "tmp").iterdir()] == []
    assert len(httpx.get(f"{url}/sources").json()["items"]) == 2


@pytest.mark.parametrize("sent_bytes", [0, 1, 1_000, 70_000])
def test_an_upload_that_breaks_off_leaves_nothing(
    server: tuple[str, psutil.Process], tmp_path: Path, sent_bytes: int
) -> None:
    url, _ = server
    port = int(url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = (
            "POST /v1/sources?name=a.txt HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: application/octet-stream\r\nContent-Length: 100000\r\n\r\n"
        )
        connection.sendall(head.encode() + b"x" * sent_bytes)
        time.sleep(0.2)
    uploads = tmp_path / "workspace" / "uploads"
    for _ in range(100):
        if uploads.is_dir() and not list(uploads.iterdir()):
            break
        time.sleep(0.05)
    assert list(uploads.iterdir()) == []
    assert httpx.get(f"{url}/sources").json()["items"] == []
