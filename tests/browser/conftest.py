"""A real server, its workers and a real Chromium, started once for a module and always ended."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_tab import Seedbed, Tab
from playwright.sync_api import Browser, BrowserContext, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0
STOP_S = 20.0
# Read at import: the fixtures of every test take SEEDBED_* away.
IS_REQUIRED = os.environ.get("SEEDBED_REQUIRE_BROWSER") == "1"


def chromium_path() -> str | None:
    """Where a Chromium is, None where none is installed."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    return next(
        (path for path in [*found, "/usr/bin/chromium"] if path and Path(path).exists()), None
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; the test is skipped where none is installed, unless one is required."""
    path = chromium_path()
    if path is None:
        if IS_REQUIRED:
            pytest.fail("SEEDBED_REQUIRE_BROWSER=1, and no Chromium is installed")
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def seedbed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seedbed]:
    """A server with its workers on an empty workspace; ended with the module."""
    folder = tmp_path_factory.mktemp("seedbed")
    port = _free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SEEDBED_") and not name.endswith("_API_KEY")
    }
    environment["SEEDBED_HOME"] = str(folder / "workspace")
    command = [sys.executable, "-m", "app.cli", "up", "--no-demo", "--port", str(port)]
    log = folder / "seedbed.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        started = Seedbed(f"http://localhost:{port}", folder / "workspace", log)
        _wait_until_up(started, process)
        yield started
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile at the size of a laptop."""
    opened = browser.new_context(viewport={"width": 1440, "height": 900})
    yield opened
    opened.close()


@pytest.fixture
def tab(context: BrowserContext, seedbed: Seedbed) -> Tab:
    """A watched tab."""
    opened = Tab(context.new_page(), seedbed.url)
    opened.watch()
    return opened


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(started: Seedbed, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, started.log.read_text()
        try:
            with urllib.request.urlopen(f"{started.url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise AssertionError(f"the server does not answer:\n{started.log.read_text()}")
