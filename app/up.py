"""The supervisor: prepares the workspace, then keeps one server and the workers running."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.db.workspace import Workspace
from core.errors import SettingsError
from core.jobs.demo_batch import launch_first_batch
from core.jobs.opening import open_ready_workspace
from core.jobs.running.workers import list_workers
from core.providers.connections import is_loopback
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
POLL_S = 0.25
FIRST_RESTART_S = 0.25
MAX_RESTART_S = 10.0
STEADY_S = 30.0  # a process that lived longer is restarted at once
STOP_S = 35.0  # workers drain for up to 30 s

logger = logging.getLogger(__name__)


@dataclass
class Child:
    """One supervised process."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path | None = None  # its stderr is appended here; None: ours
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    wait_s: float = FIRST_RESTART_S
    restart_at: float = field(default=0.0)

    def start(self) -> None:
        self.started_at = time.monotonic()
        # Its own group: ctrl-C reaches the supervisor alone, which then ends the others in order.
        with ExitStack() as stack:
            log = stack.enter_context(self.log.open("ab")) if self.log is not None else None
            self.process = subprocess.Popen(
                self.command, env=self.environment, cwd=ROOT, stderr=log, start_new_session=True
            )

    def look(self) -> None:
        """Restart the process when it has died, waiting longer each time it dies young."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            code, lived_s = self.process.returncode, now - self.started_at
            self.wait_s = FIRST_RESTART_S if lived_s > STEADY_S else self.wait_s
            self.process, self.restart_at = None, now + self.wait_s
            self.wait_s = min(MAX_RESTART_S, self.wait_s * 2)
            logger.warning("%s ended with code %s; starting it again", self.name, code)
        if self.process is None and now >= self.restart_at:
            self.start()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def up(settings: Settings, *, with_demo: bool = True) -> None:
    """Prepare the workspace and run everything until ctrl-C or SIGTERM.

    Raises SettingsError when the port is taken, DatabaseVersionError for a newer database.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    check_port(settings)
    workspace = open_ready_workspace(settings)
    if with_demo:
        launch_first_batch(workspace)
    workspace.close()
    children = [_child(settings, "server", "-m", "app.server"), *_workers(settings)]
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda signum, _frame: asked.append(signum))
    for child in children:
        child.start()
    _announce(settings)
    try:
        while not asked:
            for child in children:
                child.look()
            time.sleep(POLL_S)
    finally:
        stop_all(children)


def stop_all(children: Sequence[Child]) -> None:
    """End every process in good order, and by force after STOP_S."""
    for child in children:
        child.stop()
    deadline = time.monotonic() + STOP_S
    for child in children:
        child.wait(deadline)


@contextmanager
def ensure_workers(
    workspace: Workspace, kinds: Sequence[str] = ("generate", "compute")
) -> Iterator[None]:
    """Workers of these kinds while the block runs; those that run already are left alone.

    What they have to say goes to the folder `logs` of the workspace.
    """
    present = {worker.kind for worker in list_workers(workspace)}
    missing = [kind for kind in kinds if kind not in present]
    children = [_worker(workspace.settings, kind, 1) for kind in missing]
    for child in children:
        child.log = workspace.folder("logs") / f"{child.name.replace(' ', '-')}.log"
        child.start()
    try:
        yield
    finally:
        stop_all(children)


def check_port(settings: Settings) -> None:
    """Raises SettingsError when another program listens on the port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"Seedbed cannot listen on {settings.host}:{settings.port}: {error.strerror}.",
                remedy="End the program that uses the port, or start with --port 8502.",
            ) from error


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment that gives a child process the same settings."""
    values = {
        f"SEEDBED_{name.upper()}": str(value)
        for name, value in settings.model_dump().items()
        if value is not None
    }
    return {**os.environ, **values, "HF_HUB_OFFLINE": os.environ.get("HF_HUB_OFFLINE", "1")}


def _workers(settings: Settings) -> list[Child]:
    wanted = {"generate": settings.generate_workers, "compute": settings.compute_workers}
    return [
        _worker(settings, kind, number + 1)
        for kind, count in wanted.items()
        for number in range(count)
    ]


def _worker(settings: Settings, kind: str, number: int) -> Child:
    arguments = ("-m", "app.cli", "worker", "--kind", kind, "--follow-parent")
    return _child(settings, f"{kind} worker {number}", *arguments)


def _child(settings: Settings, name: str, *arguments: str) -> Child:
    return Child(name, (sys.executable, *arguments), environment_of(settings))


def _announce(settings: Settings) -> None:
    host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else settings.host
    logger.info("Seedbed is at http://%s:%d (ctrl-C stops it)", host, settings.port)
    if not is_loopback(settings.host):
        logger.warning(
            "Anybody who reaches %s may do everything: there is no sign-in", settings.host
        )
