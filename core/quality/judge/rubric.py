"""What a judge is asked: criteria, each with a question, a scale, anchors and a weight. Pure.

Owns the shape of a rubric and the score that follows from a judge's marks. It asks no model
(`prompting`, `requests`) and stores nothing (`rubrics`).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from core.errors import InvalidInput
from core.templates.part import Part
from core.templates.yaml_text import YamlDocument, dump_yaml
from core.text.hashing import canonical_hash

MAX_CRITERIA: Final = 12
MAX_STEPS: Final = 10  # a scale from 1 to 10 at the widest: no judge tells more apart
Preference = Literal["sample", "other", "tie"]
Anchor = Annotated[str, Field(min_length=1, max_length=500)]


class Criterion(Part):
    """One thing to judge, on a scale of whole numbers."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Lower case, underscores.")
    question: str = Field(min_length=1, max_length=1000, description="What to look at.")
    weight: float = Field(1.0, gt=0, le=100, description="Its share of the score, relative.")
    low: int = Field(1, ge=0, le=9, description="The worst mark.")
    high: int = Field(5, ge=1, le=10, description="The best mark.")
    anchors: dict[int, Anchor] = Field(
        default_factory=dict, description="What a mark means, by mark; more of them agree better."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not 1 <= self.high - self.low <= MAX_STEPS:
            raise ValueError(f"the scale of {self.name!r} runs from {self.low} to {self.high}")
        if wrong := [mark for mark in self.anchors if not self.low <= mark <= self.high]:
            raise ValueError(f"an anchor of {self.name!r} stands at {wrong[0]}, off its scale")
        return self

    @property
    def marks(self) -> range:
        """Every mark of its scale."""
        return range(self.low, self.high + 1)

    def level(self, mark: float) -> float:
        """A mark as a share of the scale, 0 to 1."""
        return (mark - self.low) / (self.high - self.low)


class RubricDefinition(Part):
    """A whole rubric. Two with the same content hash ask the same."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,49}$", description="Lower case, with hyphens.")
    title: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=2000)
    guidance: str = Field(
        "", max_length=8000, description="What else the judge should know of the task."
    )
    shows_source: bool = Field(
        False, description="Show the source chunk that a sample was made from, where it has one."
    )
    criteria: list[Criterion] = Field(min_length=1, max_length=MAX_CRITERIA)

    @field_validator("criteria")
    @classmethod
    def _distinct(cls, criteria: list[Criterion]) -> list[Criterion]:
        names = [criterion.name for criterion in criteria]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"the criterion {twice[0]!r} stands twice")
        return criteria


def weighted_score(rubric: RubricDefinition, marks: Mapping[str, float]) -> float:
    """The marks of all criteria as one score, 0 to 1: the weighted mean of their levels.

    Raises KeyError for a criterion without a mark.
    """
    total = sum(criterion.weight for criterion in rubric.criteria)
    levels = (c.weight * c.level(float(marks[c.name])) for c in rubric.criteria)
    return min(1.0, max(0.0, sum(levels) / total))


def weighted_preference(
    rubric: RubricDefinition, preferences: Mapping[str, Preference]
) -> Preference:
    """Which of two samples the criteria prefer by their weights; a tie where they balance.

    Raises KeyError for a criterion without a preference.
    """
    signs = {"sample": 1, "other": -1, "tie": 0}
    balance = sum(c.weight * signs[preferences[c.name]] for c in rubric.criteria)
    if abs(balance) < 1e-9:
        return "tie"
    return "sample" if balance > 0 else "other"


def build_rubric(data: Mapping[str, Any]) -> RubricDefinition:
    """The rubric in a JSON-like mapping. Raises InvalidInput naming the first field that is off."""
    try:
        return RubricDefinition.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        message = str(cause) if isinstance(cause, ValueError) else first["msg"]
        message = _PLAIN.get(first["type"], message)
        raise InvalidInput(f"{_where(first['loc'])}: {message.rstrip('.')}.") from error


_PLAIN: Final = {
    "string_pattern_mismatch": "begin with a letter; lower case letters, digits and "
    "hyphens (in a criterion: underscores) follow",
    "string_too_short": "write something",
    "missing": "it is missing",
    "extra_forbidden": "no such field is known",
}


def _where(path: tuple[str | int, ...]) -> str:
    """criteria.0.question as people say it: criterion 1, question."""
    if len(path) > 1 and path[0] == "criteria" and isinstance(path[1], int):
        return ", ".join((f"criterion {path[1] + 1}", *(str(step) for step in path[2:])))
    return ", ".join(str(step) for step in path) or "rubric"


def parse_rubric(text: str) -> RubricDefinition:
    """The rubric in a YAML text. Raises InvalidInput."""
    return build_rubric(YamlDocument(text).value)


def rubric_yaml(rubric: RubricDefinition) -> str:
    """The rubric as YAML that `parse_rubric` reads back to an equal one."""
    return dump_yaml(rubric.model_dump(mode="json", exclude_defaults=True))


def rubric_hash(rubric: RubricDefinition) -> str:
    """SHA-256 of the canonical JSON of what the rubric says, defaults left out."""
    return canonical_hash(rubric.model_dump(mode="json", exclude_defaults=True))
