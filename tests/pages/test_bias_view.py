"""The Bias part of Insight: groups, twins, associations, word lists."""

from typing import Any

import numpy as np
import pytest
from factories import DEFINITION, make_batch, make_samples, make_template

from core.db.tables import Batch, InsightReport
from core.db.workspace import Workspace
from core.insight.bias.groups import GroupSpec, batch_bias
from core.insight.bias.outcomes import outcome_values
from core.insight.bias.own_wordlists import get_list
from core.insight.bias.wordlists import word_lists
from core.insight.contents import CONTENTS, InsightContents
from core.insight.records import sample_records, scope_of
from core.insight.row import report_row
from core.jobs.pairs.twins import TwinRequest, launch_twins, list_twins
from core.jobs.pairs.twins_measuring import measure_twins
from core.jobs.running.queue import prepare_queue

GENDER = {"name": "gender", "sampler": {"kind": "category", "values": ["woman", "man"]}}
SPEC = GroupSpec("gender", {"woman": 0.5, "man": 0.5}, False)


@pytest.fixture
def measured(workspace: Workspace) -> Batch:
    """A batch whose report says that men get longer answers."""
    prepare_queue(workspace)
    version = make_template(
        workspace, variables=[*DEFINITION["variables"], GENDER],
        user="A {{ gender }} asks about {{ topic }}.",
        groups=[{"variable": "gender", "target": {"woman": 0.5, "man": 0.5}}],
    )  # fmt: skip
    batch = make_batch(workspace, version, n=60, generated=60)
    rows: list[dict[str, Any]] = [
        {
            "variables": {"topic": "cards", "gender": ("woman", "man")[i % 2]},
            "response": " ".join(["word"] * (10 + i % 7 + 20 * (i % 2))),
        }
        for i in range(60)
    ]
    make_samples(workspace, batch, 60, rows=rows)
    records = sample_records(workspace, scope_of(batch.batch_id))
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(60, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lists = word_lists()[:1]
    known = {word: vectors[i] for i, word in enumerate(lists[0].words())}
    bias = batch_bias(
        [SPEC], records.variables, vectors, lists, known, outcomes=outcome_values(records, set())
    )
    contents = InsightContents(samples=60, bias=bias)
    with workspace.write() as session:
        row: InsightReport = report_row(session, batch.batch_id)
        row.state, row.stage, row.computed_at = "ready", "complete", batch.created_at
        row.report = CONTENTS.dump_python(contents, mode="json")
    return batch


def view(open_page, batch: Batch, name: str):
    at = open_page("insight", batch=batch.batch_id)
    at.segmented_control(key="insight.tab").set_value("Bias").run()
    if name != "Groups":
        at.segmented_control(key="insight.bias.view").set_value(name).run()
    assert not at.exception
    return at


def test_groups_say_what_differs_in_words(measured: Batch, open_page) -> None:
    at = view(open_page, measured, "Groups")
    told = " ".join(one.value for one in at.markdown)
    assert "length of the response" in told
    assert "words more than woman" in told
    table = next(one.value for one in at.dataframe if "Outcome" in one.value)
    assert {"Difference", "95 % interval", "p adjusted", "False discovery"} <= set(table)


def test_associations_are_listed_with_their_caution(measured: Batch, open_page) -> None:
    at = view(open_page, measured, "Associations")
    assert [set(one.value["List"]) for one in at.dataframe] == [{"career-family"}] * 2
    assert any("not your data" in one.value for one in at.caption)


def test_making_twins_launches_them_once(workspace: Workspace, measured: Batch, open_page) -> None:
    at = view(open_page, measured, "Twins")
    at.number_input(key="insight.twins.pairs.gender.woman").set_value(5).run()
    at.button(key="insight.twins.make").click().run()
    assert not at.exception
    (made,) = list_twins(workspace, measured.batch_id)
    assert (made.report.value_from, made.report.value_to) == ("woman", "man")
    assert made.planned == 9


def test_twins_show_both_sides(workspace: Workspace, measured: Batch, open_page) -> None:
    made = launch_twins(workspace, TwinRequest(measured.batch_id, "gender", "woman", "man"))
    with workspace.write() as session:
        twins = session.get_one(Batch, made.twins_batch_id)
        twins.state = "completed"
    make_samples(workspace, twins, made.planned, variables={"gender": "man", "topic": "cards"})
    assert measure_twins(workspace, made.pair_report_id) == "ready"
    at = view(open_page, measured, "Twins")
    table = next(one.value for one in at.dataframe if "woman" in one.value)
    assert set(table["Outcome"]) >= {"Length of the response", "Accepted"}
    assert {one.label: one.value for one in at.metric}["Pairs"] == "30"


def test_a_word_list_is_edited_and_left_out(
    workspace: Workspace, measured: Batch, open_page
) -> None:
    at = view(open_page, measured, "Word lists")
    name = "career-family"
    key = f"insight.lists.{name}.None"
    at.text_input(key=f"{key}.title").set_value("Work and home")
    next(one for one in at.button if one.label == "Save").click().run()
    assert not at.exception
    assert get_list(workspace, name).content.title == "Work and home"
    at.button(key="insight.lists.Leave out").click().run()
    assert get_list(workspace, name).is_retired
    at.button(key="insight.lists.Use again").click().run()
    assert not get_list(workspace, name).is_retired


def test_a_broken_word_list_says_so_and_changes_nothing(
    workspace: Workspace, measured: Batch, open_page
) -> None:
    at = view(open_page, measured, "Word lists")
    at.text_area(key="insight.lists.career-family.None.x.words").set_value("one")
    next(one for one in at.button if one.label == "Save").click().run()
    assert at.error
    assert get_list(workspace, "career-family").origin == "brought"
