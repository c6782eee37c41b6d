"""The two batch APIs over real HTTP, against the loopback server's own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
import pytest
from loopback_batches import BatchDesk, Row, Work

from core.db.tables import Connection
from core.errors import MissingKey
from core.providers.base import Failure, FailureKind, Message, ModelRequest
from core.providers.batch_api import sdk
from core.providers.batch_api.anthropic import AnthropicBatches
from core.providers.batch_api.base import (
    BatchApi,
    BatchApiFailed,
    Piece,
    Remote,
    Result,
    custom_id_of,
    lines_of,
    plan_index_of,
)
from core.providers.batch_api.openai import OpenAIBatches, unanswered
from core.providers.batch_api.opening import open_batch_api
from core.providers.openai_protocol import OpenAIProtocol
from core.settings import load_settings

Answer = TypeVar("Answer")
PROTOCOLS = ("openai", "anthropic")
OURS = "pbt_019a0b1c2d3e0123456789abcd"
BODY = b'{"model":"m","max_tokens":50,"messages":[{"role":"user","content":"Hello"}]}'
SECRET = "sk-canary-0123456789"
ENVIRONMENT = (
    "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "HTTP_PROXY",
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "http_proxy",
)  # fmt: skip
EARLY = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(loopback: Any) -> BatchDesk:
    return BatchDesk(loopback)


def with_api(
    loopback: Any,
    protocol: str,
    use: Callable[[BatchApi], Coroutine[Any, Any, Answer]],
    *,
    key: str | None = SECRET,
    **settings: Any,
) -> Answer:
    """Open the API with a key from the environment, use it, close it."""
    url = loopback.url if protocol == "openai" else loopback.anthropic_url
    variable = None if key is None else "LOOPBACK_KEY"
    connection = Connection(
        name="c", protocol=protocol, base_url=url, key_variable=variable, default_model="m"
    )

    async def run() -> Answer:
        api = open_batch_api(
            connection, load_settings(**settings), environ={"LOOPBACK_KEY": key or ""}
        )
        assert api is not None
        try:
            return await use(api)
        finally:
            await api.close()

    return asyncio.run(run())


async def submit(api: BatchApi, n: int = 3, name: str = OURS) -> Remote:
    lines = [api.line(custom_id_of(name, index), BODY) for index in range(n)]
    return await api.create(await api.upload(name, lines))


async def all_results(api: BatchApi, remote: Remote) -> list[Result]:
    return [result async for result in api.results(remote)]


def failing(use: Callable[[], Any]) -> BatchApiFailed:
    with pytest.raises(BatchApiFailed) as caught:
        use()
    return caught.value


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_batch_goes_from_submission_to_results(
    loopback: Any, desk: BatchDesk, protocol: str
) -> None:
    desk.ends_after_s = 0.05
    kinds = iter(["server_error", "expired", "cancelled", "overloaded", None])
    desk.row_rule = lambda _number, _body: next(kinds)

    async def use(api: BatchApi) -> tuple[Remote, list[Result]]:
        remote = await submit(api, 5)
        assert (remote.state, remote.results) == ("working", ())
        while remote.state == "working":
            remote = await api.look(remote.remote_id)
            await asyncio.sleep(0.01)
        return remote, await all_results(api, remote)

    remote, results = with_api(loopback, protocol, use)
    assert remote.state == "ended"
    assert remote.expires_at is not None
    by_index = {plan_index_of(result.custom_id, OURS): result for result in results}
    assert [by_index[i].kind for i in range(5)] == [
        "errored", "expired", "cancelled", "errored", "answered",
    ]  # fmt: skip
    reply = by_index[4].reply
    assert reply is not None
    assert reply.text
    assert reply.usage is not None
    failures = [by_index[i].failure for i in range(4)]
    assert {failure.charge for failure in failures if failure is not None} == {"free"}
    kinds_seen = [failure.kind for failure in failures if failure is not None]
    assert (kinds_seen[0], kinds_seen[3]) == (FailureKind.SERVER_ERROR, FailureKind.OVERLOADED)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_key_goes_where_it_belongs_and_nothing_else_of_the_environment_does(
    loopback: Any, desk: BatchDesk, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "http://127.0.0.1:1/elsewhere")
    seen: list[dict[str, str]] = []
    route = desk.route

    def noting(wire: Any, method: str, path: str, headers: dict[str, str], raw: bytes) -> bool:
        seen.append(headers)
        return route(wire, method, path, headers, raw)

    desk.route = noting  # type: ignore[method-assign]

    async def use(api: BatchApi) -> None:
        remote = await submit(api)
        await api.look(remote.remote_id)
        await api.find(Piece("pbt_other", 3, EARLY), ())
        remote = await api.cancel(remote.remote_id)
        await all_results(api, remote)

    with_api(loopback, protocol, use)
    assert len(seen) >= 5
    for headers in seen:
        if protocol == "openai":
            assert headers["authorization"] == f"Bearer {SECRET}"
        else:
            assert headers["x-api-key"] == SECRET
            assert headers["anthropic-version"] == "2023-06-01"
            assert "authorization" not in headers
        assert "elsewhere" not in str(headers)
    seen.clear()
    with_api(loopback, protocol, use, key=None)
    assert not any("authorization" in headers or "x-api-key" in headers for headers in seen)
    assert not any("elsewhere" in str(headers) for headers in seen)


def test_a_key_that_is_not_set_is_named(loopback: Any) -> None:
    connection = Connection(
        name="c", protocol="openai", base_url=loopback.url, key_variable="NO_KEY", default_model="m"
    )
    with pytest.raises(MissingKey, match="NO_KEY"):
        open_batch_api(connection, load_settings(), environ={})
    offline = Connection(name="o", protocol="offline", base_url=None, default_model="m")
    assert open_batch_api(offline, load_settings()) is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("fault", "kind", "is_refused", "taken"),
    [
        ("refuse:401", FailureKind.AUTHENTICATION, True, 0),
        ("refuse:404", FailureKind.NOT_FOUND, True, 0),
        ("refuse:429", FailureKind.RATE_LIMIT, True, 0),
        ("refuse:409", FailureKind.SERVER_ERROR, False, 0),
        ("refuse:302", FailureKind.REDIRECT, True, 0),
        ("refuse:503", FailureKind.OVERLOADED, False, 0),
        ("error_after", FailureKind.SERVER_ERROR, False, 1),
        ("reset_before", FailureKind.CONNECTION, False, 0),
        ("reset_after", FailureKind.CONNECTION, False, 1),
    ],
)
def test_a_submission_that_fails_says_whether_it_may_have_been_taken(
    loopback: Any,
    desk: BatchDesk,
    protocol: str,
    fault: str,
    kind: FailureKind,
    is_refused: bool,
    taken: int,
) -> None:
    desk.submissions = [fault]
    error = failing(lambda: with_api(loopback, protocol, submit))
    assert (error.failure.kind, error.is_refused) == (kind, is_refused)
    assert desk.created == taken
    # One request each: the SDK repeated nothing by itself.
    assert sum(path.endswith("/batches") for _, path in desk.requests) == 1


def test_a_server_that_cannot_be_reached_has_taken_nothing(loopback: Any) -> None:
    loopback.stop()
    for protocol in PROTOCOLS:
        error = failing(lambda protocol=protocol: with_api(loopback, protocol, submit))
        assert (error.failure.kind, error.is_refused) == (FailureKind.CONNECTION, True)
    loopback.start()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_batch_is_found_among_many_pages(
    loopback: Any, desk: BatchDesk, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"core.providers.batch_api.{protocol}.PAGE", 2)

    async def use(api: BatchApi) -> None:
        mine = await submit(api)
        others = [await submit(api, 3, f"pbt_other{number}") for number in range(5)]
        found = await api.find(Piece(OURS, 3, EARLY), ())
        assert found.remote is not None
        assert found.remote.remote_id == mine.remote_id
        known = {mine.remote_id, others[0].remote_id}
        assert (await api.find(Piece(OURS, 3, EARLY), known)).remote is None
        assert (await api.find(Piece("pbt_none", 3, EARLY), ())).remote is None

    with_api(loopback, protocol, use)


def test_nobody_can_tell_whose_an_unfinished_anthropic_batch_of_that_size_is(
    loopback: Any, desk: BatchDesk
) -> None:
    desk.ends_after_s = 1e9

    async def use(api: BatchApi) -> None:
        remote = await submit(api, 3)
        found = await api.find(Piece(OURS, 3, EARLY), ())
        assert (found.remote, found.is_certain) == (None, False)
        assert (await api.find(Piece(OURS, 4, EARLY), ())).is_certain
        assert (await api.find(Piece(OURS, 3, EARLY), {remote.remote_id})).is_certain

    with_api(loopback, "anthropic", use)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_cancelling_what_has_ended_is_no_error(
    loopback: Any, desk: BatchDesk, protocol: str
) -> None:
    async def use(api: BatchApi) -> Remote:
        remote = await submit(api)
        await api.look(remote.remote_id)
        return await api.cancel(remote.remote_id)

    assert with_api(loopback, protocol, use).state == "ended"


def test_results_at_another_host_are_not_fetched(loopback: Any, desk: BatchDesk) -> None:
    shown = desk._anthropic_batch

    def elsewhere(work: Work, _host: str) -> dict[str, Any]:
        return shown(work, "results.example")

    desk._anthropic_batch = elsewhere  # type: ignore[method-assign]

    async def use(api: BatchApi) -> Remote:
        return await api.look((await submit(api)).remote_id)

    error = failing(lambda: with_api(loopback, "anthropic", use))
    assert error.failure.kind is FailureKind.REDIRECT
    assert "another host" in error.failure.message


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_line_above_the_limit_is_not_read(loopback: Any, desk: BatchDesk, protocol: str) -> None:
    async def use(api: BatchApi) -> list[Result]:
        remote = await submit(api)
        row: Row = next(iter(desk.works.values())).rows[0]
        remote = await api.look(remote.remote_id)
        row.reply = orjson.dumps({"x": "y" * 2**20})
        for name in desk.files:
            if name.endswith("output"):
                desk.files[name] = b"z" * 2**20
        return await all_results(api, remote)

    error = failing(lambda: with_api(loopback, protocol, use, max_response_bytes=2**16))
    assert error.failure.kind is FailureKind.TOO_LARGE


def test_an_answer_that_is_not_results_is_cut_at_a_limit(
    loopback: Any, desk: BatchDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk, "MOST_CONTROL_BYTES", 100)
    error = failing(lambda: with_api(loopback, "openai", submit))
    assert error.failure.kind is FailureKind.CONNECTION


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_dripping_answer_ends_at_the_wall_clock_limit(
    loopback: Any, desk: BatchDesk, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk, "CONTROL_DEADLINE_S", 0.5)

    def drip(wire: Any, *_: Any) -> bool:
        wire._do_drip(b'{"id": "batch_1"}')
        return True

    desk.route = drip  # type: ignore[method-assign]

    async def use(api: BatchApi) -> Remote:
        async with asyncio.timeout(5):
            return await api.look("batch_1")

    error = failing(lambda: with_api(loopback, protocol, use))
    assert error.failure.kind is FailureKind.TIMEOUT


def test_a_key_that_a_server_quotes_is_masked_in_results(loopback: Any, desk: BatchDesk) -> None:
    async def use(api: BatchApi) -> list[Result]:
        remote = await submit(api, 1)
        remote = await api.look(remote.remote_id)
        (name,) = remote.results
        desk.files[name] = desk.files[name].replace(
            b'"content":"', b'"content":"%b ' % SECRET.encode()
        )
        return await all_results(api, remote)

    (result,) = with_api(loopback, "openai", use)
    assert result.reply is not None
    assert result.reply.text.startswith("[key] ")


def test_an_openai_line_carries_the_live_body_without_its_tier() -> None:
    base_url = "https://api.openai.com/v1"
    request = ModelRequest("gpt-4o", (Message("user", ',"service_tier":"default"'),), 50)
    body = OpenAIProtocol(base_url).prepare(request).body
    api = OpenAIBatches(base_url, None, 1000)
    line = orjson.loads(api.line("a_1", body))
    assert (line["custom_id"], line["method"], line["url"]) == (
        "a_1",
        "POST",
        "/v1/chat/completions",
    )
    live = orjson.loads(body)
    assert live.pop("service_tier") == "default"
    assert line["body"] == live


def test_an_anthropic_line_carries_the_live_body() -> None:
    api = AnthropicBatches("https://api.anthropic.com", None, 1000)
    assert orjson.loads(api.line("a_1", BODY)) == {"custom_id": "a_1", "params": orjson.loads(BODY)}


def test_custom_ids_fit_both_providers_and_name_their_submission() -> None:
    custom_id = custom_id_of(OURS, 999_999)
    assert len(custom_id) <= 64
    assert plan_index_of(custom_id, OURS) == 999_999
    for foreign in ("pbt_other_1", f"{OURS}_x", f"{OURS}_²", OURS, "", "_"):
        assert plan_index_of(foreign, OURS) is None


def test_a_request_that_was_not_run_says_why() -> None:
    expired = unanswered("a_1", {"code": "batch_expired", "message": "Too late."})
    assert (expired.kind, expired.failure) == (
        "expired", Failure(FailureKind.SERVER_ERROR, "Too late.", charge="free"),
    )  # fmt: skip
    assert unanswered("a_1", {"code": "batch_cancelled"}).kind == "cancelled"
    silent = unanswered("a_1", None)
    assert silent.kind == "errored"
    assert silent.failure is not None
    assert "no reason given" in silent.failure.message


def test_lines_are_whole_however_the_stream_was_cut() -> None:
    text = b'{"a":1}\n\n{"b":2}\r\n{"c":3}'

    async def cut(size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    async def read(size: int) -> list[Any]:
        return [orjson.loads(line) async for line in lines_of(cut(size), 100)]

    for size in (1, 2, 7, 8, 9, 100):
        assert asyncio.run(read(size)) == [{"a": 1}, {"b": 2}, {"c": 3}]
