"""What a hostile server can make a client hold: measured in a process of its own."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).resolve().parents[3]
MOST_GROWTH_MIB = 64
AT_ONCE = 16
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

CLIENT = """
import asyncio, sys
from core.providers.base import Message, ModelRequest
from core.providers.openai_protocol import OpenAIProtocol
from core.providers.transport import HttpProvider, TransportLimits
from core.settings import Settings

url, at_once = sys.argv[1], int(sys.argv[2])
limits = TransportLimits(at_once, 20.0, Settings.model_fields["max_response_bytes"].default)
request = ModelRequest("m", (Message("user", "hi"),), 100)

def peak_mib():
    # Not ru_maxrss: that starts at the size of the process that forked this one.
    status = open("/proc/self/status").read()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024

async def ask():
    provider = HttpProvider("x", OpenAIProtocol(url), url, None, limits)
    prepared = provider.prepare(request)
    async def all_at_once():
        return await asyncio.gather(*(provider.send(request, prepared) for _ in range(at_once)))
    assert all(outcome.reply for outcome in await all_at_once())
    before = peak_mib()
    outcomes = await all_at_once()
    print(peak_mib() - before, *{str(o.failure.kind) if o.failure else "reply" for o in outcomes})
    await provider.close()

asyncio.run(ask())
"""


@pytest.fixture
def server_url() -> Iterator[str]:
    """A server in a process of its own."""
    command = [sys.executable, str(ROOT / "tests" / "loopback.py"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("huge_body", "too_large"),
        ("endless", "too_large"),
        ("gzip_bomb", "too_large"),
        ("many_headers", "garbage"),
        ("endless_head", "garbage"),
        ("crowded", "garbage"),
    ],
)
def test_many_hostile_answers_at_once_take_little_memory(
    server_url: str, fault: str, kind: str
) -> None:
    # Honest answers first: what those take is not counted.
    faults = orjson.dumps({"faults": [None] * AT_ONCE + [fault] * AT_ONCE})
    with urllib.request.urlopen(server_url.removesuffix("/v1") + "/config", faults, 5) as answer:
        assert answer.status == 200
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, server_url, str(AT_ONCE)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    growth_mib, *kinds = done.stdout.split()
    assert kinds == [kind]
    assert float(growth_mib) < MOST_GROWTH_MIB
