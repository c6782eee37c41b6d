"""The Preview view: one or two small real batches, and what they show."""

from decimal import Decimal
from typing import Any

import pandas as pd
from factories import failed_row, make_template, sample_row
from streamlit.testing.v1 import AppTest

from core.db.ids import new_id
from core.db.tables import Attempt, Batch
from core.db.workspace import Workspace
from core.generation.browsing import list_batches
from core.providers.connections import save_connection
from core.templates.versions import (
    get_version,
    is_draft,
    latest_version,
    list_versions,
    load_definition,
)

NAME = "bank-answers"
KEY = "templates.preview"


def opened(open_page: Any) -> AppTest:
    at: AppTest = open_page("templates", template=NAME)
    return at.segmented_control(key="templates.tab").set_value("Preview").run()


def previews(workspace: Workspace) -> list[Batch]:
    return list_batches(workspace, kinds=["preview"])[::-1]


def finish(workspace: Workspace, batch: Batch, usd: str = "0.01") -> None:
    """What a worker would store: all samples but one broken, each with its paid call."""
    with workspace.write() as session:
        for i in range(batch.n):
            is_broken = i == batch.n - 1
            raw = '{"question": "Why?"}'
            session.add(failed_row(batch, i, raw_text=raw) if is_broken else sample_row(batch, i))
            session.add(
                Attempt(
                    attempt_id=new_id("att"), batch_id=batch.batch_id, plan_index=i,
                    purpose="generate", number=1, state="succeeded", connection="offline",
                    model=batch.model, request_key="k", worker_id="w", reserved_usd=Decimal(1),
                    cost_usd=Decimal(usd), input_tokens=100 + i, output_tokens=40,
                    latency_ms=900,
                )
            )  # fmt: skip
        session.get_one(Batch, batch.batch_id).state = "completed"


def table(at: AppTest, column: str) -> pd.DataFrame:
    """The one table that has this column."""
    (found,) = [element.value for element in at.dataframe if column in element.value.columns]
    return found


def text_of(at: AppTest) -> str:
    shown = (at.markdown, at.caption, at.warning, at.code)
    return " ".join(element.value for group in shown for element in group).replace("\\", "")


def test_a_preview_is_a_small_batch_of_kind_preview_at_the_highest_priority(
    workspace: Workspace, seeded, open_page
) -> None:
    at = opened(open_page)
    at.number_input(key=f"{KEY}.n").set_value(2)
    at.button(key=f"{KEY}.submit").click().run()
    assert not at.exception
    (batch,) = previews(workspace)
    assert (batch.n, batch.priority, batch.state) == (2, 1, "queued")
    assert batch.template_version_id == seeded["version"]


def test_unsaved_changes_are_previewed_without_adding_a_version(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("templates", template=NAME)
    at.segmented_control(key="templates.part").set_value("Prompt").run()
    at.text_area(key="templates.user").set_value("Ask about {{ topic }}, in a hurry.").run()
    at.segmented_control(key="templates.tab").set_value("Preview").run()
    at.button(key=f"{KEY}.submit").click().run()
    assert not at.exception
    (batch,) = previews(workspace)
    previewed = get_version(workspace, batch.template_version_id)
    assert is_draft(previewed)
    assert load_definition(previewed).user == "Ask about {{ topic }}, in a hurry."
    assert latest_version(workspace, NAME).number == 1


def test_a_double_click_launches_once_and_a_later_click_again(
    workspace: Workspace, seeded, open_page
) -> None:
    at = opened(open_page)
    at.button(key=f"{KEY}.submit").click().run()
    at.button(key=f"{KEY}.submit").click().run()
    (batch,) = previews(workspace)
    finish(workspace, batch)
    at.session_state["templates.preview.draft"].sent_at -= 10
    at.button(key=f"{KEY}.submit").click().run()
    assert len(previews(workspace)) == 2


def test_two_versions_run_over_one_plan_and_show_their_differences(
    workspace: Workspace, seeded, open_page
) -> None:
    make_template(workspace, user="Write about {{ topic }}, briefly.")
    at = opened(open_page)
    at.segmented_control(key=f"{KEY}.shape").set_value("Two versions").run()
    at.button(key=f"{KEY}.submit").click().run()
    assert not at.exception
    a, b = sorted(previews(workspace), key=lambda batch: batch.batch_id)
    versions = list_versions(workspace, latest_version(workspace, NAME).template_id)
    assert [a.template_version_id, b.template_version_id] == [
        version.template_version_id for version in versions[::-1]
    ]
    assert (a.seed, a.n) == (b.seed, b.n)
    finish(workspace, a, "0.02")
    finish(workspace, b, "0.01")
    at.run()
    assert not at.exception
    rows = table(at, "Measure").set_index("Measure")
    assert list(rows.columns) == ["A, version 1", "B, version 2", "Difference"]
    assert rows.loc["Cost", "Difference"].replace("\u00a0", " ") == "−0.0300 USD (−50 %)"
    assert rows.loc["Samples that fit the schema"].tolist() == ["2", "2", "0"]
    told = text_of(at)
    assert "is required but missing" in told
    assert "Write about cards, briefly." in told
    full = table(at, "Full batch").set_index("Full batch")
    assert full.loc["Cost", "A, version 1"].replace("\u00a0", " ") == "20.00 USD"


def test_a_batch_of_another_size_is_reckoned_anew(workspace: Workspace, seeded, open_page) -> None:
    at = opened(open_page)
    at.button(key=f"{KEY}.submit").click().run()
    (batch,) = previews(workspace)
    finish(workspace, batch)
    at.run()
    at.number_input(key=f"{KEY}.full_n").set_value(500).run()
    row = table(at, "Full batch").set_index("Full batch").loc["Cost"]
    assert row["Expected"].replace("\u00a0", " ") == "5.00 USD"
    assert "95 % prediction interval" in text_of(at)


def test_the_same_on_both_sides_is_refused_in_words(
    workspace: Workspace, seeded, open_page
) -> None:
    at = opened(open_page)
    at.segmented_control(key=f"{KEY}.shape").set_value("Two models").run()
    at.button(key=f"{KEY}.submit").click().run()
    assert "same version, model" in at.error[0].value
    assert previews(workspace) == []


def test_without_its_key_a_connection_cannot_be_previewed(
    workspace: Workspace, seeded, open_page
) -> None:
    save_connection(workspace, "paid", "openai", "https://example.invalid/v1", "PAID_KEY", "m")
    at = opened(open_page)
    at.selectbox(key=f"{KEY}.model.connection").set_value("paid").run()
    assert at.button(key=f"{KEY}.submit").disabled
    assert "PAID_KEY" in at.warning[0].value


def test_a_preview_that_a_budget_stops_says_why(workspace: Workspace, seeded, open_page) -> None:
    at = opened(open_page)
    at.button(key=f"{KEY}.submit").click().run()
    (batch,) = previews(workspace)
    with workspace.write() as session:
        stored = session.get_one(Batch, batch.batch_id)
        stored.state, stored.pause_reason = "paused", "budget"
        stored.message = "The budget of the template is used up."
    at.run()
    assert not at.exception
    assert "The budget of the template is used up." in text_of(at)
