"""Prompts and mapped samples from a definition, in the sandbox.

Owns what a template sees: its variables by name and under `variables`, `chunk` ({text, heading,
fields}, or none), `has_source`, and `output`: in the mapping the whole answer, in the prompt of a
step the answers of the steps before it.
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


@dataclass(frozen=True, slots=True)
class _Prompt:
    """What one call of a sample says."""

    name: str  # of its step; "" in a template without steps
    system: PromptTemplate
    examples: tuple[Message, ...]
    user: PromptTemplate
    continues: bool


class Renderer:
    """A definition's texts, compiled once; safe to share between threads."""

    def __init__(self, definition: TemplateDefinition) -> None:
        self._prompts = _prompts(definition)
        self._input = PromptTemplate(definition.mapping.input, "mapping.input")
        self._response = PromptTemplate(definition.mapping.response, "mapping.response")

    def messages(
        self,
        variables: Mapping[str, Any],
        chunk: Mapping[str, Any] | None = None,
        *,
        step: int = 0,
        output: Mapping[str, Any] | None = None,
    ) -> tuple[Message, ...]:
        """The system prompt, the worked examples as earlier turns, and the user prompt.

        Of a template with steps, the prompt of the `step`-th, from 0. `output` holds the answers by
        the names of their steps, of which only those before it are read; a step that continues
        says them again before its own prompt. Raises TemplateError when a prompt reads a variable
        or a field that this sample does not have.
        """
        prompt = self._prompts[step]
        context = _context(variables, chunk)
        if step:
            known = output or {}
            context["output"] = {p.name: known[p.name] for p in self._prompts[:step]}
        system = Message("system", prompt.system.render(context))
        turns = self._turns(step, context) if prompt.continues else ()
        asked = Message("user", prompt.user.render(context))
        return (system, *prompt.examples, *turns, asked)

    def _turns(self, step: int, context: Mapping[str, Any]) -> tuple[Message, ...]:
        """The prompts before this one, each followed by its answer."""
        turns: list[Message] = []
        before: dict[str, Any] = {}
        for place, prompt in enumerate(self._prompts[:step]):
            then = {**context, "output": dict(before)}
            if not place:
                del then["output"]
            answer = context["output"][prompt.name]
            turns.append(Message("user", prompt.user.render(then)))
            turns.append(Message("assistant", canonical_json(answer)))
            before[prompt.name] = answer
        return tuple(turns)

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


def _prompts(definition: TemplateDefinition) -> tuple[_Prompt, ...]:
    system = PromptTemplate(definition.system, "the system prompt")
    if not definition.steps:
        user = PromptTemplate(definition.user, "the user prompt")
        return (_Prompt("", system, _examples(definition, None), user, False),)
    return tuple(
        _Prompt(
            step.name,
            system if step.system is None
            else PromptTemplate(step.system, f"the system prompt of {step.name}"),
            _examples(definition, step.name),
            PromptTemplate(step.user, f"the prompt of {step.name}"),
            step.continues and place > 0,
        )
        for place, step in enumerate(definition.steps)
    )  # fmt: skip


def _examples(definition: TemplateDefinition, step: str | None) -> tuple[Message, ...]:
    return tuple(
        message
        for example in definition.examples
        if example.step == step
        for message in (
            Message("user", example.user),
            Message("assistant", canonical_json(example.output)),
        )
    )


def _context(variables: Mapping[str, Any], chunk: Mapping[str, Any] | None) -> dict[str, Any]:
    shared = {"variables": variables, "chunk": chunk, "has_source": chunk is not None}
    return {**variables, **shared}
