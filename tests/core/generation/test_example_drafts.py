"""Samples taken into a template's draft, a few of many and spread out."""

import numpy as np
import pytest
from factories import DEFINITION, make_batch, make_samples, make_template

from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.example_drafts import (
    MOST_EXAMPLES,
    add_examples_to_draft,
    origin_of_samples,
    spread_out,
    with_examples,
)
from core.templates.definition import parse_template
from core.templates.drafts import load_draft, store_draft
from core.templates.versions import load_definition


def test_the_first_is_in_the_middle_and_the_next_are_far_apart() -> None:
    places = np.array([[0, 0], [0, 1], [10, 10], [5, 5], [10, 0], [5, 6]])
    taken = spread_out(places, 4)
    assert taken[0] == 3
    assert set(taken[1:]) == {0, 2, 4}


def test_equal_places_are_taken_once() -> None:
    assert spread_out(np.ones((5, 2)), 3) == [0]
    assert spread_out(np.zeros((0, 2)), 3) == []


def test_samples_become_examples_of_a_draft_and_the_version_stays(workspace: Workspace) -> None:
    version = make_template(workspace)
    samples = make_samples(workspace, make_batch(workspace, version), 3)
    done = add_examples_to_draft(workspace, [s.sample_id for s in samples[:2]])
    assert (done.template_id, done.added, done.left_out) == (version.template_id, 2, 0)
    draft = load_draft(workspace, version.template_id)
    assert draft is not None
    assert draft.base_version_id == version.template_version_id
    examples = parse_template(draft.text).examples
    assert [example.output for example in examples] == [s.output for s in samples[:2]]
    assert examples[0].user == "Write a customer's question about cards and answer it."
    assert load_definition(version).examples == []


def test_a_draft_that_is_there_keeps_what_was_written(workspace: Workspace) -> None:
    version = make_template(workspace)
    samples = make_samples(workspace, make_batch(workspace, version), 2)
    first = add_examples_to_draft(workspace, [samples[0].sample_id])
    draft = load_draft(workspace, first.template_id)
    assert draft is not None
    written = draft.text.replace("You are a bank's expert.", "You are a patient expert.")
    store_draft(workspace, first.template_id, draft.base_version_id, written)
    done = add_examples_to_draft(workspace, [s.sample_id for s in samples])
    assert (done.added, done.left_out) == (1, 1)
    kept = load_draft(workspace, first.template_id)
    assert kept is not None
    assert parse_template(kept.text).system == "You are a patient expert."
    assert len(parse_template(kept.text).examples) == 2


def test_nothing_new_is_refused(workspace: Workspace) -> None:
    samples = make_samples(workspace, make_batch(workspace), 1)
    add_examples_to_draft(workspace, [samples[0].sample_id])
    with pytest.raises(InvalidInput, match="No example was added"):
        add_examples_to_draft(workspace, [samples[0].sample_id])


def test_imported_and_unknown_samples_have_no_template(workspace: Workspace) -> None:
    version = make_template(workspace)
    samples = make_samples(workspace, make_batch(workspace, version), 1)
    with workspace.write() as session:
        template = origin_of_samples(workspace, [samples[0].sample_id]).template
        session.merge(template).kind = "import"
    with pytest.raises(InvalidInput, match="not made by a template"):
        add_examples_to_draft(workspace, [samples[0].sample_id])
    with pytest.raises(NotFound):
        add_examples_to_draft(workspace, ["smp_none"])


def test_at_the_limit_older_examples_give_way(workspace: Workspace) -> None:
    old = [{"user": f"case {i}", "output": {"question": "q", "answer": "a"}} for i in range(20)]
    version = make_template(workspace, examples=old)
    samples = make_samples(workspace, make_batch(workspace, version), 3)
    found = with_examples(workspace, load_definition(version), [s.sample_id for s in samples])
    assert len(found.examples) == MOST_EXAMPLES
    assert [e.output for e in found.examples[-3:]] == [s.output for s in samples]
    assert found.examples[0].user == "case 3"
    assert found.model_dump(exclude={"examples"}) == load_definition(version).model_dump(
        exclude={"examples"}
    )
    assert found.user == DEFINITION["user"]
