"""A template's variables as expansions see them: which can grow, what they hold, and growing them.

Pure: definitions in, definitions out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from core.errors import InvalidInput
from core.templates.definition import TemplateDefinition, Variable, build_template

LISTS: Final = ("category", "grown")  # kinds that hold one list of values
FIRST_SUBVALUE: Final = "general"  # what a subcategory gets for a new value of its parent


@dataclass(frozen=True)
class Growable:
    """One list of values that can grow."""

    variable: str
    description: str
    instruction: str  # of a grown list, else ""
    parent: str  # of a subcategory, else ""
    parent_values: tuple[str, ...]  # of a subcategory, else ()
    wanted: int | None  # of a grown list


def growables(definition: TemplateDefinition) -> list[Growable]:
    """The variables whose values can grow, in order."""
    return [_growable(variable) for variable in definition.variables if _has_values(variable)]


def growable(definition: TemplateDefinition, name: str, parent_value: str = "") -> Growable:
    """The variable of that name as a list that can grow.

    Raises InvalidInput for another kind, or a value that its parent does not take.
    """
    found = next((item for item in growables(definition) if item.variable == name), None)
    if found is None:
        names = [item.variable for item in growables(definition)]
        raise InvalidInput(
            f"{name!r} is no variable with a list of values.",
            remedy=f"Choose one of {', '.join(names)}." if names else "Add a category first.",
        )
    if found.parent and parent_value not in found.parent_values:
        raise InvalidInput(
            f"{name} depends on {found.parent}, which is not {parent_value!r}.",
            remedy=f"Choose one of {', '.join(found.parent_values[:20])}.",
        )
    return found


def values_present(definition: TemplateDefinition, name: str, parent_value: str = "") -> list[str]:
    """The values that the list holds now, in order."""
    sampler: Any = next(v.sampler for v in definition.variables if v.name == name)
    listed = sampler.values
    items = listed[parent_value] if isinstance(listed, dict) else listed
    return [item.value for item in items]


def with_values(
    definition: TemplateDefinition, name: str, new: Sequence[str], parent_value: str = ""
) -> TemplateDefinition:
    """The definition with these values added, each with the mean weight of the present ones.

    Values that are there already are passed over. A subcategory that depends on the variable gets
    FIRST_SUBVALUE for each new one, to be grown next. Raises InvalidInput, TemplateError.
    """
    growable(definition, name, parent_value)
    present = values_present(definition, name, parent_value)
    fresh = [text for text in dict.fromkeys(new) if text not in present]
    data = definition.model_dump(mode="json", exclude_defaults=True)
    sampler = next(v for v in data["variables"] if v["name"] == name)["sampler"]
    listed = sampler["values"]
    items = listed[parent_value] if isinstance(listed, dict) else listed
    weight = round(fmean(float(item.get("weight", 1)) for item in items), 6)
    items += [{"value": text} | ({} if weight == 1 else {"weight": weight}) for text in fresh]
    for variable in data["variables"]:
        follower = variable["sampler"]
        if follower["kind"] == "subcategory" and follower["parent"] == name:
            for text in fresh:
                follower["values"].setdefault(text, [{"value": FIRST_SUBVALUE}])
    return build_template(data)


def _has_values(variable: Variable) -> bool:
    return variable.sampler.kind in (*LISTS, "subcategory")


def _growable(variable: Variable) -> Growable:
    sampler: Any = variable.sampler
    is_branched = sampler.kind == "subcategory"
    return Growable(
        variable.name,
        variable.description,
        sampler.instruction if sampler.kind == "grown" else "",
        sampler.parent if is_branched else "",
        tuple(sampler.values) if is_branched else (),
        sampler.wanted if sampler.kind == "grown" else None,
    )
