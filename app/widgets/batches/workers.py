"""Processes that run jobs, and what they and their machines use."""

from collections.abc import Sequence

import streamlit as st

from app.widgets.batches.progress_notes import machine_name
from app.widgets.formats import ago, short_id, size, words
from app.widgets.tables import number, plain_table, right
from core.db.tables import Worker


def workers_table(workers: Sequence[Worker], *, key: str) -> None:
    """One row a worker."""
    if not workers:
        st.caption("No worker has reported yet. `seedbed up` starts them.")
        return
    rows = [
        {
            "Worker": short_id(worker.worker_id),
            "Kind": words(worker.kind),
            "State": words(worker.state),
            "CPU, % of a core": worker.cpu_percent,
            "Memory": size(worker.rss_bytes),
            "Machine": machine_name(worker.host),
            "Its CPU, %": worker.host_cpu_percent,
            "Its memory, %": worker.host_memory_percent,
            "Disk free": size(worker.disk_free_bytes),
            "Last sign of life": ago(worker.heartbeat_at),
        }
        for worker in workers
    ]
    percent = ("CPU, % of a core", "Its CPU, %", "Its memory, %")
    columns = {
        **{name: number(name, "%.0f") for name in percent},
        **{name: right(name) for name in ("Memory", "Disk free")},
    }
    plain_table(rows, key=key, columns=columns)
