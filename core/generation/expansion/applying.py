"""What is done with accepted candidates: values, a prompt, scenarios.

Pure, apart from `save_variant`. A candidate that nobody accepted is refused.
"""

from collections.abc import Sequence

from core.db.tables import LOCAL_ADMIN_ID, Candidate, TemplateVersion
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.expansion.variables import with_values
from core.generation.expansion.variants import Prompts, with_prompts
from core.templates.definition import TemplateDefinition
from core.templates.versions import MAX_LABEL_CHARS, rename_version, save_template


def apply_candidates(
    definition: TemplateDefinition, candidates: Sequence[Candidate], variable: str = ""
) -> TemplateDefinition:
    """The definition with accepted candidates in it.

    Values go into the variable that they were grown for, instructions into `variable`, a category
    or grown list; of prompts exactly one can be applied. Raises InvalidInput, TemplateError.
    """
    for candidate in candidates:
        if candidate.state != "accepted":
            raise InvalidInput(
                f"{candidate.text[:60]!r} is {candidate.state}, not accepted.",
                remedy="Accept it first.",
            )
    prompts = [c for c in candidates if c.operation == "rewrite_prompt"]
    if len(prompts) > 1:
        raise InvalidInput(
            f"{len(prompts)} prompts are to be applied.", remedy="A template has one: choose one."
        )
    for prompt in prompts:
        definition = with_prompts(definition, prompts_in(prompt))
    for candidate in candidates:
        if candidate.operation == "rewrite_prompt":
            continue
        is_value = candidate.operation == "grow_values"
        name = str(candidate.details.get("variable", "")) if is_value else variable
        if not name:
            raise InvalidInput(
                "Evolved instructions need a variable to go to.",
                remedy="Name a category of the template, or take them over as scenarios.",
            )
        parent_value = str(candidate.details.get("parent_value", "")) if is_value else ""
        definition = with_values(definition, name, [candidate.text], parent_value)
    return definition


def prompts_in(candidate: Candidate) -> Prompts:
    """The prompts that a candidate of `rewrite_prompt` proposes."""
    details = candidate.details
    return Prompts(details["system"], details["user"], details.get("step", ""))


def scenario_rows(candidates: Sequence[Candidate]) -> list[dict[str, str]]:
    """Accepted instructions as rows of the knowledge table `scenarios`. Raises InvalidInput."""
    chosen = [c for c in candidates if c.operation == "evolve" and c.state == "accepted"]
    if not chosen:
        raise InvalidInput(
            "No accepted instruction was chosen.", remedy="Accept evolved instructions first."
        )
    return [
        {
            "scenario": candidate.text,
            "goal": str(candidate.details.get("goal", "")),
            "difficulty": str(candidate.details.get("difficulty", "")),
        }
        for candidate in chosen
    ]


def save_variant(
    workspace: Workspace,
    definition: TemplateDefinition,
    candidate: Candidate,
    *,
    created_by: str = LOCAL_ADMIN_ID,
) -> TemplateVersion:
    """A named version of the template with an accepted prompt; its note says where it comes from.

    Raises InvalidInput, TemplateError, Conflict.
    """
    manner, changes = candidate.details.get("manner", ""), candidate.details.get("changes", "")
    note = f"Variant {candidate.candidate_id} of batch {candidate.batch_id}. {changes}".strip()
    version = save_template(
        workspace,
        apply_candidates(definition, [candidate]),
        note,
        created_by=created_by,
        project_id=candidate.project_id,
    )
    label = f"Variant: {manner or 'rewritten'}"[:MAX_LABEL_CHARS]
    return rename_version(workspace, version.template_version_id, label)
