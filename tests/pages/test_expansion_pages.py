"""Expansion in the template page, derivation in the samples page."""

import threading
from typing import Any

from streamlit.testing.v1 import AppTest

from app.widgets.templates.expansion import ask
from core.db.workspace import Workspace
from core.generation.browsing import list_batches
from core.generation.expansion.augmentation import AugmentationRequest
from core.generation.expansion.candidates import (
    decide_candidates,
    list_candidates,
    list_expansions,
)
from core.generation.expansion.parents import ParentChoice
from core.generation.expansion.requests import ExpansionRequest
from core.generation.samples import SampleFilter, list_samples
from core.jobs.expanding import compare, launch_augmentation
from core.jobs.workflows import WorkerContext, run_batch
from core.sources.knowledge.entries import list_entries
from core.templates.definition import parse_template
from core.templates.drafts import load_draft
from core.templates.versions import get_template, latest_version, list_versions

NAME = "bank-answers"


def opened(open_page: Any, operation: str = "grow_values") -> AppTest:
    at: AppTest = open_page("templates", template=NAME)
    at = at.segmented_control(key="templates.tab").set_value("Expand").run()
    return at.segmented_control(key="templates.expansion.operation").set_value(operation).run()


def finish(workspace: Workspace, batch_id: str) -> None:
    run_batch(WorkerContext(workspace, "wrk_test", threading.Event()), batch_id)


def asked(workspace: Workspace, open_page: Any, operation: str) -> tuple[AppTest, str]:
    """The tab after one finished run, and the batch's id."""
    at = opened(open_page, operation)
    at.button(key="templates.expansion.ask").click().run()
    assert not at.exception
    batch = list_expansions(workspace, operation=operation)[0]
    finish(workspace, batch.batch_id)
    return at.run(), batch.batch_id


def draft_values(workspace: Workspace, variable: str) -> list[str]:
    template = get_template(workspace, NAME)
    draft = load_draft(workspace, template.template_id)
    assert draft is not None
    found = next(v for v in parse_template(draft.text).variables if v.name == variable)
    return [item["value"] for item in found.sampler.model_dump()["values"]]


def test_values_are_asked_for_decided_and_added_to_the_draft(
    workspace: Workspace, seeded: Any, open_page: Any
) -> None:
    at, batch_id = asked(workspace, open_page, "grow_values")
    assert any("compared" in caption.value for caption in at.caption)
    compare(workspace, batch_id)
    at.run()
    proposed = list_candidates(workspace, batch_id=batch_id, states=("proposed",))
    assert at.button(key="templates.candidates.accept").label == f"Accept all {len(proposed)}"
    at.button(key="templates.candidates.accept").click().run()
    accepted = list_candidates(workspace, batch_id=batch_id, states=("accepted",))
    assert [row.text for row in accepted] == [row.text for row in proposed]
    at.button(key="templates.candidates.apply").click().run()
    assert not at.exception
    variable = list_expansions(workspace)[0].origin["variable"]
    assert {row.text for row in accepted} <= set(draft_values(workspace, variable))
    assert len(list_versions(workspace, get_template(workspace, NAME).template_id)) == 1


def test_a_double_click_asks_once(workspace: Workspace, seeded: Any) -> None:
    version = latest_version(workspace, NAME)
    request = ExpansionRequest("rewrite_prompt", version.template_version_id, 1)
    ask(request, 0)
    ask(request, 0)
    assert len(list_expansions(workspace)) == 1
    ask(request, 1)  # the page has shown the first one
    assert len(list_expansions(workspace)) == 2


def test_an_accepted_variant_is_saved_as_a_named_version(
    workspace: Workspace, seeded: Any, open_page: Any
) -> None:
    at, batch_id = asked(workspace, open_page, "rewrite_prompt")
    first = list_candidates(workspace, batch_id=batch_id, states=("proposed",))[0]
    key = f"templates.variants.{first.candidate_id}"
    at.button(key=f"{key}.accept").click().run()
    at.button(key=f"{key}.save").click().run()
    assert not at.exception
    version = latest_version(workspace, NAME)
    assert version.number == 2
    assert version.name.startswith("Variant: ")
    assert version.definition["user"] == first.text


def test_evolved_instructions_become_scenarios(
    workspace: Workspace, seeded: Any, open_page: Any
) -> None:
    at, batch_id = asked(workspace, open_page, "evolve")
    rows = list_candidates(workspace, batch_id=batch_id, states=("proposed",))
    decide_candidates(workspace, [row.candidate_id for row in rows[:2]], "accepted")
    at.run()
    at.button(key="templates.candidates.scenarios").click().run()
    assert not at.exception
    entries = list_entries(workspace, "banking", "scenarios")
    assert [entry.fields["scenario"] for entry in entries] == [row.text for row in rows[:2]]


def test_derived_samples_are_launched_from_the_samples_page(
    workspace: Workspace, seeded: Any, open_page: Any
) -> None:
    at: AppTest = open_page("samples", view="augment")
    at.segmented_control(key="samples.augment.operation").set_value("noise").run()
    at.number_input(key="samples.augment.most").set_value(3).run()
    at.button(key="samples.augment.submit").click().run()
    assert not at.exception
    batch = list_batches(workspace, kinds=("augmentation",))[0]
    assert (batch.n, batch.origin["changes"], batch.model) == (3, "input", "rule")
    assert "batch" in at.query_params


def test_a_sample_links_to_its_parent_and_to_what_was_derived(
    workspace: Workspace, seeded: Any, open_page: Any
) -> None:
    request = AugmentationRequest("noise", ParentChoice(at_most=1))
    batch = launch_augmentation(workspace, request)
    finish(workspace, batch.batch_id)
    child = list_samples(workspace, SampleFilter(batch_ids=(batch.batch_id,)))[0]
    at: AppTest = open_page("samples", sample=child.sample_id)
    assert not at.exception
    assert at.button(key="samples.relative.parent").label.startswith("Derived from")
    assert any("what differs" in expander.label for expander in at.expander)
    at = open_page("samples", sample=child.parent_id)
    assert at.button(key=f"samples.relative.{child.sample_id}").label.startswith("Noise")
