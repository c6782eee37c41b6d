"""Samples taken into a template's draft as worked examples: a few of many, spread out."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from core.db.tables import LOCAL_ADMIN_ID, Batch, Sample, Template, TemplateVersion
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.picking import examples_of_sample
from core.templates.definition import TemplateDefinition, build_template, template_yaml
from core.templates.drafts import load_draft, store_draft
from core.templates.editing.draft_text import insert_item, read_draft, write_draft
from core.templates.editing.steps import step_names
from core.templates.versions import latest_version, load_definition

MOST_EXAMPLES: Final = 20  # as many as a template may have


class Origin(NamedTuple):
    """Where a sample comes from."""

    batch: Batch
    version: TemplateVersion
    template: Template


class ExamplesTaken(NamedTuple):
    """What was added to which draft."""

    template_id: str
    added: int
    left_out: int  # samples whose examples were there already, or had no place


def origin_of_samples(workspace: Workspace, sample_ids: Sequence[str]) -> Origin:
    """Batch, version and template of the first of these samples.

    Raises NotFound; InvalidInput for imported samples, which no template of people made.
    """
    with workspace.read() as session:
        row = session.execute(
            select(Batch, TemplateVersion, Template)
            .join(Sample, Sample.batch_id == Batch.batch_id)
            .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
            .join(Template, Template.template_id == TemplateVersion.template_id)
            .where(Sample.sample_id == (sample_ids[0] if sample_ids else ""))
        ).one_or_none()
    if row is None:
        raise NotFound("sample", sample_ids[0] if sample_ids else "")
    if row[2].kind != "template":
        raise InvalidInput(
            f"The samples of {row[0].name!r} were not made by a template.",
            remedy="Choose samples of a batch that a template generated.",
        )
    return Origin(*row)


def spread_out(places: NDArray[Any], count: int) -> list[int]:
    """At most `count` rows of (n, d) places: the one nearest to the middle, then each time the one
    farthest from those taken. Equal places are taken once.

    Source: Gonzalez 1985, Clustering to minimize the maximum intercluster distance.
    """
    points = np.asarray(places, dtype=np.float64)
    if not len(points) or count < 1:
        return []
    first = int(np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1)))
    taken = [first]
    far = ((points - points[first]) ** 2).sum(axis=1)
    while len(taken) < count and far.max() > 0:
        taken.append(int(np.argmax(far)))
        far = np.minimum(far, ((points - points[taken[-1]]) ** 2).sum(axis=1))
    return taken


def add_examples_to_draft(
    workspace: Workspace, sample_ids: Sequence[str], user_id: str = LOCAL_ADMIN_ID
) -> ExamplesTaken:
    """These samples as examples of that person's draft of their template, which is made if needed.

    Raises NotFound, InvalidInput for imported samples, for a draft that is not readable as data,
    or where no example could be added.
    """
    origin = origin_of_samples(workspace, sample_ids)
    template_id = origin.template.template_id
    newest = latest_version(workspace, template_id)
    kept = load_draft(workspace, template_id, user_id)
    text = kept.text if kept else template_yaml(load_definition(newest))
    data = read_draft(text).data
    if data is None:
        raise InvalidInput(
            "Your draft of the template cannot be read.", remedy="Open it and repair its text."
        )
    added = 0
    for sample_id in sample_ids:
        for example in examples_of_sample(workspace, sample_id, step_names(data)):
            known = data.get("examples") or []
            if example not in known and len(known) < MOST_EXAMPLES:
                data, added = insert_item(data, ("examples",), example), added + 1
    if not added:
        raise InvalidInput(
            "No example was added: they are there already, or the draft is full.",
            remedy=f"A template has at most {MOST_EXAMPLES} examples.",
        )
    base = kept.base_version_id if kept else newest.template_version_id
    store_draft(workspace, template_id, base, write_draft(text, data), user_id)
    return ExamplesTaken(template_id, added, max(len(sample_ids) - added, 0))


def with_examples(
    workspace: Workspace, definition: TemplateDefinition, sample_ids: Sequence[str]
) -> TemplateDefinition:
    """The template with these samples as its last examples; older ones give way at the limit.

    Raises what `examples_of_sample` raises.
    """
    data = definition.model_dump(mode="json", exclude_defaults=True)
    if definition.steps:
        data.pop("output", None)
    steps = [step.name for step in definition.steps]
    found = [
        example
        for sample_id in sample_ids
        for example in examples_of_sample(workspace, sample_id, steps)
    ]
    known = [example for example in data.get("examples", []) if example not in found]
    data["examples"] = [*known, *found][-MOST_EXAMPLES:]
    return build_template(data)
