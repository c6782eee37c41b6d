"""Seedbed's generation against bare client loops, on one loopback server, in one run.

    python tests/benchmarks/bench_generation.py [--n 5000] [--quick] [--only speed memory adaptive]

Seedbed's arm is a real worker on a fresh workspace: every attempt, sample, finding and ledger entry
is committed, under a budget. Its time runs from the launch to the last commit, the queue included.
Figures of one run compare with each other only: machines differ, and so do hours.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
from bare_loops import LOOPS, MODEL, PROMPT, SCHEMA, SYSTEM, TOPICS

from app.up import environment_of
from core.db.workspace import Workspace, open_workspace
from core.generation.batches import LaunchRequest, get_batch
from core.jobs.launching import launch_batch
from core.jobs.opening import open_ready_workspace
from core.jobs.running.waiting import wait_for_batch
from core.jobs.running.workers import list_workers
from core.providers.connections import connection_for_url
from core.providers.prices import set_price
from core.settings import Settings, load_settings
from core.templates.definition import build_template
from core.templates.versions import save_template

ROOT = Path(__file__).resolve().parents[2]
# Latency in ms, calls in flight, and the least ratio to bare aiohttp that we want to keep.
CELLS = ((50, 64, 0.90), (50, 256, 0.35), (0, 64, 0.20), (0, 256, 0.20))
MAX_CPU_MS = 0.7  # of the worker, a sample
MAX_FIRST_S = 1.5
MIN_OF_THEORY = 0.95  # at 500 ms and 256 in flight
MAX_PEAK_MIB, MAX_GROWTH_MIB = 250, 30
WARM_UP = 64  # samples, as the bare loops ask before they are measured
ADAPTIVE_KS = (8, 64, 200)
ADAPTIVE_LATENCY_MS = 250
ADAPTIVE_S = 30  # what a server at its best would take for the batch


@dataclass(frozen=True)
class Figures:
    """What one arm took."""

    seconds: float
    cpu_s: float
    peak_mib: float
    answered: int
    first_s: float = 0.0  # from the launch to the first request

    @property
    def rate(self) -> float:
        return self.answered / self.seconds

    @property
    def cpu_ms(self) -> float:
        return self.cpu_s / self.answered * 1000


class Loopback:
    """The project's loopback server in a process of its own."""

    def __init__(self, latency_ms: float, *options: str) -> None:
        command = [sys.executable, "tests/loopback.py", "--port", "0", *options]
        self.process = subprocess.Popen(
            [*command, "--latency-ms", str(latency_ms)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url.removesuffix("/v1") + path, timeout=60) as reply:
            return json.loads(reply.read())

    def reset(self) -> None:
        request = urllib.request.Request(self.url.removesuffix("/v1") + "/reset", data=b"{}")
        urllib.request.urlopen(request, timeout=60).close()

    def __enter__(self) -> "Loopback":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def bare(kind: str, server: Loopback, n: int, concurrency: int) -> Figures:
    command = [sys.executable, "tests/benchmarks/bare_loops.py", kind, server.url]
    command += [str(n), str(concurrency)]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return Figures(**json.loads(run.stdout))


def seedbed(server: Loopback, n: int, concurrency: int | None) -> Figures:
    """A batch on a fresh workspace; the worker's processor time and peak memory."""
    with tempfile.TemporaryDirectory() as home:
        settings = load_settings(home=Path(home))
        workspace = open_ready_workspace(settings)
        with worker_of(settings) as process:
            request = launch_request(workspace, server, n, concurrency)
            warm_up = launch_batch(workspace, replace(request, n=WARM_UP))
            wait_for_batch(workspace, warm_up.batch_id, timeout_s=60)
            server.reset()
            before, launched = cpu_s(process.pid), time.monotonic()
            batch = launch_batch(workspace, request)
            wait_for_batch(workspace, batch.batch_id, timeout_s=3600)
            spent, peak = cpu_s(process.pid) - before, peak_mib(process.pid)
            done = get_batch(workspace, batch.batch_id)
        workspace.close()
    assert done.state == "completed", done.message
    assert done.finished_at is not None
    seconds = (done.finished_at - done.created_at).total_seconds()
    first_s = server.get("/stats")["first_at_s"] - launched
    return Figures(seconds, spent, peak, done.generated, first_s)


def launch_request(
    workspace: Workspace, server: Loopback, n: int, concurrency: int | None
) -> LaunchRequest:
    connection = connection_for_url(workspace, server.url, model=MODEL)
    set_price(workspace, connection, MODEL, Decimal(2), Decimal(8))
    definition = build_template(
        {
            "name": "bench",
            "title": "Benchmark",
            "domain": "bench",
            "system": SYSTEM,
            "user": PROMPT.format(topic="{{ topic }} {{ number }}"),
            "variables": [
                {"name": "topic", "sampler": {"kind": "category", "values": TOPICS}},
                {"name": "number", "sampler": {"kind": "integer", "low": 0, "high": 10**9}},
            ],
            "output": SCHEMA,
            "mapping": {"input": "{{ output.instruction }}", "response": "{{ output.response }}"},
            "model": {"max_output_tokens": 800},
        }
    )
    version = save_template(workspace, definition)
    return LaunchRequest(
        version.template_version_id,
        n,
        connection=connection.name,
        concurrency=concurrency,
        budget_usd=Decimal(1_000_000),
    )


@contextmanager
def worker_of(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A real generate worker, ready for jobs."""
    command = (sys.executable, "-m", "app.cli", "worker", "--follow-parent")
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment_of(settings), stderr=subprocess.DEVNULL
    )
    workspace = open_workspace(settings)
    while not list_workers(workspace):
        time.sleep(0.05)
    workspace.close()
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def peak_mib(pid: int) -> float:
    """The largest resident size of a process, in MiB (Linux; elsewhere the present one)."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) / 1024
    return float(psutil.Process(pid).memory_info().rss / 2**20)


def verdict(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def speed(n: int) -> None:
    """Every cell: rates, ratios to the bare loops, processor time, time to the first request."""
    names = list(LOOPS)
    print(f"\nSpeed: {n:,} samples, samples per second; ratios are Seedbed's to that loop")
    print(
        f"{'latency':>8}{'in flight':>10}{'Seedbed':>9}"
        + "".join(f"{name:>20}{'ratio':>7}" for name in names)
        + f"{'CPU ms':>8}{'first s':>9}  goals"
    )
    for latency_ms, concurrency, goal in CELLS:
        with Loopback(latency_ms) as server:
            arms = {name: bare(name, server, n, concurrency) for name in names}
            ours = seedbed(server, n, concurrency)
        ratios = {name: ours.rate / arms[name].rate for name in names}
        goals = [
            f"{goal:.2f} of aiohttp {verdict(ratios['aiohttp'] >= goal)}",
            f"above AsyncOpenAI+aiohttp {verdict(ratios['AsyncOpenAI+aiohttp'] > 1)}",
            f"CPU {verdict(ours.cpu_ms <= MAX_CPU_MS)}",
            f"first {verdict(ours.first_s <= MAX_FIRST_S)}",
        ]
        print(
            f"{latency_ms:>5} ms{concurrency:>10}{ours.rate:>9,.0f}"
            + "".join(f"{arms[name].rate:>20,.0f}{ratios[name]:>7.2f}" for name in names)
            + f"{ours.cpu_ms:>8.2f}{ours.first_s:>9.2f}  {', '.join(goals)}",
            flush=True,
        )


def theory(n: int) -> None:
    """A slow provider: only its latency may count."""
    latency_ms, concurrency = 500, 256
    n -= n % concurrency  # a last round that is not full would cost every loop the same again
    with Loopback(latency_ms) as server:
        loop = bare("aiohttp", server, n, concurrency)
        ours = seedbed(server, n, concurrency)
    best = concurrency / latency_ms * 1000
    steady = ours.answered / (ours.seconds - ours.first_s)
    print(
        f"\nSlow provider: {latency_ms} ms, {concurrency} in flight, {n:,} samples; "
        f"theory {best:,.0f} a second\n"
        f"  aiohttp {loop.rate:,.0f} ({loop.rate / best:.1%}), Seedbed {ours.rate:,.0f} "
        f"({ours.rate / best:.1%}); from its first request {steady:,.0f} ({steady / best:.1%}), "
        f"goal {MIN_OF_THEORY:.0%} {verdict(steady / best >= MIN_OF_THEORY)}",
        flush=True,
    )


def memory(sizes: list[int]) -> None:
    """Peak memory of a fresh worker by batch size."""
    print("\nMemory of the worker, 64 in flight")
    peaks = []
    with Loopback(0) as server:
        for n in sizes:
            figures = seedbed(server, n, 64)
            peaks.append(figures.peak_mib)
            print(
                f"{n:>10,} samples{figures.peak_mib:>8.0f} MiB{figures.rate:>8,.0f} samples/s",
                flush=True,
            )
    growth = peaks[-1] - peaks[0]
    print(
        f"  peak below {MAX_PEAK_MIB} MiB {verdict(max(peaks) < MAX_PEAK_MIB)}, "
        f"growth {growth:.0f} MiB, goal {MAX_GROWTH_MIB} {verdict(growth <= MAX_GROWTH_MIB)}"
    )


def adaptive(seconds: float) -> None:
    """A server that refuses above k in flight, and does not say so."""
    print(
        f"\nAdaptive concurrency: {ADAPTIVE_LATENCY_MS} ms latency, 429 above k in flight, k not "
        "announced; the second half of the batch"
    )
    for k in ADAPTIVE_KS:
        best = k / ADAPTIVE_LATENCY_MS * 1000
        with Loopback(ADAPTIVE_LATENCY_MS, "--max-concurrent", str(k)) as server:
            seedbed(server, max(200, int(best * seconds)), None)
            log = server.get("/log")
        answered = [entry for entry in log if not entry["fault"]]
        half = answered[len(answered) // 2 :]
        rate = (len(half) - 1) / (half[-1]["at_s"] - half[0]["at_s"])
        refused = 1 - len(answered) / len(log)
        print(
            f"  k = {k:>3}: {rate:>6,.1f} answers/s of {best:>6,.1f} at best ({rate / best:.0%}), "
            f"{refused:.1%} of {len(log):,} requests refused; "
            f"within 20 % {verdict(rate / best >= 0.8)}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--n", type=int, default=5000)
    parser.add_argument("--quick", action="store_true", help="small counts: a look, not a result")
    parser.add_argument("--only", nargs="*", choices=["speed", "slow", "memory", "adaptive"])
    options = parser.parse_args()
    n = 1000 if options.quick else options.n
    sizes = [1000, 5000] if options.quick else [1000, 100_000]
    parts: dict[str, Callable[[], None]] = {
        "speed": lambda: speed(n),
        "slow": lambda: theory(2 * n),
        "memory": lambda: memory(sizes),
        "adaptive": lambda: adaptive(5 if options.quick else ADAPTIVE_S),
    }
    print(
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, SQLite in WAL mode, synchronous=FULL"
    )
    for name, part in parts.items():
        if not options.only or name in options.only:
            part()


if __name__ == "__main__":
    main()
