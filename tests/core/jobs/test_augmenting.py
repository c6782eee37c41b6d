"""Augmentations on both databases: samples that name their parents, by a model or by a rule."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from factories import make_batch, make_samples
from invariants import assert_invariants

from core.db.tables import Batch, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.browsing import list_batches
from core.generation.expansion.augmentation import AugmentationRequest, augmentation_launch
from core.generation.expansion.augmentation_rules import example_copies
from core.generation.expansion.derivation import relatives
from core.generation.expansion.parents import ParentChoice, parent_ids
from core.generation.samples import SampleFilter, get_sample, list_samples, sample_lineage
from core.jobs.expanding import estimate_augmentation, launch_augmentation
from core.jobs.running.queue import prepare_queue, unfinished_jobs
from core.jobs.workflows import WorkerContext, run_batch
from core.providers.connections import connection_for_url
from core.providers.prices import set_price
from core.review.decisions import submit_review
from core.spend.report import list_attempts
from core.templates.versions import list_templates


@pytest.fixture
def ready(any_workspace: Workspace) -> Workspace:
    prepare_queue(any_workspace)
    return any_workspace


def parents_in(workspace: Workspace, n: int = 4) -> tuple[Batch, list[Sample]]:
    batch = make_batch(workspace)
    return batch, make_samples(workspace, batch, n)


def derive(workspace: Workspace, operation: str, batch: Batch, **changes: Any) -> Batch:
    values = {"parents": ParentChoice((batch.batch_id,)), "seed": 7} | changes
    made = launch_augmentation(workspace, AugmentationRequest(operation, **values))
    context = WorkerContext(workspace, "wrk_test", threading.Event())
    assert run_batch(context, made.batch_id) == "completed"
    return made


def samples_of(workspace: Workspace, batch: Batch) -> list[Sample]:
    found = list_samples(workspace, SampleFilter(batch_ids=(batch.batch_id,)), limit=500)
    return sorted(found, key=lambda sample: sample.plan_index)


def test_paraphrases_come_from_a_model_and_name_their_parents(
    ready: Workspace, loopback: Any
) -> None:
    batch, parents = parents_in(ready)
    connection = connection_for_url(ready, loopback.url, model="mock")
    set_price(ready, connection, "mock", Decimal(2), Decimal(8))
    loopback.answers = lambda body: {
        "input": "Other words: " + body["messages"][-1]["content"].split("\n")[1], "response": "",
    }  # fmt: skip
    made = derive(
        ready, "paraphrase", batch, variants=2, changes="input", connection=connection.name
    )
    assert (made.kind, made.n) == ("augmentation", 8)
    samples = samples_of(ready, made)
    assert [s.parent_id for s in samples] == [parents[i % 4].sample_id for i in range(8)]
    for sample in samples:
        parent = next(p for p in parents if p.sample_id == sample.parent_id)
        assert sample.input == f"Other words: {parent.input}"
        assert sample.response == parent.response
        assert sample.domain == "banking"
        assert len(list_attempts(ready, batch_id=made.batch_id)) == 8
    assert_invariants(ready, made.batch_id, loopback.stats())
    assert [b.batch_id for b in list_batches(ready)] == [made.batch_id, batch.batch_id]
    assert [row.template.name for row in list_templates(ready)] == ["bank-answers"]
    assert "analyse" in {job.name for job in unfinished_jobs(ready)}


def test_lineage_leads_both_ways(ready: Workspace) -> None:
    batch, parents = parents_in(ready, 2)
    made = derive(ready, "paraphrase", batch)
    child = samples_of(ready, made)[0]
    up, down = relatives(ready, child), relatives(ready, parents[0])
    assert up.parent is not None
    assert up.parent.sample.sample_id == parents[0].sample_id
    assert [r.sample.sample_id for r in down.derived] == [child.sample_id]
    assert down.derived[0].operation == "paraphrase"
    assert down.parent is None
    assert sample_lineage(ready, child.sample_id).template.kind == "expansion"


def test_back_translation_makes_two_calls_and_the_second_never_sees_the_original(
    ready: Workspace, loopback: Any
) -> None:
    batch, parents = parents_in(ready, 2)
    connection = connection_for_url(ready, loopback.url, model="mock")
    asked: list[str] = []

    def answer(body: dict[str, Any]) -> Any:
        asked.append(str(body["messages"]))
        if "into German" in asked[-1]:
            return {"input": "Auf Deutsch", "response": "", "original_language": "English"}
        return {"input": "Back in English", "response": ""}

    loopback.answers = answer
    made = derive(
        ready, "back_translation", batch, language="German", changes="input",
        connection=connection.name,
    )  # fmt: skip
    samples = samples_of(ready, made)
    assert [s.input for s in samples] == ["Back in English"] * 2
    assert [s.response for s in samples] == [p.response for p in parents]
    second = [text for text in asked if "from German" in text]
    assert (len(asked), len(second)) == (4, 2)
    assert all("Auf Deutsch" in text and "settings" not in text for text in second)


@pytest.mark.parametrize("operation", ["paraphrase", "back_translation", "persona"])
def test_without_a_key_the_offline_provider_answers_usefully(
    workspace: Workspace, operation: str
) -> None:
    prepare_queue(workspace)
    batch = make_batch(workspace)
    question = "Hello, can you explain how I check my card? I am worried and need help soon."
    make_samples(workspace, batch, 3, input=question, response="Please find it in the app.")
    samples = samples_of(workspace, derive(workspace, operation, batch))
    assert {s.state for s in samples} == {"generated"}
    assert all(s.input != question and "card" in s.input for s in samples)


def test_noise_is_made_without_a_call_and_judged_like_any_sample(ready: Workspace) -> None:
    batch, parents = parents_in(ready, 5)
    made = derive(ready, "noise", batch, variants=3, rate=0.2)
    samples = samples_of(ready, made)
    assert len(samples) == 15
    assert {s.state for s in samples} == {"generated"}
    assert {s.attempt_id for s in samples} == {None}
    assert list_attempts(ready, batch_id=made.batch_id) == []
    by_id = {p.sample_id: p for p in parents}
    for sample in samples:
        parent = by_id[sample.parent_id or ""]
        assert sample.input != parent.input
        assert sample.response == parent.response  # only what people type gets slips
        assert sample.variables == parent.variables
        assert sample_lineage(ready, sample.sample_id).findings
    assert len({s.input for s in samples}) == 15


def test_the_same_seed_makes_the_same_copies(workspace: Workspace) -> None:
    prepare_queue(workspace)
    batch, _ = parents_in(workspace)
    one, two, other = (derive(workspace, "noise", batch, seed=seed) for seed in (3, 3, 4))
    texts = [[s.input for s in samples_of(workspace, made)] for made in (one, two, other)]
    assert texts[0] == texts[1] != texts[2]


def test_values_are_exchanged_in_texts_and_variables_alike(ready: Workspace) -> None:
    batch, parents = parents_in(ready, 4)
    samples = samples_of(ready, derive(ready, "swap", batch))
    by_id = {p.sample_id: p for p in parents}
    for sample in samples:
        parent = by_id[sample.parent_id or ""]
        old, new = parent.variables["topic"], sample.variables["topic"]
        assert old != new
        assert sample.input == parent.input.replace(old, new)
        assert sample.response == parent.response.replace(old, new)
        assert sample.output is not None
        assert sample.output["exchanged"] == [{"variable": "topic", "before": old, "after": new}]


def test_a_sample_that_cannot_be_changed_is_kept_as_failed_with_the_reason(
    ready: Workspace,
) -> None:
    batch = make_batch(ready)
    make_samples(ready, batch, 2, input="12 + 30?", response="42", variables={"topic": "sums"})
    for operation, reason in (("noise", "can bear a slip"), ("swap", "stands in the texts")):
        samples = samples_of(ready, derive(ready, operation, batch))
        assert [s.state for s in samples] == ["failed", "failed"]
        assert all(reason in s.failure for s in samples)


def test_a_person_s_correction_is_what_is_derived_from(ready: Workspace) -> None:
    batch, parents = parents_in(ready, 1)
    corrected = {"input": "What are standing orders good for?"}
    output = {**(parents[0].output or {}), "question": corrected["input"]}
    submit_review(
        ready, parents[0].sample_id, "edit", corrected={"output": output}, expected_revision=0
    )
    assert get_sample(ready, parents[0].sample_id).input == parents[0].input
    made = samples_of(ready, derive(ready, "noise", batch, rate=0.01))
    assert "standing" in made[0].input or "orders" in made[0].input


def test_parents_are_chosen_by_batch_verdict_and_number(workspace: Workspace) -> None:
    batch, parents = parents_in(workspace, 20)
    rejected = make_samples(workspace, batch, 5, start=20, verdict="rejected")
    other = make_batch(workspace)
    make_samples(workspace, other, 3)
    derived = make_samples(
        workspace, make_batch(workspace, kind="augmentation"), 2, parent_id=parents[0].sample_id
    )

    def chosen(**which: Any) -> list[str]:
        return parent_ids(workspace, ParentChoice(**which), seed=1)

    mine = [p.sample_id for p in parents]
    assert chosen(batch_ids=(batch.batch_id,)) == mine
    assert len(chosen(batch_ids=(batch.batch_id,), verdict=None)) == 25
    assert not set(chosen(verdict=None)) & {d.sample_id for d in derived}
    some = chosen(batch_ids=(batch.batch_id,), at_most=6)
    assert len(some) == 6
    assert some == sorted(some, key=mine.index)
    assert some == chosen(batch_ids=(batch.batch_id,), at_most=6)
    assert chosen(sample_ids=(rejected[0].sample_id,)) == [rejected[0].sample_id]
    with pytest.raises(InvalidInput, match="no sample"):
        chosen(sample_ids=("smp_none",))


@pytest.mark.parametrize(
    "changes",
    [
        {"operation": "mirror"},
        {"variants": 0},
        {"changes": "neither"},
        {"rate": 0.9},
        {"slips": ("smudge",)},
        {"slips": ()},
        {"parents": ParentChoice(("bat_none",))},
        {"parents": ParentChoice(at_most=0)},
    ],
    ids=str,
)
def test_what_cannot_be_derived_is_refused_before_anything_is_stored(
    workspace: Workspace, changes: dict[str, Any]
) -> None:
    batch, _ = parents_in(workspace)
    values = {"operation": "noise", "parents": ParentChoice((batch.batch_id,))} | changes
    with pytest.raises(InvalidInput):
        launch_augmentation(workspace, AugmentationRequest(**values))
    assert list_batches(workspace, kinds=("augmentation",)) == []


def test_an_estimate_and_an_example_store_no_batch(workspace: Workspace) -> None:
    batch, parents = parents_in(workspace, 3)
    request = AugmentationRequest("noise", ParentChoice((batch.batch_id,)), variants=2)
    parent, copy = example_copies(workspace, augmentation_launch(workspace, request))[0]
    assert parent["input"] == parents[0].input
    assert copy.output["input"] != parents[0].input
    paraphrases = AugmentationRequest("paraphrase", ParentChoice((batch.batch_id,)), variants=2)
    assert estimate_augmentation(workspace, paraphrases).n == 6
    assert list_batches(workspace, kinds=("augmentation",)) == []
