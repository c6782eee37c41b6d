"""Counterfactual twins from the launch to their report."""

import threading
from typing import Any

import pytest
from factories import DEFINITION, make_batch, make_samples, make_template
from sqlalchemy import select

from core.db.tables import Attempt, Batch, PairReport, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound, TemplateError
from core.generation.batches import LaunchRequest, get_batch
from core.generation.browsing import list_batches
from core.generation.samples import SampleFilter, list_samples
from core.jobs.launching import launch_batch
from core.jobs.pairs import twins_measuring
from core.jobs.pairs.twins import (
    MEASURE,
    TwinRequest,
    dependents,
    estimate_twins,
    get_twins,
    launch_twins,
    list_twins,
    twin_launch,
)
from core.jobs.pairs.twins_measuring import measure_twins
from core.jobs.running.queue import live_jobs, prepare_queue
from core.jobs.workflows import WorkerContext, jobs_of, run_batch

VARIABLES = [
    *DEFINITION["variables"],
    {"name": "gender", "sampler": {"kind": "category", "values": ["woman", "man"]}},
    {"name": "age", "sampler": {"kind": "integer", "low": 18, "high": 90}},
    {"name": "who", "sampler": {"kind": "persona", "gender_variable": "gender"}},
]
PROMPT = "A {{ gender }} of {{ age }} asks about {{ topic }}. Write the question and answer it."


@pytest.fixture
def original(any_workspace: Workspace) -> Batch:
    prepare_queue(any_workspace)
    version = make_template(any_workspace, user=PROMPT, variables=VARIABLES)
    batch = launch_batch(
        any_workspace, LaunchRequest(version.template_version_id, 24, "offline", seed=5)
    )
    run(any_workspace, batch.batch_id)
    return batch


def run(workspace: Workspace, batch_id: str) -> None:
    assert run_batch(context(workspace), batch_id) == "completed"


def context(workspace: Workspace) -> WorkerContext:
    return WorkerContext(workspace, "wrk_test", threading.Event())


def wish(batch: Batch, **changes: Any) -> TwinRequest:
    values = {"variable": "gender", "value_from": "woman", "value_to": "man"} | changes
    return TwinRequest(batch.batch_id, **values)


def drawn(workspace: Workspace, batch_id: str) -> dict[int, dict[str, Any]]:
    with workspace.read() as session:
        rows = session.execute(
            select(Sample.plan_index, Sample.variables).where(Sample.batch_id == batch_id)
        )
        return {index: dict(variables) for index, variables in rows}


def test_twins_are_the_same_samples_but_for_one_value(
    any_workspace: Workspace, original: Batch
) -> None:
    twins = launch_twins(any_workspace, wish(original))
    assert (twins.state, twins.batch_state) == ("queued", "queued")
    run(any_workspace, twins.twins_batch_id)
    before, after = (drawn(any_workspace, one) for one in (original.batch_id, twins.twins_batch_id))
    changed = {i for i, variables in before.items() if variables["gender"] == "woman"}
    assert len(changed) == 12
    for i, variables in after.items():
        assert variables == {**before[i], "gender": "man"}
    with any_workspace.read() as session:
        asked = set(
            session.scalars(
                select(Attempt.plan_index).where(Attempt.batch_id == twins.twins_batch_id)
            )
        )
    assert asked == changed & after.keys()


def test_the_report_is_made_when_the_twins_are(any_workspace: Workspace, original: Batch) -> None:
    twins = launch_twins(any_workspace, wish(original))
    run(any_workspace, twins.twins_batch_id)
    assert len(live_jobs(any_workspace, MEASURE, twins.pair_report_id)) == 1
    assert jobs_of(context(any_workspace))[MEASURE](twins.pair_report_id) == "ready"
    (found,) = list_twins(any_workspace, original.batch_id)
    assert (found.state, found.report.pairs, found.report.unpaired) == ("ready", 12, 0)
    assert (found.report.variable, found.report.value_to) == ("gender", "man")
    assert {one.outcome for one in found.report.outcomes} >= {"length", "accepted", "refusal"}
    assert found.report.similarity is not None
    assert found.report.similarity < 1
    assert found == get_twins(any_workspace, twins.pair_report_id)
    assert list_twins(any_workspace, twins.twins_batch_id) == [found]


def test_some_pairs_can_be_enough(any_workspace: Workspace, original: Batch) -> None:
    launch = twin_launch(any_workspace, wish(original, pairs=5))
    assert launch.n < 24
    twins = launch_twins(any_workspace, wish(original, pairs=5))
    run(any_workspace, twins.twins_batch_id)
    jobs_of(context(any_workspace))[MEASURE](twins.pair_report_id)
    assert get_twins(any_workspace, twins.pair_report_id).report.pairs == 5
    before, after = (drawn(any_workspace, one) for one in (original.batch_id, twins.twins_batch_id))
    assert all(variables == {**before[i], "gender": "man"} for i, variables in after.items())


def test_only_changed_samples_are_estimated(any_workspace: Workspace, original: Batch) -> None:
    found = estimate_twins(any_workspace, wish(original))
    assert found.n - found.reuse.reusable == 12


def test_the_same_wish_launches_once(any_workspace: Workspace, original: Batch) -> None:
    twice = [launch_twins(any_workspace, wish(original, idempotency_key="k")) for _ in range(2)]
    assert twice[0].pair_report_id == twice[1].pair_report_id
    with any_workspace.read() as session:
        assert len(session.scalars(select(PairReport)).all()) == 1


def test_twins_are_looked_at_only(any_workspace: Workspace, original: Batch) -> None:
    twins = launch_twins(any_workspace, wish(original))
    run(any_workspace, twins.twins_batch_id)
    assert get_batch(any_workspace, twins.twins_batch_id).kind == "twins"
    assert [one.batch_id for one in list_batches(any_workspace)] == [original.batch_id]
    listed = list_samples(any_workspace, SampleFilter(), limit=100)
    assert {sample.batch_id for sample in listed} == {original.batch_id}


def test_values_that_follow_from_the_attribute_are_named(
    any_workspace: Workspace, original: Batch
) -> None:
    assert dependents(any_workspace, original.batch_id, "gender") == ["who"]
    assert dependents(any_workspace, original.batch_id, "topic") == []


def test_twins_of_a_cancelled_batch_have_a_report_of_what_there_is(
    workspace: Workspace,
) -> None:
    version = make_template(workspace, variables=VARIABLES)
    batch = make_batch(workspace, version, n=12)
    variables = {"topic": "cards", "gender": "woman"}
    make_samples(workspace, batch, 12, variables=variables)
    prepare_queue(workspace)
    twins = launch_twins(workspace, wish(batch))
    with workspace.write() as session:
        session.get_one(Batch, twins.twins_batch_id).state = "cancelled"
    twin_batch = get_batch(workspace, twins.twins_batch_id)
    make_samples(workspace, twin_batch, 7, variables={**variables, "gender": "man"})
    assert jobs_of(context(workspace))[MEASURE](twins.pair_report_id) == "ready"
    assert get_twins(workspace, twins.pair_report_id).report.pairs == 7


def test_a_comparison_that_breaks_says_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = make_template(workspace, variables=VARIABLES)
    batch = make_batch(workspace, version, n=4)
    make_samples(workspace, batch, 4, variables={"topic": "cards", "gender": "woman"})
    prepare_queue(workspace)
    twins = launch_twins(workspace, wish(batch))

    def breaking(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of the test")

    monkeypatch.setattr(twins_measuring, "twins_report", breaking)
    with pytest.raises(ZeroDivisionError):
        measure_twins(workspace, twins.pair_report_id)
    found = get_twins(workspace, twins.pair_report_id)
    assert (found.state, "ZeroDivisionError" in found.message) == ("failed", True)


def test_what_cannot_be_twinned_is_refused(any_workspace: Workspace, original: Batch) -> None:
    with pytest.raises(InvalidInput, match="same"):
        launch_twins(any_workspace, wish(original, value_to="woman"))
    with pytest.raises(InvalidInput, match="No sample"):
        launch_twins(any_workspace, wish(original, value_from="robot"))
    with pytest.raises(TemplateError, match="never takes"):
        launch_twins(any_workspace, wish(original, value_to="robot"))
    with pytest.raises(InvalidInput, match="No sample"):
        launch_twins(any_workspace, wish(original, variable="nothing"))
    with pytest.raises(NotFound):
        launch_twins(any_workspace, TwinRequest("bat_none", "gender", "woman", "man"))
    imported = make_batch(any_workspace, origin={"operation": "import"})
    with pytest.raises(InvalidInput, match="No model"):
        launch_twins(any_workspace, wish(imported))
