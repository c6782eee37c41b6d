"""Connections: where a prompt may go, and where a key may not."""

import pytest

from core.db.workspace import Workspace
from core.errors import InvalidInput, MissingKey, NotFound
from core.providers.base import Provider
from core.providers.connections import (
    connection_for_url,
    get_connection,
    list_connections,
    save_connection,
)
from core.providers.registry import PROTOCOLS, open_provider

KEY = "sk-canary-5up3r-s3cret"


def test_a_new_workspace_has_a_connection_per_protocol(any_workspace: Workspace) -> None:
    connections = list_connections(any_workspace)
    assert {c.protocol for c in connections} == set(PROTOCOLS)
    assert [c.name for c in connections] == sorted(c.name for c in connections)


def test_a_connection_is_saved_and_changed_under_its_name(any_workspace: Workspace) -> None:
    save_connection(any_workspace, "box", "openai", "http://127.0.0.1:8000/v1/", None, "qwen")
    save_connection(any_workspace, "box", "openai", "https://llm.example.org/v1", "BOX_KEY", "q2")
    saved = get_connection(any_workspace, "box")
    assert (saved.base_url, saved.key_variable) == ("https://llm.example.org/v1", "BOX_KEY")
    assert saved.default_model == "q2"


@pytest.mark.parametrize(
    ("base_url", "key_variable", "word"),
    [
        ("ftp://example.org", None, "http"),
        ("example.org/v1", None, "http"),
        ("https://", None, "http"),
        ("https://example.org:99999/v1", None, "http"),
        ("http://example.org/v1", None, "unencrypted"),
        ("http://127.0.0.1.example.org/v1", None, "unencrypted"),
        ("https://me:secret@example.org/v1", None, "credentials"),
        ("https://example.org/v1?key=abc", None, "credentials"),
        ("https://example.org/v1#x", None, "credentials"),
        ("https://evil.example.org/v1", "OPENAI_API_KEY", "only be sent"),
        ("https://api.openai.com.example.org/v1", "OPENAI_API_KEY", "only be sent"),
        ("http://127.0.0.1:8000/v1", "ANTHROPIC_API_KEY", "only be sent"),
        ("http://api.openai.com/v1", "OPENAI_API_KEY", "unencrypted"),
        ("https://example.org/v1", "sk-proj-pasted", "name of an environment variable"),
    ],
)
def test_addresses_that_must_not_be_used_are_refused(
    workspace: Workspace, base_url: str, key_variable: str | None, word: str
) -> None:
    with pytest.raises(InvalidInput, match=word) as caught:
        save_connection(workspace, "x", "openai", base_url, key_variable, "m")
    assert "secret" not in str(caught.value)
    assert "sk-proj-pasted" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "Big", "a b", "-x", "x" * 101])
def test_odd_names_are_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot name"):
        save_connection(workspace, name, "openai", "https://example.org/v1", None, "m")


def test_http_beyond_this_machine_needs_an_explicit_word(workspace: Workspace) -> None:
    url = "http://gpu-box.lan:8000/v1"
    saved = save_connection(workspace, "box", "openai", url, None, "m", allow_http=True)
    assert saved.base_url == url


def test_an_address_is_found_again_or_made_once(workspace: Workspace) -> None:
    first = connection_for_url(workspace, "http://127.0.0.1:8000/v1/", "openai", "qwen")
    again = connection_for_url(workspace, "http://127.0.0.1:8000/v1", "openai", "qwen")
    other = connection_for_url(workspace, "http://127.0.0.1:8000", "anthropic", "claude")
    assert first.name == again.name == "127.0.0.1-8000"
    assert other.name == "127.0.0.1-8000-2"
    known = connection_for_url(workspace, "https://api.openai.com/v1", "openai", "gpt-5-mini")
    assert known.name == "openai"


def test_an_unknown_connection_and_protocol_are_named(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        get_connection(workspace, "nowhere")
    with pytest.raises(InvalidInput, match="telepathy"):
        save_connection(workspace, "x", "telepathy", "https://example.org", None, "m")


@pytest.mark.parametrize("name", ["offline", "openai", "anthropic"])
def test_every_protocol_opens_with_its_key(workspace: Workspace, name: str) -> None:
    environ = {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}
    connection = get_connection(workspace, name)
    provider: Provider = open_provider(connection, workspace.settings, environ=environ)
    assert (provider.name, provider.protocol) == (name, connection.protocol)
    assert KEY not in repr(provider)


def test_a_missing_key_says_which_variable_to_set(workspace: Workspace) -> None:
    with pytest.raises(MissingKey, match="OPENAI_API_KEY"):
        open_provider(get_connection(workspace, "openai"), workspace.settings, environ={})


def test_a_key_does_not_follow_an_address_changed_in_the_database(workspace: Workspace) -> None:
    connection = get_connection(workspace, "openai")
    connection.base_url = "https://evil.example.org/v1"
    with pytest.raises(InvalidInput, match="only be sent"):
        open_provider(connection, workspace.settings, environ={"OPENAI_API_KEY": KEY})


def test_the_users_limits_are_kept_and_can_be_lifted(any_workspace: Workspace) -> None:
    place = ("box", "openai", "http://127.0.0.1:8000/v1", None, "qwen")
    save_connection(
        any_workspace, *place, requests_per_minute=500, tokens_per_minute=90_000, max_concurrency=8
    )
    saved = get_connection(any_workspace, "box")
    limits = saved.requests_per_minute, saved.tokens_per_minute, saved.max_concurrency
    assert limits == (500, 90_000, 8)
    save_connection(any_workspace, *place)
    assert get_connection(any_workspace, "box").requests_per_minute is None


@pytest.mark.parametrize("limit", ["requests_per_minute", "tokens_per_minute", "max_concurrency"])
@pytest.mark.parametrize("value", [0, -1, 10**18])
def test_a_limit_that_makes_no_sense_is_refused(
    workspace: Workspace, limit: str, value: int
) -> None:
    with pytest.raises(InvalidInput, match=limit.replace("_", " ")):
        save_connection(
            workspace, "box", "openai", "http://127.0.0.1:1/v1", None, "m", **{limit: value}
        )
