"""What a template's samples look like, written by the offline provider, without a batch.

Nothing is stored and nothing is paid: for the pages of the library and for trying a template out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from core.errors import TemplateError
from core.providers.base import Message, ModelRequest
from core.providers.offline.provider import OFFLINE_MODEL, OfflineProvider, answer
from core.templates.definition import TemplateDefinition
from core.templates.planning.inputs import sample_inputs
from core.templates.planning.plan import Plan
from core.templates.rendering import MappedSample, Renderer

SHARES_OF = 10_000  # samples of the plan that shares are told for
PASSAGES = Path(__file__).resolve().parents[2] / "data" / "samples" / "bank_handbook.md"


@dataclass(frozen=True)
class Specimen:
    """One sample that nobody stored."""

    variables: Mapping[str, Any]
    chunk: Mapping[str, Any] | None
    messages: tuple[tuple[Message, ...], ...]  # what each step sends
    output: dict[str, Any]
    mapped: MappedSample


class SpecimenMaker:
    """Writes the samples of one plan, any of them alone."""

    def __init__(self, definition: TemplateDefinition, *, n: int = 1, seed: int = 0) -> None:
        self._definition = definition
        self._renderer = Renderer(definition)
        self._provider = OfflineProvider()
        self._seed = seed
        self._rows: dict[str, dict[str, Any]]
        inputs, self._rows = sample_inputs(definition)
        needs_source = definition.source is not None and definition.source.required
        self._chunks = passages() if needs_source else ()
        names = [str(place) for place in range(len(self._chunks))]
        self._plan = Plan(definition, n=n, seed=seed, chunk_ids=names, inputs=inputs)

    def make(self, i: int) -> Specimen:
        """The i-th sample of the plan.

        Raises TemplateError where a prompt or the mapping does not render.
        """
        chunk = self._chunk(i)
        variables = self._plan.variables(i, chunk, self._rows)
        output: dict[str, Any] = {}
        said: list[tuple[Message, ...]] = []
        steps = self._definition.steps
        for place in range(len(steps) or 1):
            messages = self._renderer.messages(variables, chunk, step=place, output=output)
            said.append(messages)
            schema = steps[place].output if steps else self._definition.output
            name = steps[place].name if steps else None
            value = self._ask(i, messages, schema, variables, chunk, name, output)
            output = {**output, name: value} if name else value
        mapped = self._renderer.map_output(output, variables, chunk)
        return Specimen(variables, chunk, tuple(said), output, mapped)

    def _chunk(self, i: int) -> Mapping[str, Any] | None:
        chunk_id = self._plan.chunk_id(i)
        return None if chunk_id is None else self._chunks[int(chunk_id)]

    def _ask(
        self,
        i: int,
        messages: tuple[Message, ...],
        schema: Mapping[str, Any],
        variables: Mapping[str, Any],
        chunk: Mapping[str, Any] | None,
        step: str | None,
        output: Mapping[str, Any],
    ) -> Any:
        model = self._definition.model
        context = {"variables": variables, "chunk": chunk, "template": self._definition.name}
        if step is not None:
            context |= {"step": step, "output": dict(output)}
        request = ModelRequest(
            OFFLINE_MODEL, messages, model.max_output_tokens, model.temperature,
            schema=schema, nonce=f"{self._seed}:{i}:{step or ''}", context=context,
        )  # fmt: skip
        try:
            return orjson.loads(answer(request, self._provider.prepare(request)).text)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise TemplateError(
                "The offline provider cannot fill this schema.",
                remedy="Preview the template with a model.",
            ) from error


def value_shares(definition: TemplateDefinition) -> dict[str, dict[str, float]]:
    """The share of each value among the samples that have the variable, by variable of the grid."""
    inputs, _ = sample_inputs(definition)
    needs_source = definition.source is not None and definition.source.required
    names = [str(place) for place in range(len(passages()))] if needs_source else ()
    plan = Plan(definition, n=SHARES_OF, seed=0, chunk_ids=names, inputs=inputs)
    counts: dict[str, dict[str, int]] = {}
    for cell in plan.cells():
        for name, value in cell.values.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            of_name = counts.setdefault(name, {})
            of_name[text] = of_name.get(text, 0) + cell.planned
    return {
        name: {text: number / max(sum(of_name.values()), 1) for text, number in of_name.items()}
        for name, of_name in counts.items()
    }


@cache
def passages() -> tuple[Mapping[str, Any], ...]:
    """Passages of the sample document that ships with Seedbed, as prompts see chunks."""
    found = []
    for part in PASSAGES.read_text("utf-8").split("\n## ")[1:]:
        heading, _, text = part.partition("\n")
        found.append({"text": text.strip(), "heading": heading.strip(), "fields": {}})
    return tuple(found)
