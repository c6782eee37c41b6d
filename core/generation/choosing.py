"""Which model a launch asks where it does not say: the template's, else the offline provider."""

from dataclasses import replace

from core.db.tables import Connection
from core.db.workspace import Workspace
from core.errors import NotFound
from core.generation.batches import LaunchRequest
from core.templates.versions import get_version, load_definition

OFFLINE = "offline"


def chosen(workspace: Workspace, request: LaunchRequest) -> LaunchRequest:
    """The request with its connection and model named.

    A template's model counts for the template's own connection alone. Raises NotFound.
    """
    if request.connection and request.model:
        return request
    definition = load_definition(get_version(workspace, request.template_version_id))
    name = request.connection or definition.model.connection or OFFLINE
    with workspace.read() as session:
        connection = session.get(Connection, name)
    if connection is None:
        raise NotFound("connection", name)
    own = definition.model.model if definition.model.connection == name else None
    model = request.model or own or connection.default_model
    return replace(request, connection=name, model=model)
