"""The Versions view: history, differences, statistics, A/B comparisons."""

from typing import Any

import pandas as pd
from factories import make_batch, make_samples, make_template
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from core.db.tables import Batch, Comparison
from core.db.workspace import Workspace
from core.generation.browsing import list_batches
from core.jobs.comparing import list_comparisons
from core.templates.versions import (
    get_template,
    get_version,
    latest_version,
    list_versions,
    load_definition,
)

NAME = "bank-answers"
KEY = "templates.versions"


def opened(open_page: Any, part: str) -> AppTest:
    at: AppTest = open_page("templates", template=NAME)
    at.segmented_control(key="templates.tab").set_value("Versions").run()
    return at.segmented_control(key=f"{KEY}.part").set_value(part).run()


def second(**changes: Any) -> dict[str, Any]:
    """A later version of the seeded template, with its variables."""
    topic = {"name": "topic", "sampler": {"kind": "category", "values": ["cards", "loans"]}}
    return {"user": "Ask, briefly, about {{ topic }}.", "variables": [topic], **changes}


def table(at: AppTest, column: str) -> pd.DataFrame:
    """The one table that has this column."""
    (found,) = [element.value for element in at.dataframe if column in element.value.columns]
    return found


def text_of(at: AppTest) -> str:
    return " ".join(
        element.value for group in (at.markdown, at.caption, at.warning) for element in group
    )


def test_an_old_version_is_restored_as_the_newest(workspace: Workspace, seeded, open_page) -> None:
    old = latest_version(workspace, NAME)
    make_template(workspace, **second())
    at = opened(open_page, "History")
    assert at.button(key="templates.restore").disabled, "the newest needs no restoring"
    at.selectbox(key=f"{KEY}.chosen").set_value(old.template_version_id).run()
    at.button(key="templates.restore").click().run()
    assert not at.exception
    versions = list_versions(workspace, old.template_id)
    assert [v.number for v in versions] == [3, 2, 1]
    assert load_definition(versions[0]) == load_definition(versions[2])


def test_a_version_gets_a_name_and_keeps_its_content(
    workspace: Workspace, seeded, open_page
) -> None:
    version = latest_version(workspace, NAME)
    at = opened(open_page, "History")
    at.text_input(key=f"{KEY}.name.{version.template_version_id}").set_value("the calm one")
    at.button(key=f"{KEY}.rename").click().run()
    assert not at.exception
    named = get_version(workspace, version.template_version_id)
    assert (named.name, named.content_hash) == ("the calm one", version.content_hash)


def test_a_fork_is_opened_and_shows_where_it_came_from(
    workspace: Workspace, seeded, open_page
) -> None:
    at = opened(open_page, "History")
    at.text_input(key=f"{KEY}.fork_name").set_value("my-answers")
    at.button(key=f"{KEY}.fork").click().run()
    assert not at.exception
    fork = get_template(workspace, "my-answers")
    assert fork.forked_from == latest_version(workspace, NAME).template_version_id
    at = open_page("templates", template="my-answers")
    at.segmented_control(key="templates.tab").set_value("Versions").run()
    assert "Forked from Bank answers, version 1." in text_of(at)


def test_a_name_that_is_taken_is_said_and_nothing_is_forked(
    workspace: Workspace, seeded, open_page
) -> None:
    at = opened(open_page, "History")
    at.text_input(key=f"{KEY}.fork_name").set_value(NAME)
    at.button(key=f"{KEY}.fork").click().run()
    assert "already called" in at.error[0].value
    assert latest_version(workspace, NAME).number == 1


def test_prompts_and_fields_show_what_differs(workspace: Workspace, seeded, open_page) -> None:
    make_template(workspace, **second(user="**Ask** <b>now</b> about {{ topic }}."))
    at = opened(open_page, "Differences")
    assert not at.exception
    told = text_of(at)
    assert ":green-background[" in told
    assert ":red-background[" in told
    assert "<b>" not in told, "what a prompt says is never interpreted"
    rows = table(at, "Change")
    assert "tone" in set(rows["Field"])
    assert set(rows["Change"]) >= {"Removed"}
    at.toggle(key="templates.diff.yaml").set_value(True).run()
    assert "+user: '**Ask**" in "".join(code.value for code in at.code)


def test_one_version_alone_has_nothing_to_compare_with(seeded, open_page) -> None:
    at = opened(open_page, "Differences")
    assert "second version" in text_of(at)


def test_each_version_shows_its_figures_with_intervals_and_marks(
    workspace: Workspace, seeded, open_page
) -> None:
    newer = make_template(workspace, **second())
    batch = make_batch(workspace, newer, n=60, generated=60)
    make_samples(workspace, batch, 60, verdict="rejected", quality_score=0.1)
    at = opened(open_page, "Statistics")
    assert not at.exception
    rows = table(at, "Accepted")
    assert list(rows["Version"]) == ["2", "1"]
    assert rows["Accepted"][0].startswith("▼ 0.0")
    assert rows["Quality score"][0].startswith("▼ 0.10")
    assert "(" in rows["Fit the schema"][1]


def test_both_sides_are_launched_by_one_submit(workspace: Workspace, seeded, open_page) -> None:
    make_template(workspace, **second())
    before = {batch.batch_id for batch in list_batches(workspace)}
    at = opened(open_page, "A/B comparisons")
    at.number_input(key="templates.ab.n").set_value(20).run()
    at.text_input(key="templates.ab.name").set_value("Briefer?")
    at.button(key="templates.ab.submit").click().run()
    assert not at.exception
    (pair,) = list_comparisons(workspace)
    assert pair.comparison.name == "Briefer?"
    assert [side.version.number for side in (pair.a, pair.b)] == [1, 2]
    assert (pair.a.batch.n, pair.a.batch.seed) == (20, pair.b.batch.seed)
    launched = {batch.batch_id for batch in list_batches(workspace)} - before
    assert launched == {pair.a.batch.batch_id, pair.b.batch.batch_id}
    assert at.title[0].value == "Briefer?", "the comparison is opened"


def ended(workspace: Workspace, accepted_b: int) -> str:
    first = latest_version(workspace, NAME)
    newer = make_template(workspace, **second())
    a = make_batch(workspace, first, name="A", n=60, generated=60)
    b = make_batch(workspace, newer, name="B", n=60, generated=60)
    make_samples(workspace, a, 60, verdict="needs_review")
    make_samples(workspace, b, 60, rows=[{"verdict": "accepted"}] * accepted_b,
                 verdict="needs_review")  # fmt: skip
    with workspace.write() as session:
        session.add(
            Comparison(
                comparison_id="cmp_1", name="Briefer?", a_batch_id=a.batch_id,
                b_batch_id=b.batch_id,
            )
        )  # fmt: skip
    return b.batch_id


def test_the_outcome_stands_in_plain_words_when_both_have_ended(
    workspace: Workspace, seeded, open_page
) -> None:
    ended(workspace, accepted_b=30)
    at = open_page("templates", comparison="cmp_1")
    assert not at.exception
    told = text_of(at).replace("\\", "").replace("\u00a0", " ")
    assert "B is accepted more often: 50 % against 0 %" in told
    assert "different variables" in told
    rows = table(at, "Better")
    assert list(rows["Better"])[:2] == ["B", "not shown"]


def test_while_a_side_runs_there_is_progress_and_no_test(
    workspace: Workspace, seeded, open_page
) -> None:
    batch_id = ended(workspace, accepted_b=30)
    with workspace.write() as session:
        session.execute(update(Batch).where(Batch.batch_id == batch_id).values(state="running"))
    at = open_page("templates", comparison="cmp_1")
    assert not at.exception
    assert "The test comes when both have ended" in text_of(at)
    assert not at.dataframe


def test_a_batch_leads_to_its_comparison(workspace: Workspace, seeded, open_page) -> None:
    batch_id = ended(workspace, accepted_b=1)
    at = open_page("batches", batch=batch_id)
    at.button(key="batches.comparison").click().run()
    assert not at.exception
    assert at.title[0].value == "Briefer?"


def test_a_comparison_that_is_gone_is_said(seeded, open_page) -> None:
    at = open_page("templates", comparison="cmp_ghost")
    assert "cmp" in at.error[0].value
