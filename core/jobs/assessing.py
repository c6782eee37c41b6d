"""The inline quality checks in the shape that a generation run takes them."""

from collections.abc import Mapping
from typing import Any

from core.generation.judging import Answer, Assessment
from core.quality.inline import InlineChecks
from core.quality.scoring import score
from core.templates.definition import TemplateDefinition


class InlineAssessor:
    """Checks and scores each answer as it arrives."""

    def __init__(self, definition: TemplateDefinition) -> None:
        self._checks = InlineChecks(definition)

    def assess(
        self,
        answer: Answer,
        input: str,
        response: str,
        raw_text: str,
        variables: Mapping[str, Any],
        chunk: Mapping[str, Any] | None,
    ) -> Assessment:
        """Score, verdict and findings of one answered sample."""
        results = self._checks.check(
            answer.output, input, response, raw_text, answer.errors, variables, chunk
        )
        quality = score(results, self._checks.limits)
        findings = [
            {"check_name": r.check, "value": r.value, "score": r.score, "evidence": r.evidence}
            for r in results
        ]
        return Assessment(quality.quality_score, quality.verdict, findings)
