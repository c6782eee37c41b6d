"""The supervisor, as a real process: it starts everything, restarts what dies, and ends cleanly."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from app.up import check_port, environment_of
from core.db.workspace import Workspace
from core.errors import SettingsError
from core.generation.batches import LaunchRequest
from core.jobs.launching import launch_batch
from core.jobs.running.waiting import wait_for_batch
from core.jobs.running.workers import list_workers
from core.settings import load_settings
from core.templates.versions import latest_version

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(is_true: Callable[[], object], what: str, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def supervisor(workspace: Workspace, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = environment_of(workspace.settings) | {"SEEDBED_PORT": str(port)}
    command = (sys.executable, "-m", "app.cli", "up", "--no-demo")
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL)
    yield process
    for child in psutil.Process(process.pid).children() if process.poll() is None else []:
        child.kill()
    process.kill()
    process.wait()


def status(port: int, path: str, host: str = "localhost") -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def test_everything_starts_survives_a_killed_worker_and_stops(
    workspace: Workspace, port: int, supervisor: subprocess.Popen[bytes]
) -> None:
    until(lambda: status(port, "/api/v1/health") == 200, "the API answers")
    until(lambda: len(list_workers(workspace)) == 2, "both workers run")
    assert status(port, "/") == 200
    assert status(port, "/_stcore/health") == 200
    assert status(port, "/", host="attacker.example") == 403
    assert status(port, "/api/v1/batches", host="attacker.example") == 403

    version = latest_version(workspace, "preference-pair")
    request = LaunchRequest(version.template_version_id, 3000, budget_usd=Decimal(1))
    batch = launch_batch(workspace, request)
    (worker,) = [w for w in list_workers(workspace) if w.kind == "generate"]
    time.sleep(1)
    os.kill(worker.pid, signal.SIGKILL)
    finished = wait_for_batch(workspace, batch.batch_id, timeout_s=90)
    assert finished.state == "completed"
    assert finished.generated + finished.failed == 3000
    assert worker.worker_id not in {found.worker_id for found in list_workers(workspace)}

    children = psutil.Process(supervisor.pid).children()
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(timeout=60) == 0
    assert not any(child.is_running() for child in children)
    assert list_workers(workspace) == []


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=str(port)):
            check_port(load_settings(port=port))
