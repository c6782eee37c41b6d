"""One fact from Faker."""

from typing import Any, Literal

from pydantic import Field

from core.errors import TemplateError
from core.templates.part import Locale
from core.templates.samplers.base import Draw, Sampler
from core.templates.samplers.people import CannotDraw, check_faker, draw_faker
from core.templates.scope import Misfit, Scope


class FakerSampler(Sampler):
    """What a method of Faker returns, such as `company` or `street_address`."""

    kind: Literal["faker"]
    method: str = Field(pattern=r"^[a-z][a-z0-9_]{0,99}$")
    locale: Locale = "en_US"

    def check(self, scope: Scope) -> None:  # noqa: ARG002
        try:
            check_faker(self.method, self.locale)
        except CannotDraw as error:
            raise Misfit(str(error), ("method",)) from error

    def draw(self, at: Draw) -> Any:
        try:
            return draw_faker(self.method, self.locale, at.stream)
        except CannotDraw as error:
            raise TemplateError(f"Variable {at.name!r}: {error}.") from error
