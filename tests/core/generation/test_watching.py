"""What a run learns of the other runs on its connection."""

from factories import make_batch

from core.attempts.calls import Target
from core.db.workspace import Workspace
from core.generation.watching import sharing_of
from core.spend.budgets import SpendScope


def test_the_mean_limit_is_that_of_the_running_batches_that_adapt(any_workspace: Workspace) -> None:
    target = Target("offline", "offline-small", "")
    scope = SpendScope("prj_default", "tpl", "bat", "usr_local")

    def seen() -> tuple[int, float | None]:
        sharing = sharing_of(any_workspace, target, scope)
        return sharing.batches, sharing.mean_limit

    assert seen() == (1, None)
    for limit, columns in (
        (60, {}),
        (20, {}),
        (0, {}),  # has not reported yet
        (100, {"concurrency": 100}),
        (200, {"state": "completed"}),
        (200, {"connection": "another"}),
        (200, {"mode": "batch_api"}),
    ):
        values = {"state": "running", "concurrency": None, **columns}
        make_batch(any_workspace, concurrency_limit=limit, **values)
    assert seen() == (4, 40.0)
