"""What a sample's template demands of a correction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Chunk, Sample, TemplateVersion
from core.templates.rendering import Renderer
from core.templates.versions import load_definition
from core.text.schema import CompiledSchema


class Texts(NamedTuple):
    """Input and response as the template's mapping makes them."""

    input: str
    response: str


@dataclass(frozen=True)
class CorrectionRules:
    """The schema that an output must satisfy, and how an output becomes text."""

    schema: CompiledSchema
    map_output: Callable[[dict[str, Any]], Texts]


def correction_rules(session: Session, sample: Sample) -> CorrectionRules:
    """The rules of the template version that made the sample."""
    version = session.scalars(
        select(TemplateVersion)
        .join(Batch, Batch.template_version_id == TemplateVersion.template_version_id)
        .where(Batch.batch_id == sample.batch_id)
    ).one()
    chunk = session.get(Chunk, sample.chunk_id) if sample.chunk_id else None
    context = (
        None
        if chunk is None
        else {"text": chunk.text, "heading": chunk.heading, "fields": chunk.fields}
    )
    definition = load_definition(version)
    renderer = Renderer(definition)
    variables = sample.variables

    def map_output(output: dict[str, Any]) -> Texts:
        mapped = renderer.map_output(output, variables, context)
        return Texts(mapped.input, mapped.response)

    return CorrectionRules(CompiledSchema(definition.output), map_output)
