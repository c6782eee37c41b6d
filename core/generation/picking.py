"""Samples as worked examples: the prompt that was sent, and the answer that stands."""

from collections.abc import Sequence
from typing import Any

from core.db.tables import Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.samples import sample_lineage
from core.generation.standing import corrections
from core.sources.browsing import chunk_mapping
from core.templates.definition import TemplateDefinition
from core.templates.rendering import Renderer
from core.templates.versions import load_definition


def examples_of_sample(
    workspace: Workspace, sample_id: str, steps: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The sample as examples of a template with these steps: one per step that it answered.

    Raises NotFound; InvalidInput where its output is not of that template's form.
    """
    lineage = sample_lineage(workspace, sample_id)
    sample, definition = lineage.sample, load_definition(lineage.version)
    output = _standing_output(workspace, sample)
    if output is None:
        raise InvalidInput("The sample has no output.", remedy="Choose another one.")
    chunk = None if lineage.chunk is None else chunk_mapping(lineage.chunk)
    renderer = Renderer(definition)
    answered = _places(definition, steps)
    if not answered:
        raise InvalidInput(
            "The sample was made by other steps than the draft has.",
            remedy="Choose a sample of a version with the same steps.",
        )
    examples = []
    for place, name in answered:
        messages = renderer.messages(sample.variables, chunk, step=place, output=output)
        answer = output[name] if name else output
        example = {"user": messages[-1].content, "output": answer}
        examples.append({**example, "step": name} if name else example)
    return examples


def _standing_output(workspace: Workspace, sample: Sample) -> dict[str, Any] | None:
    """The answer as a person corrected it, else as it was given."""
    with workspace.read() as session:
        corrected = corrections(session, [sample.sample_id]).get(sample.sample_id, {})
    return corrected.get("output") or sample.output


def _places(definition: TemplateDefinition, steps: Sequence[str]) -> list[tuple[int, str]]:
    """The places and names of the sample's steps that the draft has too; (0, "") without steps."""
    made_by = [step.name for step in definition.steps]
    if not steps and not made_by:
        return [(0, "")]
    return [(place, name) for place, name in enumerate(made_by) if name in steps]
