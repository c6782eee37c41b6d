"""An answer's text as an object, and what is wrong with it by its schema."""

from dataclasses import dataclass
from typing import Any

from core.templates.definition import TemplateDefinition
from core.text.answers import parse_json
from core.text.schema import CompiledSchema, FieldError


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed answer; `errors` is empty where it satisfies the schema."""

    output: dict[str, Any] | None
    errors: list[FieldError]


class AnswerReader:
    """Reads answers by the schemas of a template: one, or one for each of its steps."""

    def __init__(self, definition: TemplateDefinition) -> None:
        schemas = [step.output for step in definition.steps] or [definition.output]
        self._schemas = [CompiledSchema(schema) for schema in schemas]

    def read(self, text: str, step: int = 0) -> Answer:
        """The object that the text holds, judged by the schema of the `step`-th step."""
        try:
            value = parse_json(text)
        except ValueError as error:
            # The error's own words for the whole value come first.
            return Answer(None, [FieldError("", str(error).removeprefix("the answer "))])
        if not isinstance(value, dict):
            return Answer(None, [FieldError("", "must be a JSON object")])
        return Answer(value, self._schemas[step].errors(value))
