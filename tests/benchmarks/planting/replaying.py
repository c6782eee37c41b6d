"""A provider on loopback that answers row N with the N-th text it was given."""

import asyncio
import re
import threading
from collections.abc import Sequence
from types import TracebackType

import orjson

ROW = re.compile(r"Row (\d+)\.")


class Replay:
    """Speaks OpenAI's chat completions as documented in 2026-11; runs while the block does."""

    def __init__(self, answers: Sequence[str]) -> None:
        self._answers = answers
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.url = ""

    def __enter__(self) -> "Replay":
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._talk, "127.0.0.1", 0, limit=2**24)
        )
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                size = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
                reply = orjson.dumps(self._reply(await reader.readexactly(size)))
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                    + str(len(reply)).encode() + b"\r\n\r\n" + reply
                )  # fmt: skip
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _reply(self, body: bytes) -> dict[str, object]:
        request = orjson.loads(body)
        rows = (ROW.search(str(message["content"])) for message in request["messages"])
        text = self._answers[next(int(found[1]) for found in rows if found)]
        tokens = {"prompt_tokens": 40, "completion_tokens": max(1, len(text) // 4)}
        return {
            "id": "chatcmpl-1", "object": "chat.completion", "model": request["model"],
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": text}}],
            "usage": {**tokens, "total_tokens": sum(tokens.values())},
        }  # fmt: skip
