import threading
from dataclasses import replace

import pytest
from factories import make_batch, make_template
from sqlalchemy import func, select

from core.db.tables import Batch, Comparison
from core.db.workspace import Workspace
from core.errors import InvalidInput, MissingKey, NotFound
from core.generation.batches import LaunchRequest
from core.generation.browsing import list_batches
from core.jobs import comparing
from core.jobs.comparing import (
    comparison_of_batch,
    get_comparison,
    launch_comparison,
    launch_preview,
    list_comparisons,
)
from core.jobs.running.queue import prepare_queue
from core.providers.connections import save_connection


@pytest.fixture
def sides(workspace: Workspace) -> tuple[LaunchRequest, LaunchRequest]:
    prepare_queue(workspace)
    first = make_template(workspace)
    second = make_template(workspace, user="Briefly: {{ topic }}")
    return (
        LaunchRequest(first.template_version_id, 12, "offline", seed=5),
        LaunchRequest(second.template_version_id, 12, "offline", seed=5),
    )


Sides = tuple[LaunchRequest, LaunchRequest]


def stored(workspace: Workspace) -> tuple[int, int]:
    with workspace.read() as session:
        count = select(func.count())
        return (
            session.scalar(count.select_from(Batch)) or 0,
            session.scalar(count.select_from(Comparison)) or 0,
        )


def test_both_batches_and_their_row_are_made_at_once(workspace: Workspace, sides: Sides) -> None:
    made = launch_comparison(workspace, *sides)
    pair = get_comparison(workspace, made.comparison_id)
    assert (pair.a.batch.seed, pair.b.batch.seed) == (5, 5)
    assert (pair.a.batch.n, pair.b.batch.n) == (12, 12)
    assert (pair.a.version.number, pair.b.version.number) == (1, 2)
    assert made.name == "Bank answers: version 1 against version 2"
    assert [pair.a.batch.name[-3:], pair.b.batch.name[-3:]] == [", A", ", B"]
    assert {batch.state for batch in list_batches(workspace)} == {"queued"}
    assert comparison_of_batch(workspace, pair.b.batch.batch_id) is not None
    other = make_batch(workspace)
    assert comparison_of_batch(workspace, other.batch_id) is None


def test_without_a_seed_one_is_drawn_for_both(workspace: Workspace, sides: Sides) -> None:
    a, b = (replace(side, seed=None) for side in sides)
    pair = get_comparison(workspace, launch_comparison(workspace, a, b).comparison_id)
    assert pair.a.batch.seed == pair.b.batch.seed


def test_a_side_that_cannot_run_leaves_nothing(workspace: Workspace, sides: Sides) -> None:
    save_connection(workspace, "paid", "openai", "https://example.invalid/v1", "PAID_KEY", "m")
    with pytest.raises(MissingKey):
        launch_comparison(workspace, sides[0], replace(sides[1], connection="paid"))
    assert stored(workspace) == (0, 0)


def test_a_fault_between_the_two_leaves_neither(
    workspace: Workspace, sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched = []
    add = comparing.add_batch

    def second_fails(*arguments: object) -> Batch:
        if launched:
            raise OSError("the disk is gone")
        launched.append(1)
        return add(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(comparing, "add_batch", second_fails)
    with pytest.raises(OSError, match="disk"):
        launch_comparison(workspace, *sides)
    assert stored(workspace) == (0, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"n": 13}, "differ in n"), ({"seed": 6}, "differ in seed"),
     ({"source_ids": ("src_1",)}, "differ in source ids")],
    ids=["n", "seed", "sources"],
)  # fmt: skip
def test_two_plans_are_no_comparison(
    workspace: Workspace, sides: Sides, change: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        launch_comparison(workspace, sides[0], replace(sides[1], **change))  # type: ignore[arg-type]
    assert stored(workspace) == (0, 0)


def test_the_same_twice_is_no_comparison(workspace: Workspace, sides: Sides) -> None:
    with pytest.raises(InvalidInput, match="Both sides"):
        launch_comparison(workspace, sides[0], sides[0])


def test_the_same_key_launches_once_even_at_the_same_moment(
    workspace: Workspace, sides: Sides
) -> None:
    a, b = (replace(side, idempotency_key="click") for side in sides)
    ids: list[str] = []

    def click() -> None:
        ids.append(launch_comparison(workspace, a, b).comparison_id)

    threads = [threading.Thread(target=click) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 1
    assert stored(workspace) == (2, 1)


def test_comparisons_are_listed_by_template_newest_first(
    workspace: Workspace, sides: Sides
) -> None:
    first = launch_comparison(workspace, *sides, name="One")
    second = launch_comparison(workspace, sides[1], sides[0], name="Two")
    pair = get_comparison(workspace, first.comparison_id)
    template_id = pair.a.version.template_id
    found = list_comparisons(workspace, template_id=template_id)
    assert [row.comparison.name for row in found] == ["Two", "One"]
    assert list_comparisons(workspace, template_id="tpl_other") == []
    assert [p.comparison.comparison_id for p in list_comparisons(workspace, limit=1)] == [
        second.comparison_id
    ]
    with pytest.raises(NotFound):
        get_comparison(workspace, "cmp_ghost")


def test_a_preview_of_two_sides_shares_its_plan(workspace: Workspace, sides: Sides) -> None:
    a, b = (replace(side, n=3, seed=None) for side in sides)
    batches = launch_preview(workspace, [a, b])
    assert [batch.kind for batch in batches] == ["preview", "preview"]
    assert batches[0].seed == batches[1].seed
    assert {batch.priority for batch in batches} == {1}
    assert stored(workspace) == (2, 0)
    with pytest.raises(InvalidInput, match="one or two"):
        launch_preview(workspace, [])
    with pytest.raises(InvalidInput, match="11"):
        launch_preview(workspace, [replace(a, n=11)])
