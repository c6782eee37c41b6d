"""The Judges page: rubrics are edited, samples judged, results read."""

import threading

import pytest
from factories import make_batch, make_samples

from core.db.workspace import Workspace
from core.jobs.judging import launch_judging, list_judgings
from core.jobs.running.queue import prepare_queue
from core.jobs.workflows import WorkerContext, run_batch
from core.quality.judge.choosing import JudgedChoice
from core.quality.judge.requests import JudgeModel, JudgingRequest
from core.quality.judge.rubrics import get_rubric, install_rubric, list_rubrics
from core.review.decisions import submit_review


@pytest.fixture
def judged(workspace: Workspace, seeded: dict[str, str]) -> dict[str, str]:
    """The seeded workspace with two judges' scores, pairs and some reviews."""
    prepare_queue(workspace)
    version = install_rubric(workspace, "answer-quality")
    other = make_batch(workspace)
    make_samples(workspace, other, 20, response="A short answer that says little.")
    judges = (JudgeModel(), JudgeModel("offline", "offline-2"))
    wishes = (
        {"choice": JudgedChoice((seeded["batch"],), which="all")},
        {"form": "pair", "pairs": (seeded["batch"], other.batch_id)},
    )
    for wish in wishes:
        request = JudgingRequest(version.rubric_version_id, judges, seed=1, **wish)  # type: ignore[arg-type]
        for batch in launch_judging(workspace, request):
            context = WorkerContext(workspace, "wrk_test", threading.Event())
            assert run_batch(context, batch.batch_id) == "completed"
    prefix = seeded["sample"].rsplit("_", 1)[0]
    for i in range(8):
        decision, reason = ("accept", "") if i % 2 else ("reject", "wrong")
        submit_review(
            workspace, f"{prefix}_{i}", decision, expected_revision=0, reason=reason
        )  # fmt: skip
    return {**seeded, "version": version.rubric_version_id}


def test_an_empty_page_leads_to_the_starters(workspace: Workspace, open_page) -> None:
    at = open_page("judges")
    assert not at.exception
    at.button(key="judges.empty").click().run()
    at.button(key="judges.starter.answer-quality").click().run()
    assert not at.exception
    assert [row.rubric.name for row in list_rubrics(workspace)] == ["answer-quality"]


def test_an_edited_rubric_becomes_a_version(workspace: Workspace, open_page) -> None:
    install_rubric(workspace, "answer-quality")
    at = open_page("judges", rubric="answer-quality")
    assert not at.exception
    assert at.button(key="judges.editor.save").disabled
    field = next(w for w in at.text_input if w.label == "Title")
    field.set_value("Better answers").run()
    assert not at.button(key="judges.editor.save").disabled
    next(w for w in at.button if w.label == "Add a criterion").click().run()
    assert at.button(key="judges.editor.save").disabled  # the new one has no name yet
    names = [w for w in at.text_input if w.label == "Criterion"]
    questions = [w for w in at.text_input if w.label == "What to look at"]
    names[-1].set_value("brevity")
    questions[-1].set_value("Is it as short as it can be?").run()
    at.button(key="judges.editor.save").click().run()
    assert not at.exception
    row = get_rubric(workspace, "answer-quality")
    assert (row.latest.number, row.definition.title) == (2, "Better answers")
    assert [c.name for c in row.definition.criteria][-1] == "brevity"
    assert row.definition.criteria[0].anchors[5].startswith("Every statement")


def test_a_criterion_is_removed_and_a_new_rubric_written(workspace: Workspace, open_page) -> None:
    at = open_page("judges", rubric="new")
    next(w for w in at.text_input if w.label == "Title").set_value("Mine")
    next(w for w in at.text_input if w.label == "Name").set_value("mine")
    next(w for w in at.button if w.label == "Add a criterion").click().run()
    for w, name in zip([w for w in at.text_input if w.label == "Criterion"], "ab", strict=True):
        w.set_value(f"thing {name}")
    for w in [w for w in at.text_input if w.label == "What to look at"]:
        w.set_value("Is it there?")
    at.run()
    next(b for b in at.button if b.key and b.key.endswith(".0.remove")).click().run()
    at.toggle(key="judges.editor.prompt").set_value(True).run()
    assert any("thing_b: Is it there?" in code.value for code in at.code)
    at.button(key="judges.editor.save").click().run()
    assert not at.exception
    assert [c.name for c in get_rubric(workspace, "mine").definition.criteria] == ["thing_b"]


def test_the_launch_form_launches_every_judge_once(
    workspace: Workspace, seeded: dict[str, str], open_page
) -> None:
    prepare_queue(workspace)
    install_rubric(workspace, "answer-quality")
    at = open_page("judges", view="launch")
    at.number_input(key="judges.launch.judges").set_value(2).run()
    at.text_input(key="judges.launch.judge.1.model.offline").set_value("offline-2").run()
    assert not at.exception
    at.button(key="judges.launch.submit").click().run()
    assert not at.exception
    made = list_judgings(workspace)
    assert {batch.model for batch in made} == {"offline-1", "offline-2"}
    assert {batch.origin["which"] for batch in made} == {"undecided"}


def test_nothing_to_judge_is_said_and_nothing_can_be_launched(
    workspace: Workspace, open_page
) -> None:
    install_rubric(workspace, "answer-quality")
    at = open_page("judges", view="launch")
    assert any("No sample is undecided" in info.value for info in at.info)
    assert not any(button.key == "judges.launch.submit" for button in at.button)


@pytest.mark.parametrize("part", ["Samples", "Scores", "Agreement", "Pairs", "Calibration"])
def test_every_part_of_the_results_is_drawn(judged: dict[str, str], open_page, part: str) -> None:
    at = open_page("judges")
    at.segmented_control(key="judges.part").set_value(part).run()
    assert not at.exception
    assert not at.error
    figures = {metric.label: metric.value for metric in at.metric}
    assert figures["Samples judged"] == "23"
    assert figures["Agreement of judges"] != "–"


def test_a_threshold_is_tried_without_changing_anything(judged: dict[str, str], open_page) -> None:
    at = open_page("judges")
    at.segmented_control(key="judges.part").set_value("Calibration").run()
    at.slider(key="judges.calibration.threshold").set_value(0.0).run()
    assert not at.exception
    table = at.dataframe[-1].value
    assert list(table["People accept"]) == [4, 0]
    assert list(table["Reject or correct"]) == [4, 0]


def test_a_judged_sample_shows_marks_and_reasons(judged: dict[str, str], open_page) -> None:
    at = open_page("judges")
    at.toggle(key="judges.samples.all").set_value(True).run()
    assert not at.exception
    assert at.table
    at = open_page("samples", sample=judged["sample"])
    assert not at.exception


def test_a_judges_batch_opens_like_any_other(
    workspace: Workspace, judged: dict[str, str], open_page
) -> None:
    at = open_page("batches", batch=list_judgings(workspace)[0].batch_id)
    assert not at.exception
    assert not at.error
