"""What Seedbed is compared with: the same questions asked by plain loops, nothing stored.

    python tests/benchmarks/bare_loops.py aiohttp URL 5000 64

prints one JSON line of figures. Each loop runs in a process of its own and is warm when measured.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

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


async def _ask_with_sdk(url: str, n: int, concurrency: int, http_client: Any) -> int:
    from openai import AsyncOpenAI

    gate, answered = asyncio.Semaphore(concurrency), 0

    async def ask(client: Any, i: int) -> None:
        nonlocal answered
        async with gate:
            reply = await client.chat.completions.create(**body(i))
        json.loads(reply.choices[0].message.content)
        answered += 1

    options = {"base_url": url, "api_key": "x", "timeout": 60, "http_client": http_client}
    async with AsyncOpenAI(**options) as client:
        await asyncio.gather(*(ask(client, i) for i in range(n)))
    return answered


async def openai_httpx(url: str, n: int, concurrency: int) -> int:
    """The loop that most scripts have: the official client as it comes."""
    return await _ask_with_sdk(url, n, concurrency, None)


async def openai_aiohttp(url: str, n: int, concurrency: int) -> int:
    """The official client over aiohttp, its fastest transport."""
    from openai import DefaultAioHttpClient

    return await _ask_with_sdk(url, n, concurrency, DefaultAioHttpClient())


async def aiohttp(url: str, n: int, concurrency: int) -> int:
    """Bare aiohttp: about the least that Python can do."""
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
    "aiohttp": aiohttp,
    "AsyncOpenAI+aiohttp": openai_aiohttp,
    "AsyncOpenAI": openai_httpx,
}


def main() -> None:
    kind, url, n, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    asyncio.run(LOOPS[kind](url, concurrency, concurrency))  # imports, byte code, name look-ups
    start, cpu = time.perf_counter(), time.process_time()
    answered = asyncio.run(LOOPS[kind](url, n, concurrency))
    figures = {
        "seconds": time.perf_counter() - start,
        "cpu_s": time.process_time() - cpu,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "answered": answered,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
