"""More samples like some: aimed at their cells, shown a few of them."""

import pytest
from factories import make_batch, make_samples, make_template
from sqlalchemy import func, select

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.jobs.aimed.similar import MOST_SHOWN, MoreLike, launch_similar, similar_launch
from core.templates.versions import get_version, is_draft, load_definition


def chosen_samples(workspace: Workspace) -> list[str]:
    """Eight samples, two of each topic, in the order of the topics."""
    batch = make_batch(workspace, make_template(workspace), parameters={"temperature": 0.2})
    return [sample.sample_id for sample in make_samples(workspace, batch, 8)]


def test_the_launch_is_held_to_the_cells_of_the_samples_and_shows_some(
    workspace: Workspace,
) -> None:
    ids = chosen_samples(workspace)
    wanted = MoreLike((ids[0], ids[1], ids[4]), (ids[1],), 25)
    request = similar_launch(workspace, wanted)
    cells = sorted(str(cell["topic"]) for cell in request.focus.cells)
    assert cells == ["cards", "loans"]
    assert (request.n, dict(request.parameters)) == (25, {"temperature": 0.2})
    assert request.origin["operation"] == "more_like"
    assert request.origin["sample_ids"] == [ids[1]]
    version = get_version(workspace, request.template_version_id)
    assert is_draft(version)
    assert [e.user for e in load_definition(version).examples] == [
        "Write a customer's question about loans and answer it."
    ]


def test_samples_of_every_cell_leave_the_whole_plan(workspace: Workspace) -> None:
    ids = chosen_samples(workspace)
    assert not similar_launch(workspace, MoreLike(tuple(ids), (ids[0],), 5)).focus


def test_one_wish_launches_one_batch_that_says_where_it_is_from(workspace: Workspace) -> None:
    ids = chosen_samples(workspace)
    wanted = MoreLike((ids[0],), (ids[0],), 6, intent="wish-1")
    first, second = launch_similar(workspace, wanted), launch_similar(workspace, wanted)
    assert first.batch_id == second.batch_id
    assert first.focus == {"cells": [{"topic": "cards"}]}
    assert first.name == "More like 1 of Test batch"
    with workspace.read() as session:
        assert session.scalar(select(func.count()).select_from(Batch)) == 2


@pytest.mark.parametrize("shown", [0, MOST_SHOWN + 1])
def test_too_many_or_no_example_is_refused(workspace: Workspace, shown: int) -> None:
    ids = chosen_samples(workspace)
    with pytest.raises(InvalidInput, match="would be shown"):
        similar_launch(workspace, MoreLike(tuple(ids), tuple(ids[:shown]), 5))
