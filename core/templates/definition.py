"""What a template is: prompts, variables, output schema, mapping, checks.

Owns the shape and everything about it that can be checked without rendering. It does not draw
values (`plan`), render prompts (`rendering`) or store versions (`versions`).
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.errors import TemplateError
from core.templates.checking import Misfit, check_definition
from core.templates.yaml_text import YamlDocument, dump_yaml
from core.text.hashing import canonical_hash

MAX_PROMPT_CHARS = 64 * 1024
Text = Annotated[str, Field(min_length=1, max_length=MAX_PROMPT_CHARS)]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$", description="Such as en_US.")]


class Part(BaseModel):
    """Every part of a template: immutable, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class WeightedValue(Part):
    """One value of a category and its share relative to the others."""

    value: str = Field(min_length=1, max_length=2000)
    weight: float = Field(1.0, gt=0, le=1e9, description="Relative to the other values' weights.")


def _weighted(values: object) -> object:
    """Let a list say `retail` instead of `{value: retail}`; numbers are taken as text."""
    if not isinstance(values, list):
        return values
    return [_weighted_item(item) for item in values]


def _weighted_item(item: object) -> object:
    if isinstance(item, bool):
        raise ValueError(f"{item!r} is not a text: put it in quotes")
    if isinstance(item, dict) and type(item.get("value")) in (int, float):
        return {**item, "value": str(item["value"])}
    return {"value": str(item)} if isinstance(item, str | int | float) else item


def _unique(values: list[WeightedValue]) -> list[WeightedValue]:
    seen: set[str] = set()
    for item in values:
        if item.value in seen:
            raise ValueError(f"the value {item.value!r} stands twice: raise its weight instead")
        seen.add(item.value)
    return values


OrderedSampler = TypeVar("OrderedSampler", bound=Part)


class CategorySampler(Part):
    """One of several values, in exact proportion to their weights."""

    kind: Literal["category"]
    values: list[WeightedValue] = Field(min_length=1, max_length=5000)

    _shorthand = field_validator("values", mode="before")(_weighted)
    _distinct = field_validator("values")(_unique)


class SubcategorySampler(Part):
    """One of the values listed for the value that another variable took."""

    kind: Literal["subcategory"]
    parent: VariableName = Field(description="A category or subcategory defined above.")
    values: dict[str, list[WeightedValue]] = Field(min_length=1, max_length=5000)

    @field_validator("values", mode="before")
    @classmethod
    def _shorthand(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        return {str(parent): _weighted(items) for parent, items in values.items()}

    @field_validator("values")
    @classmethod
    def _distinct(cls, values: dict[str, list[WeightedValue]]) -> dict[str, list[WeightedValue]]:
        for parent, items in values.items():
            if not _unique(items):
                raise ValueError(f"no values are listed for {parent!r}")
        return values


class IntegerSampler(Part):
    """A whole number from low to high, both included, all equally likely."""

    kind: Literal["integer"]
    low: int = Field(ge=-(10**15), le=10**15)
    high: int = Field(ge=-(10**15), le=10**15)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _in_order(self, self.low, self.high)


class NumberSampler(Part):
    """A decimal number from low to high, both included, on a grid of `decimals` places."""

    kind: Literal["number"]
    low: float = Field(ge=-1e12, le=1e12)
    high: float = Field(ge=-1e12, le=1e12)
    decimals: int = Field(2, ge=0, le=6)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _in_order(self, self.low, self.high)


class DateSampler(Part):
    """A day from start to end, both included, as ISO text such as 2026-03-31."""

    kind: Literal["date"]
    start: date
    end: date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _in_order(self, self.start, self.end)


def _in_order(sampler: OrderedSampler, low: Any, high: Any) -> OrderedSampler:
    if low > high:
        raise ValueError(f"{low} is after {high}: swap them")
    return sampler


class FakerSampler(Part):
    """What a method of Faker returns, such as `company` or `street_address`."""

    kind: Literal["faker"]
    method: str = Field(pattern=r"^[a-z][a-z0-9_]{0,99}$")
    locale: Locale = "en_US"


class PersonaSampler(Part):
    """A person: {name, first_name, last_name, gender, age, occupation, city}."""

    kind: Literal["persona"]
    locale: Locale = "en_US"
    gender_variable: VariableName | None = Field(
        None, description="A variable above whose value is the gender: woman, man or nonbinary."
    )
    age_variable: VariableName | None = Field(
        None, description="A variable above whose value is an age or a range: 18-29, 65+."
    )


class ExpressionSampler(Part):
    """A text rendered from the variables above it."""

    kind: Literal["expression"]
    template: Text


class SourceFieldSampler(Part):
    """A column of the sample's source chunk; the variable is left out where there is no chunk."""

    kind: Literal["source_field"]
    column: str = Field(min_length=1, max_length=200)
    default: str | None = Field(None, description="Taken where the chunk lacks the column.")


Sampler = Annotated[
    CategorySampler
    | SubcategorySampler
    | IntegerSampler
    | NumberSampler
    | DateSampler
    | FakerSampler
    | PersonaSampler
    | ExpressionSampler
    | SourceFieldSampler,
    Field(discriminator="kind"),
]


class Variable(Part):
    """A named value that differs from sample to sample."""

    name: VariableName
    description: str = Field("", max_length=500)
    sampler: Sampler
    when: str | None = Field(
        None,
        min_length=1,
        max_length=2000,
        description="Jinja condition over the variables above; left out where it is false.",
    )


class SourceUse(Part):
    """How the template uses source chunks."""

    required: bool = Field(False, description="Refuse a batch without a source.")


class OutputMapping(Part):
    """Which text of a sample is its input, and which its response."""

    input: Text = Field(description="Jinja over output, variables and chunk.")
    response: Text = Field(description="Jinja over output, variables and chunk.")


class ModelDefaults(Part):
    """Sampling settings a batch starts from."""

    temperature: float | None = Field(0.8, ge=0, le=2, description="None leaves it to the model.")
    max_output_tokens: int = Field(800, ge=1, le=128_000)
    top_p: float | None = Field(None, gt=0, le=1)


class CheckSettings(Part):
    """Which checks run on a sample, and where the verdicts begin."""

    min_chars: int = Field(20, ge=0, description="Shortest response that passes, in characters.")
    max_chars: int = Field(20_000, ge=1, description="Longest response that passes, in characters.")
    refusal: bool = Field(True, description="Look for answers that decline the task.")
    placeholder: bool = Field(True, description="Look for unfilled placeholders.")
    near_duplicate: float = Field(0.85, gt=0, le=1, description="Jaccard similarity of a copy.")
    accept_at: float = Field(0.8, ge=0, le=1, description="Quality score that accepts by itself.")
    reject_below: float = Field(0.4, ge=0, le=1, description="Quality score below is rejected.")

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


class TemplateDefinition(Part):
    """A whole generation recipe. Two with the same content hash generate the same plan."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,99}$", description="Lower case, with hyphens.")
    title: str = Field(min_length=1, max_length=200)
    domain: str = Field(min_length=1, max_length=100)
    description: str = Field("", max_length=4000)
    shape: Literal["instruction", "conversation", "preference"] = "instruction"
    system: Text
    user: Text
    examples: list[Example] = Field(default_factory=list, max_length=20)
    variables: list[Variable] = Field(default_factory=list, max_length=50)
    source: SourceUse | None = None
    output: dict[str, Any]
    mapping: OutputMapping
    model: ModelDefaults = ModelDefaults()
    checks: CheckSettings = CheckSettings()
    groups: list[GroupTarget] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
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
    for variable in data.get("variables", []):
        sampler = variable["sampler"]
        if sampler["kind"] == "category":
            sampler["values"] = _short(sampler["values"])
        elif sampler["kind"] == "subcategory":
            sampler["values"] = {key: _short(items) for key, items in sampler["values"].items()}
    return dump_yaml(data)


def content_hash(definition: TemplateDefinition) -> str:
    """SHA-256 of the canonical JSON of the whole definition, defaults included."""
    return canonical_hash(definition.model_dump(mode="json"))


def _short(items: list[dict[str, Any]]) -> list[Any]:
    if all(item.keys() == {"value"} for item in items):
        return [item["value"] for item in items]
    return items


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
