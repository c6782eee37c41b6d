"""The durable queue and the workers that serve it."""

import streamlit as st

from app import cache
from app.widgets.batches.workers import workers_table
from app.widgets.formats import ago, short_id, words
from app.widgets.layout import section
from app.widgets.tables import plain_table
from core.jobs.running.queue import JobRow, list_jobs
from core.jobs.running.workers import list_workers


def queue_view() -> None:
    """Jobs, newest first, and who runs them."""
    section("Queue", "What waits, what runs and what ended, newest first.")
    jobs = list_jobs(cache.workspace())
    if jobs:
        plain_table(
            [job_row(job) for job in jobs], key="batches.jobs",
            columns={"Works on": st.column_config.TextColumn(width=300)},
        )  # fmt: skip
    else:
        st.caption("The queue is empty.")
    section("Workers")
    workers_table(list_workers(cache.workspace()), key="batches.workers")


def job_row(job: JobRow) -> dict[str, object]:
    """One job as a table row."""
    return {
        "Job": words(job.name), "Works on": cache.name_of(job.subject),
        "State": words(job.state), "Priority": job.priority,
        "Worker": short_id(job.worker_id or ""),
        "Added": ago(job.created_at), "Last change": ago(job.updated_at),
    }  # fmt: skip
