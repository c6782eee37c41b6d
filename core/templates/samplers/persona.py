"""A whole person."""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from core.errors import TemplateError
from core.templates.part import Locale, VariableName
from core.templates.samplers.base import Draw, Sampler
from core.templates.samplers.people import (
    PERSONA_FIELDS,
    CannotDraw,
    check_age_value,
    check_faker,
    check_gender_value,
    draw_persona,
)
from core.templates.scope import Misfit, Scope


class PersonaSampler(Sampler):
    """A person: name, gender, age, work, city, and an e-mail, phone and username that fit."""

    kind: Literal["persona"]
    locale: Locale = "en_US"
    gender_variable: VariableName | None = Field(
        None, description="A variable above whose value is the gender: woman, man or nonbinary."
    )
    age_variable: VariableName | None = Field(
        None, description="A variable above whose value is an age or a range: 18-29, 65+."
    )

    def reads(self) -> frozenset[str]:
        return frozenset(name for name in (self.gender_variable, self.age_variable) if name)

    def fields(self) -> tuple[str, ...]:
        return PERSONA_FIELDS

    def check(self, scope: Scope) -> None:
        _told(lambda _: check_faker("first_name", self.locale), "", "locale")
        _check_values(scope, self.gender_variable, check_gender_value, "gender_variable")
        _check_values(scope, self.age_variable, check_age_value, "age_variable")

    def draw(self, at: Draw) -> Any:
        gender, age = (
            None if name is None else at.context.get(name)
            for name in (self.gender_variable, self.age_variable)
        )
        try:
            return draw_persona(self.locale, gender, age, at.stream)
        except CannotDraw as error:
            raise TemplateError(f"Variable {at.name!r}: {error}.") from error


def _check_values(scope: Scope, name: str | None, check: Callable[[str], None], field: str) -> None:
    if name is None:
        return
    scope.check_name(name, (field,))
    for value in scope.values_of(name) or ():
        _told(check, str(value), field)


def _told(check: Callable[[str], None], value: str, field: str) -> None:
    try:
        check(value)
    except CannotDraw as error:
        raise Misfit(str(error), (field,)) from error
