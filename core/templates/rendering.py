"""Prompts and mapped samples from a definition, in the sandbox.

Owns what a template sees: its variables by name and under `variables`, `chunk` ({text, heading,
fields}, or none), `has_source`, and in the mapping `output`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.providers.base import Message
from core.templates.definition import TemplateDefinition
from core.templates.sandbox import PromptTemplate
from core.text.hashing import canonical_json


@dataclass(frozen=True, slots=True)
class MappedSample:
    """A sample's two texts."""

    input: str
    response: str


class Renderer:
    """A definition's texts, compiled once; safe to share between threads."""

    def __init__(self, definition: TemplateDefinition) -> None:
        self._system = PromptTemplate(definition.system, "the system prompt")
        self._user = PromptTemplate(definition.user, "the user prompt")
        self._input = PromptTemplate(definition.mapping.input, "mapping.input")
        self._response = PromptTemplate(definition.mapping.response, "mapping.response")
        self._examples = tuple(
            message
            for example in definition.examples
            for message in (
                Message("user", example.user),
                Message("assistant", canonical_json(example.output)),
            )
        )

    def messages(
        self, variables: Mapping[str, Any], chunk: Mapping[str, Any] | None = None
    ) -> tuple[Message, ...]:
        """The system prompt, the worked examples as earlier turns, and the user prompt.

        Raises TemplateError when a prompt reads a variable that this sample does not have.
        """
        context = _context(variables, chunk)
        system = Message("system", self._system.render(context))
        return (system, *self._examples, Message("user", self._user.render(context)))

    def map_output(
        self,
        output: Mapping[str, Any],
        variables: Mapping[str, Any],
        chunk: Mapping[str, Any] | None = None,
    ) -> MappedSample:
        """The sample's input and response, without surrounding white space.

        Raises TemplateError when the mapping reads a field that this output does not have.
        """
        context = {**_context(variables, chunk), "output": output}
        return MappedSample(
            self._input.render(context).strip(), self._response.render(context).strip()
        )


def _context(variables: Mapping[str, Any], chunk: Mapping[str, Any] | None) -> dict[str, Any]:
    shared = {"variables": variables, "chunk": chunk, "has_source": chunk is not None}
    return {**variables, **shared}
