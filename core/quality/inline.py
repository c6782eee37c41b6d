"""The cheap checks, run on every answer as it arrives: microseconds each."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.quality.check import Check, CheckResult, Subject
from core.quality.registry import CHECKS
from core.quality.rules import RuleBook
from core.templates.definition import TemplateDefinition
from core.text.schema import FieldError

EMPTY: Mapping[str, Any] = {}


class InlineChecks:
    """The checks of one template definition, ready to run."""

    def __init__(self, definition: TemplateDefinition) -> None:
        self.limits = definition.checks
        self._rules = RuleBook(definition.checks)
        self._expects_input = bool(definition.mapping.input.strip())
        self._checks: list[Check] = [c for c in CHECKS.values() if c.stage == "inline"]

    def check(
        self,
        output: Mapping[str, Any] | None,
        input: str,
        response: str,
        raw_text: str,
        schema_errors: Sequence[FieldError],
        variables: Mapping[str, Any] = EMPTY,
        chunk: Mapping[str, Any] | None = None,
    ) -> list[CheckResult]:
        """What the checks have to say about one sample, for `scoring.score` and for storage.

        A check that found nothing says nothing (its score is 1); `length` always speaks, so that
        its thresholds can move later.
        """
        broken = self._rules.broken(output, variables, chunk)
        subject = Subject(
            output, input, response, raw_text, schema_errors, self._expects_input, broken
        )
        results = []
        for check in self._checks:
            assert check.measure is not None
            value, evidence = check.measure(subject)
            if value != check.clean:
                rating = check.rate(value, self.limits)
                results.append(CheckResult(check.name, value, rating, evidence))
        return results
