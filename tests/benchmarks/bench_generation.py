"""Seedbed's generation against bare client loops, on one loopback server, in one run.

    python tests/benchmarks/bench_generation.py [--n 5000] [--concurrency 64] [--latency-ms 50]

Each arm is a process of its own and asks the same n questions. Seedbed's arm is a real worker on a
SQLite workspace: every attempt, sample, finding and ledger entry is committed. The figures of one
run compare with each other only; machines differ, and so do hours.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TOPICS = [f"{a} {b}" for a in ("modern", "local", "hidden", "rare") for b in ("trade", "music")]
SYSTEM = "You are making training data."
PROMPT = (
    "Write one instruction and its response about the topic below. "
    "The response must be correct and complete.\nTopic: {topic}"
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"instruction": {"type": "string"}, "response": {"type": "string"}},
    "required": ["instruction", "response"],
    "additionalProperties": False,
}
MODEL = "mock-model"


@dataclass(frozen=True)
class Figures:
    """What one arm took."""

    seconds: float
    cpu_s: float
    peak_mib: float
    answered: int


def body(i: int) -> dict[str, Any]:
    """One question, as every arm asks it."""
    return {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": PROMPT.format(topic=f"{TOPICS[i % 8]} {i}")},
        ],
        "max_tokens": 800,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "output", "schema": SCHEMA, "strict": True},
        },
    }


async def bare_openai(url: str, n: int, concurrency: int) -> int:
    """The loop that most scripts have: the official client, a task per question, a semaphore."""
    from openai import AsyncOpenAI

    gate, answered = asyncio.Semaphore(concurrency), 0

    async def ask(client: Any, i: int) -> None:
        nonlocal answered
        async with gate:
            reply = await client.chat.completions.create(**body(i))
        json.loads(reply.choices[0].message.content)
        answered += 1

    async with AsyncOpenAI(base_url=url, api_key="x", timeout=60) as client:
        await asyncio.gather(*(ask(client, i) for i in range(n)))
    return answered


async def bare_aiohttp(url: str, n: int, concurrency: int) -> int:
    """The same with aiohttp: about the least that Python can do."""
    import aiohttp
    import orjson

    gate, answered = asyncio.Semaphore(concurrency), 0

    async def ask(session: aiohttp.ClientSession, i: int) -> None:
        nonlocal answered
        async with (
            gate,
            session.post(f"{url}/chat/completions", data=orjson.dumps(body(i))) as response,
        ):
            reply = orjson.loads(await response.read())
        orjson.loads(reply["choices"][0]["message"]["content"])
        answered += 1

    connector = aiohttp.TCPConnector(limit=concurrency)
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await asyncio.gather(*(ask(session, i) for i in range(n)))
    return answered


LOOPS: dict[str, Callable[[str, int, int], Any]] = {
    "AsyncOpenAI": bare_openai,
    "aiohttp": bare_aiohttp,
}


def run_loop(kind: str, url: str, n: int, concurrency: int) -> None:
    """One bare loop in this process; prints its figures as JSON."""
    asyncio.run(LOOPS[kind](url, min(n, concurrency), concurrency))  # imports and connections
    start, cpu = time.perf_counter(), time.process_time()
    answered = asyncio.run(LOOPS[kind](url, n, concurrency))
    figures = Figures(
        time.perf_counter() - start, time.process_time() - cpu, peak_mib(os.getpid()), answered
    )
    print(json.dumps(asdict(figures)))


def bare(kind: str, url: str, n: int, concurrency: int) -> Figures:
    command = [sys.executable, __file__, "--loop", kind, "--base-url", url]
    command += ["--n", str(n), "--concurrency", str(concurrency)]
    return Figures(**json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))


@contextmanager
def worker_of(settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A real generate worker, ready for jobs."""
    from app.up import environment_of
    from core.db.workspace import open_workspace
    from core.jobs.workers import list_workers

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


def seedbed(url: str, n: int, concurrency: int) -> Figures:
    """A batch on a fresh workspace; the worker's processor time and peak memory."""
    from core.generation.batches import LaunchRequest, get_batch
    from core.jobs.launching import launch_batch
    from core.jobs.opening import open_ready_workspace
    from core.jobs.waiting import wait_for_batch
    from core.providers.connections import connection_for_url
    from core.providers.prices import set_price
    from core.settings import load_settings
    from core.templates.definition import build_template
    from core.templates.versions import save_template

    with tempfile.TemporaryDirectory() as home:
        settings = load_settings(home=Path(home))
        workspace = open_ready_workspace(settings)
        connection = connection_for_url(workspace, url, model=MODEL)
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
                "mapping": {
                    "input": "{{ output.instruction }}",
                    "response": "{{ output.response }}",
                },
            }
        )
        version = save_template(workspace, definition)
        with worker_of(settings) as process:
            before = cpu_s(process.pid)
            request = LaunchRequest(
                version.template_version_id,
                n,
                connection=connection.name,
                concurrency=concurrency,
                budget_usd=Decimal(1_000_000),
            )
            batch = launch_batch(workspace, request)
            wait_for_batch(workspace, batch.batch_id, timeout_s=3600)
            spent = cpu_s(process.pid) - before
            peak = peak_mib(process.pid)
            done = get_batch(workspace, batch.batch_id)
        workspace.close()
    assert done.finished_at is not None
    assert done.state == "completed", done.message
    seconds = (done.finished_at - done.created_at).total_seconds()
    return Figures(seconds, spent, peak, done.generated)


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    import psutil

    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def peak_mib(pid: int) -> float:
    """The largest resident size of a process, in MiB (Linux; elsewhere the present one)."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) / 1024
    import psutil

    return float(psutil.Process(pid).memory_info().rss / 2**20)


@contextmanager
def loopback(latency_ms: float) -> Iterator[str]:
    """The project's loopback server in a process of its own; yields its base URL."""
    command = [sys.executable, "tests/loopback.py", "--port", "0", "--latency-ms", str(latency_ms)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.kill()
        process.communicate()


def compare(url: str, n: int, concurrency: int, label: str) -> None:
    """One row an arm: samples per second, processor time, memory, and ratios to the others."""
    arms = {kind: bare(kind, url, n, concurrency) for kind in LOOPS}
    arms["Seedbed"] = seedbed(url, n, concurrency)
    ours = arms["Seedbed"].answered / arms["Seedbed"].seconds
    print(f"\n{label}, {n:,} samples, {concurrency} in flight")
    print(f"{'':14}{'samples/s':>12}{'CPU s/1,000':>14}{'peak MiB':>11}{'Seedbed is':>12}")
    for name, figures in arms.items():
        rate = figures.answered / figures.seconds
        cpu = figures.cpu_s / figures.answered * 1000
        ratio = f"{ours / rate:.2f} x"
        print(f"{name:14}{rate:>12,.0f}{cpu:>14.2f}{figures.peak_mib:>11.0f}{ratio:>12}")


def memory(url: str, sizes: list[int], concurrency: int) -> None:
    """Peak memory of a fresh worker by batch size."""
    print(f"\nPeak memory of the worker, {concurrency} in flight")
    for n in sizes:
        figures = seedbed(url, n, concurrency)
        print(f"{n:>10,} samples{figures.peak_mib:>10.0f} MiB{figures.seconds:>10.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--n", type=int, default=5000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency-ms", type=float, nargs="*", default=[0.0, 50.0])
    parser.add_argument("--memory-n", type=int, nargs="*", default=[1000, 20_000])
    parser.add_argument("--base-url", help="another OpenAI-compatible server")
    parser.add_argument("--loop", choices=list(LOOPS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.loop:
        run_loop(options.loop, options.base_url, options.n, options.concurrency)
        return
    if options.base_url:
        compare(options.base_url, options.n, options.concurrency, options.base_url)
        memory(options.base_url, options.memory_n, options.concurrency)
        return
    for latency_ms in options.latency_ms:
        with loopback(latency_ms) as url:
            compare(url, options.n, options.concurrency, f"{latency_ms:g} ms latency")
    with loopback(0) as url:
        memory(url, options.memory_n, options.concurrency)


if __name__ == "__main__":
    main()
