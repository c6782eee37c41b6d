"""Which values of a sample's variables are groups: declared in the template, or seen. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.templates.definition import CategorySampler, TemplateDefinition
from core.templates.samplers.grown import GrownSampler
from core.templates.samplers.weights import branch_key

MAX_SEEN: Final = 12  # different values up to which a field of imported samples may be groups
MIN_SEEN: Final = 5  # samples that each value has on average
MAX_VALUE_CHARS: Final = 60


@dataclass(frozen=True)
class GroupSpec:
    """A variable, or `variable.field`, whose values are groups, and the shares they should have."""

    variable: str
    target: dict[str, float]
    is_assumed: bool


def group_specs(definition: TemplateDefinition) -> list[GroupSpec]:
    """Declared targets first, then even shares for every other categorical variable."""
    declared = [GroupSpec(g.variable, dict(g.target), False) for g in definition.groups]
    known = {spec.variable for spec in declared}
    assumed = []
    for variable in definition.variables:
        if (
            not isinstance(variable.sampler, CategorySampler | GrownSampler)
            or variable.name in known
        ):
            continue
        names = [item.value for item in variable.sampler.values]
        if len(names) > 1:
            assumed.append(GroupSpec(variable.name, dict.fromkeys(names, 1 / len(names)), True))
    return declared + assumed


def seen_specs(drawn: Sequence[Mapping[str, Any]], known: Iterable[str] = ()) -> list[GroupSpec]:
    """Even shares for what takes few different values among samples: groups where no template
    says which there are, as in imports and dataset versions. Fields of a variable count as
    `variable.field`; those `known` are left out."""
    left_out = set(known)
    counts: dict[str, Counter[str]] = {}
    for variables in drawn:
        for name, value in _plain_values(variables):
            if name in left_out:
                continue
            if not _is_category(value):
                left_out.add(name)
                continue
            seen = counts.setdefault(name, Counter())
            seen[branch_key(value)] += 1
            if len(seen) > MAX_SEEN:
                left_out.add(name)
    return [
        GroupSpec(name, dict.fromkeys(sorted(seen), 1 / len(seen)), True)
        for name, seen in counts.items()
        if name not in left_out and len(seen) > 1 and seen.total() >= MIN_SEEN * len(seen)
    ]


def _plain_values(variables: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in variables.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{field}", part) for field, part in value.items() if part != "")
        elif value is not None and value != "":
            yield name, value


def _is_category(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and len(value) <= MAX_VALUE_CHARS)


def group_of(variables: Mapping[str, Any], name: str) -> str:
    """The group of a sample; "" where it has none."""
    value = variables.get(name)
    if value is None and "." in name:
        variable, _, field = name.partition(".")
        inner = variables.get(variable)
        value = inner.get(field) if isinstance(inner, Mapping) else None
    return "" if value is None else branch_key(value)
