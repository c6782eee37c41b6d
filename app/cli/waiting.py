"""After a launch: stay until the batch ends, or say that nobody works on it."""

from typing import Any

import typer

from app.cli.batches import print_batch, with_progress
from app.cli.output import note, progress_bar
from core.db.workspace import Workspace
from core.jobs.running.workers import list_workers

NOT_COMPLETED = 3


def launched(workspace: Workspace, batch_id: str, n: int, wait: bool) -> dict[str, Any]:
    """The batch as JSON, at its end where that is waited for."""
    if wait:
        _wait(workspace, batch_id, n)
    elif not any(worker.kind == "generate" for worker in list_workers(workspace)):
        note("No worker runs: start one with `seedbed up` or `seedbed worker`.")
    return with_progress(workspace, batch_id)


def print_launched(found: dict[str, Any], wait: bool, as_json: bool) -> None:
    """The batch; exit code NOT_COMPLETED where its end was waited for and is another."""
    print_batch(found, as_json)
    if wait and found["state"] != "completed":
        note(f"The batch is {found['state']}. {found['message']}".strip())
        raise typer.Exit(NOT_COMPLETED)


def _wait(workspace: Workspace, batch_id: str, n: int) -> None:
    # Imported here: launching alone starts no process.
    from app.up import ensure_workers
    from core.jobs.running.waiting import wait_for_batch

    with ensure_workers(workspace, ["generate"]), progress_bar() as bar:
        task = bar.add_task("Generating", total=n)

        def show(progress: Any) -> None:
            done = progress.generated + progress.failed
            text = f"{progress.state}, {progress.rate_per_s:.1f}/s, ${progress.cost_usd:.4f}"
            bar.update(task, completed=done, description=text)

        wait_for_batch(workspace, batch_id, on_progress=show)
