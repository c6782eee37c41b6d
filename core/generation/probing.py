"""The requests of a launch that has not happened: what estimates look at. Nothing is sent."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.attempts.calls import Target
from core.db.tables import Batch, Connection
from core.db.workspace import Workspace
from core.errors import TemplateError
from core.generation.answers import AnswerReader
from core.generation.asking import Asker, Task
from core.generation.batches import LaunchRequest
from core.generation.inputs import freeze_inputs
from core.generation.missing import material_of, plan_of, task_of
from core.generation.routes import prepare_for
from core.generation.steps import AskedStep
from core.providers.registry import open_provider
from core.templates.definition import TemplateDefinition
from core.templates.trial import skeleton
from core.templates.versions import get_version, load_definition

NO_KEY = "not needed to prepare a request"
STAND_IN = "text"  # what a skeleton has wherever a schema wants text
FILLER = "lorem "


class Probe:
    """A request's plan and the tasks of any of its samples, as the runner would make them.

    Raises TemplateError for a plan that cannot be met, NotFound for a version or source that is
    not there, InvalidInput for inputs that do not fit.
    """

    def __init__(
        self, workspace: Workspace, request: LaunchRequest, connection: Connection
    ) -> None:
        definition = load_definition(get_version(workspace, request.template_version_id))
        self._batch = _unsaved(workspace, request, connection, definition)
        self._workspace = workspace
        self._plan = plan_of(workspace, self._batch, definition)
        self._asker = Asker(self._batch, definition)
        self._reader = AnswerReader(definition)
        # The key goes to nobody: a provider that only prepares opens no socket.
        environ = {connection.key_variable: NO_KEY} if connection.key_variable else {}
        self._provider = open_provider(connection, workspace.settings, environ=environ)
        self._target = Target(connection.name, self._batch.model, "")

    @property
    def steps(self) -> tuple[AskedStep, ...]:
        """What each call of a sample asks for."""
        return self._asker.steps

    def tasks(self, indexes: Sequence[int]) -> Iterator[Task]:
        """The first request for each of these plan indexes, with its request key."""
        material = material_of(self._workspace, self._plan, self._batch.inputs, indexes)
        for index in indexes:
            yield self._prepared(task_of(self._asker, self._plan, index, material))

    def following(self, task: Task, answer: str) -> Task | None:
        """What a known answer leads to, a repair or the next step; None where the sample ends."""
        read = self._reader.read(answer, task.step)
        if read.errors:
            repair = self._asker.repair(task, answer, read.errors)
            return None if task.is_repair else self._prepared(repair)
        assert read.output is not None
        return None if self._asker.is_last(task) else self._next(task, read.output)

    def standing_in(self, task: Task, fill: float) -> Task | None:
        """The next step after an answer that fills this share of its output limit.

        The answer is made up from the schema: its texts have the length that the limit allows at
        CHARS_PER_TOKEN. None after the last step, and where such an answer cannot be read.
        """
        if self._asker.is_last(task):
            return None
        asked = self.steps[task.step]
        return self._next(task, stand_in(asked.schema, int(asked.max_output_tokens * fill)))

    def _next(self, task: Task, answer: dict[str, Any]) -> Task | None:
        try:
            return self._prepared(self._asker.next_step(task, answer))
        except TemplateError:
            return None

    def _prepared(self, task: Task) -> Task:
        prepare_for(task, self._provider, self._target)
        return task


CHARS_PER_TOKEN = 4.0  # of English text, OpenAI's help page "What are tokens", read 2026-11


def stand_in(schema: Mapping[str, Any], tokens: int) -> dict[str, Any]:
    """An answer of the schema's shape whose texts share about so many tokens."""
    shape = skeleton(schema)
    texts = max(1, _count_texts(shape))
    filled = _filled(shape, int(tokens * CHARS_PER_TOKEN / texts))
    return dict(filled)


def _count_texts(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(map(_count_texts, value.values()))
    if isinstance(value, list):
        return sum(map(_count_texts, value))
    return int(value == STAND_IN)


def _filled(value: Any, chars: int) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(inner, chars) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, chars) for inner in value]
    return (FILLER * (chars // len(FILLER) + 1))[: max(chars, 1)] if value == STAND_IN else value


def _unsaved(
    workspace: Workspace,
    request: LaunchRequest,
    connection: Connection,
    definition: TemplateDefinition,
) -> Batch:
    """The batch that a launch would store, as far as its requests depend on it."""
    with workspace.read() as session:
        inputs = freeze_inputs(session, definition, request)
    return Batch(
        n=request.n,
        seed=request.seed or 0,
        plan_offset=request.plan_offset,
        retry_round=0,
        source_ids=list(request.source_ids),
        inputs=inputs,
        focus=request.focus.stored(),
        connection=connection.name,
        model=request.model or connection.default_model,
        parameters=dict(request.parameters),
    )
