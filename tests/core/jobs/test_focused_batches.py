"""A focus from the launch to the samples."""

import threading
from typing import Any

import pytest
from factories import make_template

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.errors import InvalidInput, TemplateError
from core.generation.batches import LaunchRequest
from core.generation.estimate import estimate
from core.generation.lookahead import look_ahead
from core.generation.samples import SampleFilter, list_samples
from core.jobs.comparing import launch_comparison
from core.jobs.launching import launch_batch
from core.jobs.running.queue import prepare_queue
from core.jobs.workflows import WorkerContext, run_batch
from core.templates.planning.focus import EVERYTHING, Focus
from core.templates.versions import load_definition

CARDS = Focus(cells=({"topic": "cards"},))


@pytest.fixture
def ready(any_workspace: Workspace) -> Workspace:
    prepare_queue(any_workspace)
    return any_workspace


def wish(workspace: Workspace, n: int = 8, **changes: Any) -> LaunchRequest:
    values = {"connection": "offline", "seed": 5} | changes
    return LaunchRequest(make_template(workspace).template_version_id, n, **values)


def topics(workspace: Workspace, batch: Batch) -> list[str]:
    context = WorkerContext(workspace, "wrk_test", threading.Event())
    assert run_batch(context, batch.batch_id) == "completed"
    found = list_samples(workspace, SampleFilter(batch_ids=(batch.batch_id,)))
    return [sample.variables["topic"] for sample in found]


def test_a_focused_batch_generates_its_cell_alone(ready: Workspace) -> None:
    batch = launch_batch(ready, wish(ready, focus=CARDS))
    assert batch.focus == {"cells": [{"topic": "cards"}]}
    assert topics(ready, batch) == ["cards"] * 8


def test_a_twin_batch_replaces_one_value_of_every_sample(ready: Workspace) -> None:
    batch = launch_batch(ready, wish(ready, focus=Focus(replaced={"topic": "loans"})))
    assert topics(ready, batch) == ["loans"] * 8


def test_the_fingerprint_knows_the_focus_and_is_the_old_one_without(workspace: Workspace) -> None:
    version = make_template(workspace).template_version_id
    prints = [
        launch_batch(
            workspace, LaunchRequest(version, 8, connection="offline", seed=5, focus=focus)
        ).fingerprint
        for focus in (EVERYTHING, Focus(), CARDS, Focus(replaced={"topic": "cards"}), CARDS)
    ]
    assert prints[0] == prints[1]
    assert prints[2] == prints[4]
    assert len(set(prints)) == 3


def test_an_estimate_and_a_look_ahead_are_of_the_focus(workspace: Workspace) -> None:
    assert estimate(workspace, wish(workspace, focus=CARDS)).n == 8
    definition = load_definition(make_template(workspace))
    seen = look_ahead(workspace, definition, n=8, seed=1, project_id="prj_default", focus=CARDS)
    assert [(cell.values, cell.planned) for cell in seen.cells] == [({"topic": "cards"}, 8)]
    assert {row["topic"] for row in seen.rows} == {"cards"}


def test_a_focus_that_does_not_fit_is_refused_before_anything_is_stored(
    workspace: Workspace,
) -> None:
    for launch in (launch_batch, estimate):
        with pytest.raises(TemplateError, match="never takes the value"):
            launch(workspace, wish(workspace, focus=Focus(cells=({"topic": "shoes"},))))


def test_the_sides_of_a_comparison_share_their_focus(workspace: Workspace) -> None:
    a, b = wish(workspace, focus=CARDS), wish(workspace, parameters={"temperature": 0.5})
    with pytest.raises(InvalidInput, match="differ in focus"):
        launch_comparison(workspace, a, b)
