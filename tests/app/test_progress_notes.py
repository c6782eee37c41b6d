"""The sentences beside a batch's figures."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from factories import make_batch

from app.widgets.batches.launch_estimate import reuse_text
from app.widgets.batches.progress_notes import (
    budget_note,
    calls_note,
    machine_note,
    time_left,
    wake_note,
)
from app.widgets.formats import GAP
from core.db.workspace import Workspace
from core.generation.progress import Progress, batch_progress
from core.generation.reuse import Reusable


@pytest.fixture
def now(workspace: Workspace) -> Progress:
    """A running batch that has nothing to tell."""
    return batch_progress(workspace, make_batch(workspace, state="running", n=1000).batch_id)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, ""),
        ({"is_estimating": True}, "estimating the time left"),
        ({"eta_s": 90.0}, "about 1 min 30 s left"),
        ({"eta_s": 90.0, "eta_low_s": 60.0, "eta_high_s": 180.0},
         "about 1 min 30 s left (1 min 00 s to 3 min 00 s)"),
        ({"eta_s": 90.0, "eta_low_s": 60.0}, "about 1 min 30 s left (1 min 00 s or more)"),
        ({"mode": "batch_api", "eta_s": 1.0}, "the provider answers within 24 hours"),
    ],
    ids=["unknown", "young", "no range", "range", "open range", "batch api"],
)  # fmt: skip
def test_the_time_left_comes_with_its_range(
    now: Progress, facts: dict[str, Any], text: str
) -> None:
    assert time_left(replace(now, **facts)).replace(GAP, " ") == text


def test_a_budget_that_will_not_reach_says_where_it_ends(now: Progress) -> None:
    assert budget_note(now) is None
    told = budget_note(replace(now, stops_at=712, stopping_budget="batch"))
    assert told is not None
    assert "The batch budget will stop it at about 712 of 1,000 samples." in told


def test_a_batch_that_nobody_must_resume_says_so(now: Progress) -> None:
    assert wake_note(now) == ""
    assert "Looks again by itself" in wake_note(replace(now, wake_after_s=30.0))
    assert "Tries again by itself" in wake_note(replace(now, wake_after_s=30.0, state="paused"))


def test_nothing_is_said_of_calls_and_machine_before_they_are_known(now: Progress) -> None:
    assert (calls_note(now), machine_note(now)) == ("", "")


def test_what_was_extrapolated_says_so() -> None:
    exact = reuse_text(Reusable(1000, 1000, 712, Decimal("1.90"))).replace(GAP, " ")
    assert exact == "712 of 1,000 answers reused, saves 1.90 USD"
    guessed = reuse_text(Reusable(100_000, 2_000, 71_200, Decimal(190))).replace(GAP, " ")
    assert guessed.startswith("About 71,200 of 100,000")
    assert "2,000 were looked at" in guessed
