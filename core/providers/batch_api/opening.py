"""The one function that opens a connection's batch API."""

from collections.abc import Mapping

from core.db.tables import Connection
from core.providers.batch_api.base import BatchApi
from core.providers.registry import read_key
from core.settings import Settings


def open_batch_api(
    connection: Connection, settings: Settings, *, environ: Mapping[str, str] | None = None
) -> BatchApi | None:
    """The batch API of a connection; None where its protocol has none.

    Raises MissingKey or InvalidInput, as `open_provider` does.
    """
    key = read_key(connection, environ)
    base_url = connection.base_url or ""
    # The SDKs take 90 MB together; a worker that never needs them does not import them.
    if connection.protocol == "openai":
        from core.providers.batch_api.openai import OpenAIBatches

        return OpenAIBatches(base_url, key, settings.max_response_bytes)
    if connection.protocol == "anthropic":
        from core.providers.batch_api.anthropic import AnthropicBatches

        return AnthropicBatches(base_url, key, settings.max_response_bytes)
    return None
