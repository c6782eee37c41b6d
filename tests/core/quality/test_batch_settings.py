"""The thresholds that count for a batch: its template version's, under its own."""

import pytest
from factories import make_batch, make_template

from core.db.tables import Batch, TemplateVersion
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.judging import Answer
from core.jobs.assessing import InlineAssessor
from core.quality.thresholds.settings import (
    check_settings,
    decided_definition,
    differences,
    moved,
    version_settings,
)
from core.templates.definition import CheckSettings


@pytest.fixture
def version(workspace: Workspace) -> TemplateVersion:
    return make_template(workspace, checks={"min_chars": 5, "accept_at": 0.9})


def test_a_batchs_own_thresholds_lie_over_its_versions(
    workspace: Workspace, version: TemplateVersion
) -> None:
    batch = make_batch(workspace, version, checks={"accept_at": 0.6})
    found = check_settings(batch, version)
    assert (found.min_chars, found.accept_at, found.reject_below) == (5, 0.6, 0.4)
    assert version_settings(version).accept_at == 0.9
    assert differences(found, version_settings(version)) == {"accept_at": 0.6}


def test_answers_that_still_arrive_are_decided_by_the_batchs_own_thresholds(
    workspace: Workspace, version: TemplateVersion
) -> None:
    def verdict(batch: Batch) -> str:
        assessor = InlineAssessor(decided_definition(batch, version))
        answer = Answer({"question": "Why is that so?", "answer": "Because it is."}, [])
        return assessor.assess(
            answer, "Why is that so?", "Because it is.", "", {"topic": "cards"}, None
        ).verdict

    assert verdict(make_batch(workspace, version)) == "accepted"
    assert verdict(make_batch(workspace, version, checks={"min_chars": 1_000})) != "accepted"


def test_a_moved_threshold_is_validated() -> None:
    assert moved(CheckSettings(), {"accept_at": 0.5}).accept_at == 0.5
    with pytest.raises(InvalidInput, match=r"reject_below 0\.4 is above accept_at 0\.2"):
        moved(CheckSettings(), {"accept_at": 0.2})
    with pytest.raises(InvalidInput, match="echo"):
        moved(CheckSettings(), {"echo": -1})
