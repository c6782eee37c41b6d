"""The sweep that every live worker makes: nothing that was asked for stays undone."""

from sqlalchemy import select, update

from core.db.tables import Batch, Worker
from core.db.workspace import Workspace
from core.generation.batches import log
from core.jobs.queue import GENERATE, enqueue, has_live_job, put_back
from core.jobs.workers import is_live, list_workers


def sweep(workspace: Workspace) -> int:
    """Hand on the jobs of dead workers and the batches that lost their job. Returns how many."""
    workers = list_workers(workspace, only_live=False)
    live = {worker.worker_id for worker in workers if is_live(workspace, worker)}
    moved = put_back(workspace, live.__contains__)
    gone = [w.worker_id for w in workers if w.state == "running" and w.worker_id not in live]
    if gone:
        with workspace.write() as session:
            session.execute(update(Worker).where(Worker.worker_id.in_(gone)).values(state="dead"))
    return moved + _revive_batches(workspace)


def _revive_batches(workspace: Workspace) -> int:
    """Queue again the batches whose job ended with an error, such as a database that was away."""
    unfinished = select(Batch.batch_id).where(Batch.state.in_(("queued", "running")))
    with workspace.read() as session:
        batch_ids = list(session.scalars(unfinished))
    revived = 0
    for batch_id in batch_ids:
        if has_live_job(workspace, "generate_batch", batch_id):
            continue
        with workspace.write() as session:
            batch = session.get_one(Batch, batch_id, with_for_update=True)
            # Looked at again under the lock: another worker's sweep may have been quicker.
            is_lost = batch.state in ("queued", "running")
            if is_lost and not has_live_job(workspace, "generate_batch", batch_id):
                enqueue(workspace, session, GENERATE, "generate_batch", batch_id, batch.priority)
                log(session, batch_id, "Its job was lost; queued again.", "warning")
                revived += 1
    return revived
