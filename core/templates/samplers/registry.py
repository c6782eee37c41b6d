"""Every kind of sampler: the built-in ones, and those that installed packages add.

A package adds one under the entry-point group `seedbed.samplers`; the entry names the class. One
whose kind is not declared, or is taken, is logged and left out.
"""

import logging
from collections.abc import Mapping
from functools import lru_cache, reduce
from operator import or_
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal, get_args, get_origin

from pydantic import Field

from core.extensions import SAMPLERS, load_extensions
from core.templates.samplers.base import Sampler
from core.templates.samplers.bernoulli import BernoulliSampler
from core.templates.samplers.category import CategorySampler
from core.templates.samplers.date import DateSampler
from core.templates.samplers.expression import ExpressionSampler
from core.templates.samplers.faker import FakerSampler
from core.templates.samplers.given import GivenSampler
from core.templates.samplers.grown import GrownSampler
from core.templates.samplers.integer import IntegerSampler
from core.templates.samplers.knowledge import KnowledgeSampler
from core.templates.samplers.number import NumberSampler
from core.templates.samplers.parent_sample import ParentSampleSampler
from core.templates.samplers.persona import PersonaSampler
from core.templates.samplers.source_field import SourceFieldSampler
from core.templates.samplers.subcategory import SubcategorySampler
from core.templates.samplers.table_row import TableRowSampler

logger = logging.getLogger(__name__)
BUILT_IN: Final[tuple[type[Sampler], ...]] = (
    CategorySampler,
    SubcategorySampler,
    BernoulliSampler,
    IntegerSampler,
    NumberSampler,
    DateSampler,
    FakerSampler,
    PersonaSampler,
    ExpressionSampler,
    SourceFieldSampler,
    TableRowSampler,
    KnowledgeSampler,
    GrownSampler,
    ParentSampleSampler,
    GivenSampler,
)


@lru_cache(maxsize=1)
def sampler_kinds() -> Mapping[str, type[Sampler]]:
    """Every sampler class by its kind, the built-in ones first."""
    kinds = {_kind_of(sampler): sampler for sampler in BUILT_IN}
    for name, added in load_extensions(SAMPLERS, type).items():
        kind = _kind_of(added)
        if not kind or kind in kinds:
            logger.error("the sampler %r declares no kind of its own: %r", name, kind)
            continue
        kinds[kind] = added
    return MappingProxyType(kinds)


def _kind_of(sampler: type) -> str:
    """The kind that a sampler class declares as `kind: Literal["…"]`, without a default."""
    field = sampler.model_fields.get("kind") if issubclass(sampler, Sampler) else None
    if field is None or not field.is_required() or get_origin(field.annotation) is not Literal:
        return ""
    return str(get_args(field.annotation)[0])


if TYPE_CHECKING:
    AnySampler = Sampler
else:
    AnySampler = Annotated[reduce(or_, sampler_kinds().values()), Field(discriminator="kind")]
