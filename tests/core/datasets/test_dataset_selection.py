"""What a query selects, on SQLite and PostgreSQL."""

from typing import Any

import pytest
from factories import failed_row, make_batch, make_samples
from pydantic import ValidationError

from core.datasets.query import DatasetQuery, SplitSettings
from core.datasets.selection import Selection, preview_selection, select_rows
from core.db.tables import Batch
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.review.decisions import submit_review, undo_review


def chosen(workspace: Workspace, batch: Batch, **fields: Any) -> Selection:
    return select_rows(workspace, DatasetQuery(batch_ids=(batch.batch_id,), **fields))


def indexes(selection: Selection) -> list[int]:
    return [row.plan_index for row in selection.rows]


def test_verdict_state_and_score_decide_and_people_overrule_the_score(
    any_workspace: Workspace,
) -> None:
    batch = make_batch(any_workspace)
    rows = [
        {"quality_score": 0.9},
        {"quality_score": 0.5},
        {"verdict": "rejected"},
        {"verdict": "needs_review"},
        {"quality_score": 0.1},
    ]
    samples = make_samples(any_workspace, batch, n=0, rows=rows)
    with any_workspace.write() as session:
        session.add(failed_row(batch, 5, verdict="accepted"))
    submit_review(any_workspace, samples[4].sample_id, "accept", expected_revision=0)
    assert indexes(chosen(any_workspace, batch)) == [0, 1, 4]
    assert indexes(chosen(any_workspace, batch, min_score=0.8)) == [0, 4]
    assert indexes(chosen(any_workspace, batch, verdicts=("rejected", "needs_review"))) == [2, 3]


def test_corrections_replace_the_text_unless_undone_or_unwanted(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    sample = make_samples(any_workspace, batch, 1)[0]
    with any_workspace.write() as session:
        session.add(failed_row(batch, 1))
    review = submit_review(
        any_workspace, sample.sample_id, "edit", expected_revision=0, corrected={"response": "Yes."}
    )
    output = {"question": "Was it lost?", "answer": "It was found."}
    submit_review(
        any_workspace,
        sample.sample_id.removesuffix("0") + "1",
        "edit",
        expected_revision=0,
        corrected={"output": output},
    )
    corrected = chosen(any_workspace, batch)
    assert corrected.texts == [f"{sample.input}\nYes.", "Was it lost?\nIt was found."]
    assert corrected.rows[0].correction_id == review.review_id
    plain = chosen(any_workspace, batch, include_corrections=False)
    assert plain.texts == [f"{sample.input}\n{sample.response}"]
    undo_review(any_workspace)
    assert indexes(chosen(any_workspace, batch)) == [0]
    undo_review(any_workspace)
    assert chosen(any_workspace, batch).texts == plain.texts


def test_of_equal_texts_the_reviewed_one_stays(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    same = {"input": "Why?", "response": "Because it is so."}
    samples = make_samples(any_workspace, batch, n=0, rows=[same, {}, same, same])
    assert indexes(chosen(any_workspace, batch)) == [0, 1]
    submit_review(any_workspace, samples[2].sample_id, "accept", expected_revision=0)
    selection = chosen(any_workspace, batch)
    assert indexes(selection) == [1, 2]
    assert selection.exact_duplicates == 2
    assert len(selection.texts) == 2


def test_the_preview_counts_what_the_query_would_select(any_workspace: Workspace) -> None:
    one, two = make_batch(any_workspace), make_batch(any_workspace)
    samples = make_samples(any_workspace, one, 4)
    make_samples(any_workspace, two, 2, domain="law")
    submit_review(
        any_workspace, samples[0].sample_id, "edit", expected_revision=0, corrected={"input": "Q?"}
    )
    query = DatasetQuery(batch_ids=(one.batch_id, two.batch_id))
    preview = preview_selection(any_workspace, query)
    assert (preview.samples, preview.corrected) == (6, 1)
    assert preview.by_batch == {one.batch_id: 4, two.batch_id: 2}
    assert preview.by_domain == {"banking": 4, "law": 2}


def test_stratifying_by_an_unknown_variable_is_refused(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 2)
    selection = chosen(workspace, batch, split=SplitSettings(stratify_by="topic"))
    assert [row.stratum for row in selection.rows] == ["cards", "loans"]
    with pytest.raises(InvalidInput, match="'mood'"):
        chosen(workspace, batch, split=SplitSettings(stratify_by="mood"))


@pytest.mark.parametrize(
    "fields",
    [
        {"batch_ids": ()},
        {"batch_ids": ("bat_1",), "verdicts": ("perfect",)},
        {"batch_ids": ("bat_1",), "min_score": 2},
        {"batch_ids": ("bat_1",), "colour": "red"},
        {"batch_ids": ("bat_1",), "split": {"train": 0.9}},
    ],
    ids=str,
)
def test_a_query_that_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DatasetQuery(**fields)
