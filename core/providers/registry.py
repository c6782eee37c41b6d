"""Protocols by name, and the one function that opens a connection.

A new protocol is a function here, or a package's entry point.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import cast

from pydantic import SecretStr

from core.db.tables import Connection
from core.errors import InvalidInput, MissingKey
from core.extensions import PROVIDERS, load_extensions
from core.providers.anthropic_protocol import AnthropicProtocol
from core.providers.base import Provider
from core.providers.connections import check_address
from core.providers.offline.provider import OfflineProvider
from core.providers.openai_protocol import OpenAIProtocol
from core.providers.transport import HttpProvider, TransportLimits
from core.settings import Settings, read_secret

DEFAULT_CONCURRENCY = 64


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """What a factory may need besides the connection."""

    key: SecretStr | None
    limits: TransportLimits


def _open_offline(connection: Connection, options: OpenOptions) -> Provider:  # noqa: ARG001
    return OfflineProvider(connection.name)


def _open_openai(connection: Connection, options: OpenOptions) -> Provider:
    base_url = connection.base_url or ""
    return HttpProvider(
        connection.name, OpenAIProtocol(base_url), base_url, options.key, options.limits
    )


def _open_anthropic(connection: Connection, options: OpenOptions) -> Provider:
    base_url = connection.base_url or ""
    return HttpProvider(connection.name, AnthropicProtocol(), base_url, options.key, options.limits)


OpenProvider = Callable[[Connection, OpenOptions], Provider]
BUILT_IN: dict[str, OpenProvider] = {
    "offline": _open_offline,
    "openai": _open_openai,
    "anthropic": _open_anthropic,
}
PROTOCOLS: dict[str, OpenProvider] = {
    **cast(dict[str, OpenProvider], load_extensions(PROVIDERS, FunctionType)),
    **BUILT_IN,
}


def open_provider(
    connection: Connection,
    settings: Settings,
    *,
    concurrency: int = DEFAULT_CONCURRENCY,
    environ: Mapping[str, str] | None = None,
) -> Provider:
    """An open provider for the connection; the key is read now and kept masked.

    Raises MissingKey when the named variable is not set, InvalidInput for an unknown protocol or an
    address that the key must not go to.
    """
    factory = PROTOCOLS.get(connection.protocol)
    if factory is None:
        raise InvalidInput(
            f"The connection {connection.name!r} uses the unknown protocol "
            f"{connection.protocol!r}.",
            remedy=f"Use one of {', '.join(PROTOCOLS)}.",
        )
    key = read_key(connection, environ)
    limits = TransportLimits(
        concurrency=concurrency,
        deadline_s=settings.request_deadline_s,
        max_response_bytes=settings.max_response_bytes,
    )
    return factory(connection, OpenOptions(key, limits))


def read_key(connection: Connection, environ: Mapping[str, str] | None = None) -> SecretStr | None:
    """The connection's key, masked; None where it needs none.

    Raises MissingKey when the named variable is not set, InvalidInput for an address that the key
    must not go to.
    """
    if connection.base_url is not None:
        check_address(connection.base_url, connection.key_variable, allow_http=True)
    if not connection.key_variable:
        return None
    key = read_secret(connection.key_variable, environ)
    if key is None:
        raise MissingKey(connection.name, connection.key_variable)
    return key
