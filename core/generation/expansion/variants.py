"""Variants of a template's prompts: the code that they must keep, and whether they do.

Pure: definitions and texts in, definitions and reasons out.
"""

import re
from dataclasses import dataclass
from typing import Final

from jinja2 import nodes

from core.errors import InvalidInput, TemplateError
from core.templates.definition import TemplateDefinition, build_template
from core.templates.sandbox import PromptTemplate

PIECE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


@dataclass(frozen=True)
class Prompts:
    """The two prompts of a template, or of one of its steps."""

    system: str
    user: str
    step: str = ""  # the step's name; "" in a template without steps


def prompts_of(definition: TemplateDefinition, step: str = "") -> Prompts:
    """The prompts of that step, "" being the first or only one. Raises InvalidInput."""
    if not definition.steps:
        if step:
            raise InvalidInput(f"The template has no steps, so none is called {step!r}.")
        return Prompts(definition.system, definition.user)
    found = next(
        (s for s in definition.steps if s.name == (step or definition.steps[0].name)), None
    )
    if found is None:
        names = ", ".join(s.name for s in definition.steps)
        raise InvalidInput(f"There is no step {step!r}.", remedy=f"Choose one of {names}.")
    return Prompts(found.system or definition.system, found.user, found.name)


def code_pieces(text: str) -> list[str]:
    """The pieces of Jinja in a text, each once, in their order."""
    return list(dict.fromkeys(PIECE.findall(text)))


def with_prompts(definition: TemplateDefinition, prompts: Prompts) -> TemplateDefinition:
    """The definition with these prompts in place of its own. Raises TemplateError."""
    data = definition.model_dump(mode="json", exclude_defaults=True)
    if not prompts.step:
        return build_template({**data, "system": prompts.system, "user": prompts.user})
    before = prompts_of(definition, prompts.step)
    for step in data["steps"]:
        if step["name"] == prompts.step:
            step["user"] = prompts.user
            # A step that has none of its own goes on using the template's.
            if prompts.system != before.system:
                step["system"] = prompts.system
    return build_template(data)


def problem_of(definition: TemplateDefinition, prompts: Prompts) -> str:
    """Why these prompts cannot take the place of the present ones; "" where they can.

    They must compile, fit the rest of the template, and read exactly the variables, and the parts
    of variables, that the present ones read in the two prompts together.
    """
    before = prompts_of(definition, prompts.step)
    if (prompts.system.strip(), prompts.user.strip()) == (
        before.system.strip(),
        before.user.strip(),
    ):
        return "It is the present prompt."
    try:
        with_prompts(definition, prompts)
        new = _names(prompts)
    except TemplateError as error:
        return error.message
    old = _names(before)
    lost, added = sorted(old - new), sorted(new - old)
    if lost:
        return f"It no longer reads {', '.join(lost)}."
    return f"It reads {', '.join(added)}, which the present prompt does not." if added else ""


def _names(prompts: Prompts) -> frozenset[str]:
    return _read_by(prompts.system, "the system prompt") | _read_by(prompts.user, "the user prompt")


def _read_by(text: str, where: str) -> frozenset[str]:
    """What a text reads from outside, with its parts: customer, customer.age."""
    compiled = PromptTemplate(text, where)
    paths = (_path(node) for node in compiled.tree.find_all(nodes.Getattr))
    return compiled.names | {path for path in paths if path.partition(".")[0] in compiled.names}


def _path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        inner = _path(node.node)
        return f"{inner}.{node.attr}" if inner else ""
    return node.name if isinstance(node, nodes.Name) else ""
