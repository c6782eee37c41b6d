"""The loopback server as a process of its own, driven from outside."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

SCRIPT = Path(__file__).parents[2] / "loopback.py"


@pytest.fixture
def server_url() -> Iterator[str]:
    command = [sys.executable, str(SCRIPT), "--port", "0", "--latency-ms", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removesuffix("/v1")
        process.terminate()


def call(url: str, body: Any = None) -> Any:
    data = None if body is None else orjson.dumps(body)
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=5) as answer:
        return orjson.loads(answer.read())


def test_it_counts_configures_and_forgets(server_url: str) -> None:
    question = {"model": "m", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
    call(f"{server_url}/v1/chat/completions", question)
    call(f"{server_url}/v1/chat/completions", question)
    stats = call(f"{server_url}/stats")
    assert (stats["requests"], stats["distinct"], stats["repeated"]) == (2, 1, 1)
    entries = call(f"{server_url}/log")
    assert stats["bill_nano_usd"] == sum(entry["bill_nano_usd"] for entry in entries) > 0
    call(f"{server_url}/config", {"latency_ms": 0, "faults": ["truncated"]})
    with pytest.raises(orjson.JSONDecodeError):
        call(f"{server_url}/v1/chat/completions", question)
    call(f"{server_url}/reset", {})
    assert call(f"{server_url}/stats")["requests"] == 0
