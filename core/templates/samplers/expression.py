"""A text made of other variables."""

from typing import Any, Literal

from core.templates.part import Text
from core.templates.samplers.base import Draw, Drawer, Sampler
from core.templates.sandbox import PromptTemplate
from core.templates.scope import CONTEXT_NAMES, Scope


class ExpressionSampler(Sampler):
    """A text rendered from the variables above it."""

    is_redrawn = False
    kind: Literal["expression"]
    template: Text

    def reads(self) -> frozenset[str]:
        return PromptTemplate(self.template, "template").names - CONTEXT_NAMES

    def check(self, scope: Scope) -> None:
        scope.check_text(self.template, ("template",))

    def draw(self, at: Draw) -> Any:
        return PromptTemplate(self.template, f"{at.name!r}").render(at.context)

    def drawer(self) -> Drawer:
        template = PromptTemplate(self.template, "the expression")
        return lambda at: template.render(at.context)
