"""What an expansion asks: the wish of a person as the launch of a recipe.

Three operations: new values of a variable, variants of a prompt, evolved instructions. Each is a
batch of its own; what it answers becomes candidates (`expansion_candidates`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import Any, Final

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.batches import LaunchRequest
from core.generation.expansion.parents import ParentChoice, parent_ids
from core.generation.expansion.recipes import EXPANSIONS, recipe, recipe_version, variant_of
from core.generation.expansion.variables import growable, values_present
from core.generation.expansion.variants import code_pieces, prompts_of
from core.templates.definition import TemplateDefinition
from core.templates.versions import get_version, load_definition

MAX_COUNT: Final = 500  # values, variants or instructions of one expansion
VALUES_PER_REQUEST: Final = 10
FEWEST_REQUESTS: Final = 3  # so that several angles are taken even for a few values
SURPLUS: Final = 1.5  # values asked for per value wanted: some repeat what is known
MOST_PRESENT: Final = 300  # present values shown to the model; all are compared with afterwards
DIRECTIONS: Final = ("all", "deeper", "broader", "adversarial")
# The cosine from which a text counts as known. A deeper instruction repeats much of its parent, and
# a variant of a prompt nearly all of it: none of them is a duplicate for that.
SAME_MEANING: Final = {"grow_values": 0.85, "rewrite_prompt": 1.01, "evolve": 0.95}
INSTRUCTION: Final = "given"  # suffix of the recipe that evolves an instruction without a sample


@dataclass(frozen=True)
class ExpansionRequest:
    """What to propose, how much, and with which model."""

    operation: str  # a key of EXPANSIONS
    template_version_id: str
    count: int = 20  # values, variants or instructions wanted
    definition: TemplateDefinition | None = None  # a draft; None takes the version's content
    variable: str = ""  # grow_values: which one
    parent_value: str = ""  # grow_values: of a subcategory, for which value of its parent
    step: str = ""  # rewrite_prompt: which step; "" is the first
    direction: str = "all"  # evolve: one of DIRECTIONS
    instruction: str = ""  # evolve: from this one; "" takes samples
    parents: ParentChoice = field(default_factory=ParentChoice)  # evolve: from their inputs
    guidance: str = ""  # what else is wanted, in a person's words
    avoid: tuple[str, ...] = ()  # values that are not wanted
    threshold: float | None = None  # cosine of the same meaning; None takes SAME_MEANING's
    connection: str = "offline"
    model: str = ""  # "" takes the connection's default model
    temperature: float | None = None  # None takes the recipe's
    seed: int | None = None
    budget_usd: Decimal | None = None
    idempotency_key: str | None = None
    project_id: str = DEFAULT_PROJECT_ID
    created_by: str = LOCAL_ADMIN_ID


@dataclass(frozen=True)
class _Plan:
    """One operation's part of the launch."""

    n: int
    inputs: Mapping[str, Any]
    origin: Mapping[str, Any]
    name: str
    recipe: TemplateDefinition


def expansion_launch(workspace: Workspace, request: ExpansionRequest) -> LaunchRequest:
    """The batch that carries the expansion out, to be estimated or launched.

    Raises InvalidInput for what cannot be expanded, NotFound.
    """
    if request.operation not in EXPANSIONS:
        raise InvalidInput(
            f"{request.operation!r} is no expansion.", remedy=f"Use {', '.join(EXPANSIONS)}."
        )
    if not 1 <= request.count <= MAX_COUNT:
        raise InvalidInput(f"The count is {request.count}.", remedy=f"Use 1 to {MAX_COUNT}.")
    version = get_version(workspace, request.template_version_id)
    definition = request.definition or load_definition(version)
    plan = _PLANS[request.operation](workspace, request, definition)
    own = recipe_version(
        workspace, plan.recipe, created_by=request.created_by, project_id=request.project_id
    )
    origin = {
        "operation": request.operation,
        "template_id": version.template_id,
        "template_version_id": version.template_version_id,
        "threshold": SAME_MEANING[request.operation]
        if request.threshold is None
        else request.threshold,
        **plan.origin,
    }
    return LaunchRequest(
        own.template_version_id,
        plan.n,
        connection=request.connection,
        model=request.model,
        seed=request.seed,
        parameters={} if request.temperature is None else {"temperature": request.temperature},
        budget_usd=request.budget_usd,
        kind="expansion",
        name=plan.name,
        inputs=plan.inputs,
        origin=origin,
        idempotency_key=request.idempotency_key,
        project_id=request.project_id,
        created_by=request.created_by,
    )


def requests_for(count: int) -> tuple[int, int]:
    """How many requests, and how many values in each, so that `count` new ones are likely."""
    wanted = ceil(count * SURPLUS)
    requests = max(FEWEST_REQUESTS, ceil(wanted / VALUES_PER_REQUEST))
    return requests, max(1, ceil(wanted / requests))


def _growth(_: Workspace, request: ExpansionRequest, definition: TemplateDefinition) -> _Plan:
    target = growable(definition, request.variable, request.parent_value)
    present = values_present(definition, request.variable, request.parent_value)
    n, per_request = requests_for(request.count)
    value = {
        "title": definition.title,
        "domain": definition.domain,
        "variable": request.variable,
        "description": target.description,
        "guidance": "\n".join(filter(None, (target.instruction, request.guidance.strip()))),
        "parent": target.parent,
        "parent_value": request.parent_value,
        "present": present[-MOST_PRESENT:],
        "avoid": list(request.avoid),
    }
    return _Plan(
        n,
        {"target": {"value": value}, "count": {"value": per_request}},
        {
            "variable": request.variable, "parent_value": request.parent_value,
            "known": [*present, *request.avoid],
        },
        f"Values for {request.variable}"
        + (f", {request.parent_value}" if request.parent_value else ""),
        recipe("grow_values"),
    )  # fmt: skip


def _rewriting(_: Workspace, request: ExpansionRequest, definition: TemplateDefinition) -> _Plan:
    prompts = prompts_of(definition, request.step)
    value = {
        "system": prompts.system,
        "user": prompts.user,
        "pieces": code_pieces(f"{prompts.system}\n{prompts.user}"),
        "guidance": request.guidance.strip(),
    }
    return _Plan(
        request.count,
        {"prompt": {"value": value}},
        {"step": prompts.step},
        f"Variants of the prompt of {definition.title}",
        recipe("rewrite_prompt"),
    )


def _evolution(
    workspace: Workspace, request: ExpansionRequest, definition: TemplateDefinition
) -> _Plan:
    if request.direction not in DIRECTIONS:
        raise InvalidInput(
            f"{request.direction!r} is no direction.", remedy=f"Use {', '.join(DIRECTIONS)}."
        )
    shared = {
        "direction": {"value": request.direction},
        "guidance": {"value": request.guidance.strip()},
    }
    origin = {"direction": request.direction, "variable": request.variable}
    if text := request.instruction.strip():
        given = {"kind": "given", "default": {"input": "How do I do it?"}}
        variables = recipe("evolve").model_dump(mode="json", exclude_defaults=True)["variables"]
        changed = [v | {"sampler": given} if v["name"] == "parent" else v for v in variables]
        return _Plan(
            request.count,
            {"parent": {"value": {"input": text}}, **shared},
            origin,
            "Instructions evolved from one",
            variant_of(recipe("evolve"), INSTRUCTION, variables=changed),
        )
    chosen = parent_ids(workspace, request.parents, seed=request.seed or 0)[: request.count]
    if not chosen:
        raise InvalidInput(
            "No sample fits, so there is no instruction to evolve.",
            remedy="Choose batches with accepted samples, or give an instruction.",
        )
    return _Plan(
        request.count,
        {"parent": {"sample_ids": chosen}, **shared},
        {**origin, "batch_ids": list(request.parents.batch_ids)},
        f"Instructions evolved for {definition.title}",
        recipe("evolve"),
    )


_PLANS: Final = {"grow_values": _growth, "rewrite_prompt": _rewriting, "evolve": _evolution}
