"""The requests of a launch that has not happened: what estimates look at. Nothing is sent."""

from collections.abc import Iterator, Sequence

from core.attempts.calls import Target
from core.db.tables import Batch, Connection
from core.db.workspace import Workspace
from core.generation.asking import Asker, Task
from core.generation.batches import LaunchRequest
from core.generation.missing import plan_of
from core.generation.routes import prepare_for
from core.providers.registry import open_provider
from core.sources.browsing import load_chunks
from core.templates.versions import get_version, load_definition

NO_KEY = "not needed to prepare a request"


class Probe:
    """A request's plan and the tasks of any of its samples, as the runner would make them.

    Raises TemplateError for a plan that cannot be met, NotFound for a version or source that is
    not there.
    """

    def __init__(
        self, workspace: Workspace, request: LaunchRequest, connection: Connection
    ) -> None:
        definition = load_definition(get_version(workspace, request.template_version_id))
        batch = _unsaved(request, connection)
        self._workspace = workspace
        self._plan = plan_of(workspace, batch, definition)
        self._asker = Asker(batch, definition)
        # The key goes to nobody: a provider that only prepares opens no socket.
        environ = {connection.key_variable: NO_KEY} if connection.key_variable else {}
        self._provider = open_provider(connection, workspace.settings, environ=environ)
        self._target = Target(connection.name, batch.model, "")

    @property
    def max_output_tokens(self) -> int:
        """The output limit that every request carries."""
        return self._asker.max_output_tokens

    def tasks(self, indexes: Sequence[int]) -> Iterator[Task]:
        """The first request for each of these plan indexes, with its request key."""
        chunk_ids = {i: self._plan.chunk_id(i) for i in indexes}
        chunks = load_chunks(self._workspace, [c for c in chunk_ids.values() if c is not None])
        for index, chunk_id in chunk_ids.items():
            task = self._asker.task(self._plan, index, chunks.get(chunk_id or ""))
            prepare_for(task, self._provider, self._target)
            yield task


def _unsaved(request: LaunchRequest, connection: Connection) -> Batch:
    """The batch that a launch would store, as far as its requests depend on it."""
    return Batch(
        n=request.n,
        seed=request.seed or 0,
        plan_offset=request.plan_offset,
        retry_round=0,
        source_ids=list(request.source_ids),
        connection=connection.name,
        model=request.model or connection.default_model,
        parameters=dict(request.parameters),
    )
