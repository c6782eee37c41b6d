"""A template's own rules, compiled once and asked of every sample."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from core.errors import TemplateError
from core.templates.definition import CheckSettings
from core.templates.sandbox import PromptTemplate


class BrokenRule(NamedTuple):
    """A rule that a sample breaks, and why that matters."""

    name: str
    message: str


class RuleBook:
    """The rules of one template. A rule that cannot be evaluated for a sample is broken by it."""

    def __init__(self, settings: CheckSettings) -> None:
        self._rules = [
            (rule, PromptTemplate(rule.condition, f"the rule {rule.name!r}", is_condition=True))
            for rule in settings.rules
        ]

    def broken(
        self,
        output: Mapping[str, Any] | None,
        variables: Mapping[str, Any],
        chunk: Mapping[str, Any] | None,
    ) -> list[BrokenRule]:
        """The rules that this sample breaks, in order; none where there is no output."""
        if not self._rules or output is None:
            return []
        context = {
            **variables, "variables": variables, "chunk": chunk,
            "has_source": chunk is not None, "output": output,
        }  # fmt: skip
        broken = []
        for rule, condition in self._rules:
            try:
                if not condition.is_true(context):
                    broken.append(BrokenRule(rule.name, rule.message))
            except TemplateError as error:
                broken.append(BrokenRule(rule.name, f"{rule.message} ({error.message})".strip()))
        return broken
