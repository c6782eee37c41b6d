"""Named ways to reach a model. A key belongs to its host and goes nowhere else."""

import ipaddress
import re
from urllib.parse import urlsplit

from sqlalchemy import select

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Connection
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.extensions import PROVIDERS, extension_names

REMOTE_PROTOCOLS = ("openai", "anthropic", *extension_names(PROVIDERS))
KEY_HOSTS = {"OPENAI_API_KEY": "api.openai.com", "ANTHROPIC_API_KEY": "api.anthropic.com"}
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
# Above any provider's highest tier; what is larger is a slip.
MOST = {
    "requests_per_minute": 1_000_000,
    "tokens_per_minute": 10_000_000_000,
    "max_concurrency": 1_024,
}


def list_connections(workspace: Workspace) -> list[Connection]:
    """Every connection, by name."""
    with workspace.read() as session:
        return list(session.scalars(select(Connection).order_by(Connection.name)))


def get_connection(workspace: Workspace, name: str) -> Connection:
    """The connection of that name. Raises NotFound."""
    with workspace.read() as session:
        connection = session.get(Connection, name)
    if connection is None:
        raise NotFound("connection", name)
    return connection


def save_connection(
    workspace: Workspace,
    name: str,
    protocol: str,
    base_url: str | None,
    key_variable: str | None,
    default_model: str,
    *,
    requests_per_minute: int | None = None,
    tokens_per_minute: int | None = None,
    max_concurrency: int | None = None,
    allow_http: bool = False,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> Connection:
    """Add the connection, or change all of the one of that name. Raises InvalidInput.

    The limits hold for all its batches together; None leaves one to the provider. `allow_http`
    admits unencrypted addresses beyond this machine, such as a server on the local network.
    """
    base_url = _checked(name, protocol, base_url, key_variable, default_model, allow_http)
    limits = {
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "max_concurrency": max_concurrency,
    }
    for limit, value in limits.items():
        _check_limit(limit, value)
    with workspace.write() as session:
        connection = session.get(Connection, name)
        if connection is None:
            connection = Connection(name=name, created_by=created_by, project_id=project_id)
            session.add(connection)
        connection.protocol = protocol
        connection.base_url = base_url
        connection.key_variable = key_variable or None
        connection.default_model = default_model
        for limit, value in limits.items():
            setattr(connection, limit, value)
    return connection


def _check_limit(limit: str, value: int | None) -> None:
    if value is not None and not 1 <= value <= MOST[limit]:
        raise InvalidInput(
            f"The limit {limit.replace('_', ' ')} is {value}.",
            remedy=f"Use a whole number from 1 to {MOST[limit]:,}, or leave it empty.",
        )


def connection_for_url(
    workspace: Workspace,
    base_url: str,
    protocol: str = "openai",
    model: str = "default",
    *,
    key_variable: str | None = None,
    allow_http: bool = False,
) -> Connection:
    """The connection with this address and protocol, made when missing and named by its host.

    Raises InvalidInput for an address that Seedbed must not use.
    """
    address = check_address(base_url, key_variable, allow_http=allow_http)
    taken = {c.name: c for c in list_connections(workspace)}
    for connection in taken.values():
        same_key = key_variable is None or connection.key_variable == key_variable
        if connection.base_url == address and connection.protocol == protocol and same_key:
            return connection
    base = re.sub(r"[^a-z0-9.]+", "-", urlsplit(address).netloc.lower()).strip("-.") or "server"
    names = (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3)))
    name = next(n for n in names if n not in taken)
    return save_connection(
        workspace, name, protocol, address, key_variable, model, allow_http=allow_http
    )


def check_address(base_url: str, key_variable: str | None, *, allow_http: bool = False) -> str:
    """The address without its trailing slash.

    Raises InvalidInput when it is not http(s), carries credentials, a query or a fragment, is
    unencrypted beyond this machine, or is not the host that the key belongs to.
    """
    parts = urlsplit(base_url.strip())
    host = (parts.hostname or "").lower()
    try:
        is_whole = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole:
        raise InvalidInput(
            "The base URL is not an http or https address.",
            remedy="Enter one such as http://127.0.0.1:8000/v1.",
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise InvalidInput(
            "The base URL holds credentials, a query or a fragment.",
            remedy="Put the key into an environment variable and name that instead.",
        )
    if parts.scheme == "http" and not (allow_http or is_loopback(host)):
        raise InvalidInput(
            f"The base URL would send prompts to {host!r} unencrypted.",
            remedy="Use https, or allow http for this host explicitly.",
        )
    owner = KEY_HOSTS.get(key_variable or "")
    if owner is not None and (host != owner or parts.scheme != "https"):
        raise InvalidInput(
            f"{key_variable} may only be sent to https://{owner}, not to {host!r}.",
            remedy="Name another environment variable for this host's key.",
        )
    return base_url.strip().rstrip("/")


def is_loopback(host: str) -> bool:
    """True for this machine's own addresses."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked(
    name: str,
    protocol: str,
    base_url: str | None,
    key_variable: str | None,
    default_model: str,
    allow_http: bool,
) -> str | None:
    if not NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} cannot name a connection.",
            remedy="Use lower-case letters, digits, dots, dashes and underscores.",
        )
    if not default_model.strip() or len(default_model) > 200:
        raise InvalidInput(
            f"The connection {name!r} needs a default model.", remedy="Enter a model's name."
        )
    if key_variable and not VARIABLE.fullmatch(key_variable):
        # The value is not repeated: somebody may have pasted the key itself.
        raise InvalidInput(
            "The key must be given as the name of an environment variable.",
            remedy="Put the key into a variable such as MY_SERVER_API_KEY and enter that name.",
        )
    if protocol == "offline":
        return None
    if protocol not in REMOTE_PROTOCOLS:
        raise InvalidInput(
            f"The protocol {protocol!r} is unknown.",
            remedy=f"Use one of offline, {', '.join(REMOTE_PROTOCOLS)}.",
        )
    if base_url is None:
        raise InvalidInput(f"The connection {name!r} needs a base URL.", remedy="Enter one.")
    return check_address(base_url, key_variable, allow_http=allow_http)
