"""Contradicting answers to one question are found; agreeing and unrelated ones are not."""

from typing import Any

import pytest
from factories import make_batch, make_samples
from sqlalchemy import select

from core.db.tables import Finding, Sample
from core.db.workspace import Workspace
from core.quality.across.consistency import compute_consistency
from core.quality.across.contradictions import contradiction
from core.text.hashing import pair_hash

FEE = "A transfer abroad costs 2 percent of the amount and arrives within three working days."


def row(input: str, response: str, **columns: Any) -> dict[str, Any]:
    return {
        "input": input, "response": response, "text_hash": pair_hash(input, response), **columns
    }  # fmt: skip


def found(workspace: Workspace) -> dict[str, dict[str, Any]]:
    with workspace.read() as session:
        rows = session.scalars(select(Finding).where(Finding.check == "consistency"))
        return {finding.sample_id: finding.evidence for finding in rows}


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (FEE, FEE.replace("2 percent", "3 percent"), "number"),
        ("He has 5 left. #### 5", "He eats some, so 7 remain. #### 7", "answer"),
        ("Yes, you can.", "No, that is not possible.", "answer"),
        (
            "The head office of the bank is in Vienna.",
            "The head office of the bank lies in Graz.",
            "name",
        ),
        (
            "You can cancel a standing order on the day it is due.",
            "You cannot cancel a standing order on the day it is due.",
            "negation",
        ),
        ("card_arrival", "lost_or_stolen_card", "answer"),
    ],
)
def test_contradictions_are_seen(first: str, second: str, kind: str) -> None:
    one, other = contradiction(first, second), contradiction(second, first)
    assert one is not None
    assert other is not None
    assert (one.kind, other.kind) == (kind, kind)
    assert min(one.likelihood, other.likelihood) >= 0.5


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FEE, FEE.upper()),
        (FEE, "It takes 3 days. " + FEE),
        ("She pays 1,000 dollars. #### 1000", "That makes 1000 dollars. #### 1,000"),
        (
            "Half of 48 is 24, so 72 are sold in all. #### 72",
            "48 plus 48 / 2 gives 72 clips sold. #### 72",
        ),
        ("Open the app and choose Cards.", "Call us on weekdays, we are glad to help."),
        ("", FEE),
    ],
)
def test_what_agrees_or_speaks_of_something_else_is_no_contradiction(
    first: str, second: str
) -> None:
    result = contradiction(first, second)
    assert result is None or result.likelihood < 0.5


def test_two_answers_that_disagree_are_both_named(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    samples = make_samples(
        any_workspace,
        batch,
        rows=[
            row("What does a transfer abroad cost?", FEE),
            row("what does a transfer abroad cost", FEE.replace("2 percent", "4 percent")),
            row("What does a transfer at home cost?", FEE.replace("2 percent", "9 percent")),
        ],
    )
    assert compute_consistency(any_workspace, batch.batch_id) == 2
    first, second = found(any_workspace).items()
    assert (first[0], first[1]["twin"]) == (samples[0].sample_id, samples[1].sample_id)
    assert second[1]["twin"] == samples[0].sample_id
    assert "2 percent" in first[1]["claim"]
    assert "4 percent" in first[1]["other"]
    before = found(any_workspace)
    assert compute_consistency(any_workspace, batch.batch_id) == 2
    assert found(any_workspace) == before


def test_the_minority_is_named_among_three(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    answers = [FEE, FEE.replace("2 percent", "8 percent"), FEE.replace("working", "bank")]
    rows = [row("What does it cost?", answer) for answer in answers]
    samples = make_samples(workspace, batch, rows=rows)
    compute_consistency(workspace, batch.batch_id)
    assert list(found(workspace)) == [samples[1].sample_id]


def test_without_input_the_same_variables_ask_the_same(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    other = FEE.replace("2 percent", "5 percent")
    same = {"topic": "fees"}
    make_samples(
        workspace,
        batch,
        rows=[
            row("", FEE, variables=same),
            row("", other, variables=same),
            row("", other.replace("5", "6"), variables={"topic": "cards"}),
        ],
    )
    assert compute_consistency(workspace, batch.batch_id) == 2


def test_a_finding_that_no_longer_holds_goes_away(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    rows = [row("What does it cost?", FEE), row("What does it cost?", FEE.replace("2 p", "7 p"))]
    samples = make_samples(workspace, batch, rows=rows)
    compute_consistency(workspace, batch.batch_id)
    with workspace.write() as session:
        session.get_one(Sample, samples[1].sample_id).state = "failed"
    assert compute_consistency(workspace, batch.batch_id) == 0
    assert found(workspace) == {}
