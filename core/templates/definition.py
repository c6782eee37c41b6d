"""What a template is: prompts, variables, output schema, mapping, checks.

Owns the shape and everything about it that can be checked without rendering. It does not draw
values (`plan`), render prompts (`rendering`) or store versions (`versions`).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from core.errors import TemplateError
from core.templates.checking import check_definition
from core.templates.constraints import AnyConstraint as AnyConstraint
from core.templates.constraints import Constraint as Constraint
from core.templates.part import MAX_PROMPT_CHARS, Condition, Part, Text, VariableName
from core.templates.samplers.base import Sampler as Sampler
from core.templates.samplers.category import CategorySampler as CategorySampler
from core.templates.samplers.registry import AnySampler
from core.templates.samplers.subcategory import SubcategorySampler as SubcategorySampler
from core.templates.samplers.weights import WeightedValue as WeightedValue
from core.templates.samplers.weights import keyed_by_text
from core.templates.scope import Misfit
from core.templates.steps import MAX_STEPS, StepName, output_of_steps
from core.templates.steps import Step as Step
from core.templates.yaml_text import YamlDocument, dump_yaml
from core.text.hashing import canonical_hash


class Variable(Part):
    """A named value that differs from sample to sample."""

    name: VariableName
    description: str = Field("", max_length=500)
    sampler: AnySampler
    when: Condition | None = Field(
        None, description="Jinja condition over the variables above; left out where it is false."
    )


class SourceUse(Part):
    """How the template uses source chunks."""

    required: bool = Field(False, description="Refuse a batch without a source.")


class OutputMapping(Part):
    """Which text of a sample is its input, and which its response."""

    input: str = Field(
        max_length=MAX_PROMPT_CHARS,
        description="Jinja over output, variables and chunk; empty for samples without an input.",
    )
    response: Text = Field(description="Jinja over output, variables and chunk.")


class ModelDefaults(Part):
    """Sampling settings a batch starts from."""

    temperature: float | None = Field(0.8, ge=0, le=2, description="None leaves it to the model.")
    max_output_tokens: int = Field(800, ge=1, le=128_000)
    top_p: float | None = Field(None, gt=0, le=1)
    connection: str | None = Field(
        None, min_length=1, max_length=200, description="Connection that a launch starts from."
    )
    model: str | None = Field(
        None, min_length=1, max_length=200, description="Model that a launch starts from."
    )


class OutputRule(Part):
    """A condition that every good answer meets; one that does not is marked with the message."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,49}$")
    condition: Condition = Field(description="Jinja over output, variables and chunk.")
    message: str = Field(min_length=1, max_length=500)


PII_KINDS = (
    "email", "phone", "iban", "card", "national_id", "ip", "secret",
)  # fmt: skip


class CheckSettings(Part):
    """Which checks run on a sample, and where the verdicts begin."""

    min_chars: int = Field(20, ge=0, description="Shortest response that passes, in characters.")
    max_chars: int = Field(20_000, ge=1, description="Longest response that passes, in characters.")
    refusal: bool = Field(True, description="Look for answers that decline the task.")
    placeholder: bool = Field(True, description="Look for unfilled placeholders.")
    echo: float = Field(
        0.75, ge=0, le=1, description="Share of the input's words from which a response echoes it."
    )
    repetition: float = Field(
        0.4, ge=0, le=1, description="Share of repeated phrases that is still ordinary."
    )
    languages: list[str] = Field(
        default_factory=list,
        max_length=20,
        description="ISO 639-1 codes that a response may be in, or names of variables that hold "
        "one; empty: whatever the input is in.",
    )
    language: float = Field(
        0.5, ge=0, le=1, description="Confidence in another language that counts as wrong."
    )
    pii: list[str] = Field(
        default_factory=lambda: list(PII_KINDS), description="Kinds of personal data to look for."
    )
    toxicity: float = Field(
        0.5, ge=0, le=1, description="Severity of words from which a response is toxic."
    )
    groundedness: float = Field(
        0.9, ge=0, le=1, description="Share of claims that the source chunk must cover."
    )
    consistency: float = Field(
        0.5, ge=0, le=1, description="Likelihood of a contradiction that counts."
    )
    near_duplicate: float = Field(0.85, gt=0, le=1, description="Jaccard similarity of a copy.")
    semantic_duplicate: float = Field(
        0.95, gt=0, le=1, description="Cosine of embeddings of a copy in other words."
    )
    leakage: float = Field(
        0.6, gt=0, le=1, description="Share of an evaluation record's phrases that leaked."
    )
    judge: float = Field(0.6, ge=0, le=1, description="Judge's score that passes.")
    accept_at: float = Field(0.8, ge=0, le=1, description="Quality score that accepts by itself.")
    reject_below: float = Field(0.4, ge=0, le=1, description="Quality score below is rejected.")
    rules: list[OutputRule] = Field(default_factory=list, max_length=20)

    @field_validator("pii")
    @classmethod
    def _known_kinds(cls, kinds: list[str]) -> list[str]:
        if unknown := sorted(set(kinds) - set(PII_KINDS)):
            raise ValueError(f"unknown kinds of personal data: {', '.join(unknown)}")
        return kinds

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_chars > self.max_chars:
            raise ValueError(f"min_chars {self.min_chars} is above max_chars {self.max_chars}")
        if self.reject_below > self.accept_at:
            raise ValueError(
                f"reject_below {self.reject_below} is above accept_at {self.accept_at}"
            )
        return self


class GroupTarget(Part):
    """The shares that a variable's values should have among the samples."""

    variable: VariableName
    target: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(min_length=1)

    _text_keys = field_validator("target", mode="before")(keyed_by_text)

    @field_validator("target")
    @classmethod
    def _whole(cls, target: dict[str, float]) -> dict[str, float]:
        if abs(sum(target.values()) - 1) > 0.005:
            raise ValueError(f"the target shares add up to {sum(target.values()):.3f}, not to 1")
        return target


class Example(Part):
    """A worked example shown to the model before the task."""

    user: Text
    output: dict[str, Any]
    step: StepName | None = Field(None, description="The step it belongs to, where there are any.")


class TemplateDefinition(Part):
    """A whole generation recipe. Two with the same content hash generate the same plan."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,99}$", description="Lower case, with hyphens.")
    title: str = Field(min_length=1, max_length=200)
    domain: str = Field(min_length=1, max_length=100)
    description: str = Field("", max_length=4000)
    shape: Literal["instruction", "conversation", "preference"] = "instruction"
    system: Text
    user: str = Field("", max_length=MAX_PROMPT_CHARS, description="Empty where there are steps.")
    steps: list[Step] = Field(default_factory=list, max_length=MAX_STEPS)
    examples: list[Example] = Field(default_factory=list, max_length=20)
    variables: list[Variable] = Field(default_factory=list, max_length=50)
    constraints: list[AnyConstraint] = Field(default_factory=list, max_length=50)
    source: SourceUse | None = None
    output: dict[str, Any] = Field(
        default_factory=dict,
        description="JSON Schema of the answer; follows from the steps.",
    )
    mapping: OutputMapping
    model: ModelDefaults = ModelDefaults()
    checks: CheckSettings = CheckSettings()
    groups: list[GroupTarget] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.steps and not self.output:
            # Frozen for everyone else: `output` follows from the steps, and is not asked for twice.
            object.__setattr__(self, "output", output_of_steps(self.steps))
        check_definition(self)
        return self


def build_template(data: Mapping[str, Any]) -> TemplateDefinition:
    """The definition in a JSON-like mapping.

    Raises TemplateError naming the first field that does not fit.
    """
    try:
        return TemplateDefinition.model_validate(data)
    except ValidationError as error:
        path, message = _first_problem(error)
        line = _line_inside(error)
        where = f"{_dotted(path)}, line {line}" if line else _dotted(path)
        raise TemplateError(f"{where}: {message}.") from error


def parse_template(text: str) -> TemplateDefinition:
    """The definition in a YAML text.

    Raises TemplateError with the line of the problem.
    """
    document = YamlDocument(text)
    try:
        return TemplateDefinition.model_validate(document.value)
    except ValidationError as error:
        path, message = _first_problem(error)
        line = document.line_of(path, _line_inside(error))
        raise TemplateError(f"{_dotted(path)}: {message}.", line=line) from error


def template_yaml(definition: TemplateDefinition) -> str:
    """The definition as YAML that `parse_template` reads back to an equal one."""
    data = definition.model_dump(mode="json", exclude_defaults=True)
    if definition.steps:
        data.pop("output")
    for written, variable in zip(data.get("variables", []), definition.variables, strict=True):
        written["sampler"] = variable.sampler.short(written["sampler"])
    return dump_yaml(data)


def content_hash(definition: TemplateDefinition) -> str:
    """SHA-256 of the canonical JSON of what the definition says, defaults left out.

    A field that a later release adds changes no hash of what is stored.
    """
    return canonical_hash(definition.model_dump(mode="json", exclude_defaults=True))


def _first_problem(error: ValidationError) -> tuple[tuple[str | int, ...], str]:
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    path = tuple(first["loc"]) + (cause.path if isinstance(cause, Misfit) else ())
    message = str(cause) if isinstance(cause, ValueError) else first["msg"]
    return path, message.rstrip(".")


def _line_inside(error: ValidationError) -> int:
    cause = error.errors()[0].get("ctx", {}).get("error")
    return cause.line_inside if isinstance(cause, Misfit) else 0


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in path) or "template"
