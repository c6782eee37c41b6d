"""Samples made from samples: the wish of a person as the launch of a recipe.

With a model: paraphrase, back-translation, another persona. By a rule and without a call: slips of
the keyboard, exchanged values (`augmentation_rules`). What comes of it are samples with a parent,
checked like any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.batches import MAX_SAMPLES, LaunchRequest
from core.generation.expansion.parents import ParentChoice, parent_ids
from core.generation.expansion.recipes import (
    AUGMENTATIONS,
    BY_RULE,
    recipe,
    recipe_version,
    variant_of,
)
from core.text.noise import NOISE_KINDS

MAX_VARIANTS: Final = 20
MAX_SLIP_RATE: Final = 0.5
CHANGES: Final = ("input", "response", "both")
# Noise belongs to what people type: a model should not learn to answer with slips.
FIRST_CHANGES: Final = {"noise": "input"}
MIXED: Final = "mixed"  # the domain of copies whose parents come from several
RULE: Final = "rule"  # stands where a model's name stands
TITLES: Final = {
    "paraphrase": "Paraphrases", "back_translation": "Back-translations",
    "persona": "Persona changes", "noise": "Noisy copies", "swap": "Exchanged values",
}  # fmt: skip


@dataclass(frozen=True)
class AugmentationRequest:
    """How to derive samples, from which, and with which model."""

    operation: str  # a key of AUGMENTATIONS
    parents: ParentChoice
    variants: int = 1  # derived samples per parent
    changes: str = ""  # one of CHANGES: which texts become others; "" takes FIRST_CHANGES
    guidance: str = ""  # with a model: what else is wanted
    language: str = ""  # back_translation: the middle language; "" takes several in turn
    who: str = ""  # persona: the new person in words; "" draws one
    rate: float = 0.08  # noise: slips per word
    slips: tuple[str, ...] = tuple(NOISE_KINDS)  # noise: kinds of slips
    fields: tuple[str, ...] = ()  # swap: variables whose values are exchanged; () takes all
    connection: str = "offline"
    model: str = ""
    temperature: float | None = None  # None takes the recipe's
    seed: int | None = None
    budget_usd: Decimal | None = None
    concurrency: int | None = None
    name: str = ""
    idempotency_key: str | None = None
    project_id: str = DEFAULT_PROJECT_ID
    created_by: str = LOCAL_ADMIN_ID


def augmentation_launch(workspace: Workspace, request: AugmentationRequest) -> LaunchRequest:
    """The batch that derives the samples, to be estimated or launched.

    Raises InvalidInput for what does not fit, or where no sample was chosen.
    """
    changes = request.changes or FIRST_CHANGES.get(request.operation, "both")
    request = replace(request, changes=changes)
    _check(request)
    parents = parent_ids(workspace, request.parents, seed=request.seed or 0)
    if not parents:
        raise InvalidInput(
            "No sample fits, so there is nothing to derive from.",
            remedy="Choose other batches or another verdict.",
        )
    n = len(parents) * request.variants
    if n > MAX_SAMPLES:
        raise InvalidInput(f"{n:,} samples would be derived.", remedy="Choose fewer.")
    by_rule = request.operation in BY_RULE
    domain = _domain(workspace, parents)
    own = recipe_version(
        workspace,
        variant_of(recipe(request.operation), domain, domain=domain),
        created_by=request.created_by,
        project_id=request.project_id,
    )
    return LaunchRequest(
        own.template_version_id,
        n,
        connection="offline" if by_rule else request.connection,
        model=RULE if by_rule else request.model,
        seed=request.seed,
        parameters={}
        if request.temperature is None or by_rule
        else {"temperature": request.temperature},
        budget_usd=request.budget_usd,
        concurrency=request.concurrency,
        kind="augmentation",
        name=request.name or f"{TITLES[request.operation]} of {len(parents):,} samples",
        inputs={"parent": {"sample_ids": parents}, **_inputs(request)},
        origin={
            "operation": request.operation,
            "batch_ids": list(request.parents.batch_ids),
            "variants": request.variants,
            "changes": request.changes,
        },
        idempotency_key=request.idempotency_key,
        project_id=request.project_id,
        created_by=request.created_by,
    )


def _check(request: AugmentationRequest) -> None:
    if request.operation not in AUGMENTATIONS:
        raise InvalidInput(
            f"{request.operation!r} is no augmentation.",
            remedy=f"Use {', '.join(AUGMENTATIONS)}.",
        )
    if not 1 <= request.variants <= MAX_VARIANTS:
        raise InvalidInput(
            f"{request.variants} variants per sample are wanted.",
            remedy=f"Use 1 to {MAX_VARIANTS}.",
        )
    if request.changes not in CHANGES:
        raise InvalidInput(
            f"{request.changes!r} is not what can change.", remedy=f"Use {', '.join(CHANGES)}."
        )
    if request.operation != "noise":
        return
    if not 0 < request.rate <= MAX_SLIP_RATE:
        raise InvalidInput(
            f"The rate is {request.rate}.", remedy=f"Use more than 0, up to {MAX_SLIP_RATE}."
        )
    if not request.slips or set(request.slips) - set(NOISE_KINDS):
        raise InvalidInput(
            f"The kinds of slips are {', '.join(request.slips) or 'none'}.",
            remedy=f"Use some of {', '.join(NOISE_KINDS)}.",
        )


def _inputs(request: AugmentationRequest) -> Mapping[str, Any]:
    values: dict[str, Any] = {"changes": request.changes, "guidance": request.guidance.strip()}
    if request.operation == "back_translation":
        values["language"] = request.language.strip()
    elif request.operation == "persona":
        values["who"] = request.who.strip()
    elif request.operation == "noise":
        values = {
            "changes": request.changes, "rate": request.rate, "slips": list(request.slips)
        }  # fmt: skip
    elif request.operation == "swap":
        values = {"fields": list(request.fields)}
    return {name: {"value": value} for name, value in values.items()}


def _domain(workspace: Workspace, parents: Sequence[str]) -> str:
    """The domain of the parents, so that their copies are found where they are."""
    found: set[str] = set()
    with workspace.read() as session:
        for top in range(0, len(parents), 500):
            some = parents[top : top + 500]
            query = select(Sample.domain).where(Sample.sample_id.in_(some)).distinct()
            found.update(session.scalars(query))
    return found.pop() if len(found) == 1 else MIXED
