"""Starts workers quickly: imports them once, then forks one for each line of settings it reads.

On its own: `PYTHONPATH=. python tests/nursery.py`, then lines of JSON with `kind` and `environment`
on its standard input; it answers each with the process id.
"""

import json
import os
import signal
import sys
from typing import Any

import psycopg  # noqa: F401 - imported before the forks, as everything below
import pysqlite3  # noqa: F401

from app.worker import run_worker
from core.settings import load_settings


def _run(order: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(order["environment"])
    quiet = os.open(order.get("log") or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    run_worker(load_settings(), order["kind"], follow_parent=True)


def main() -> None:
    # Nobody waits for these children: the system forgets them as soon as they end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                _run(json.loads(line))
            finally:
                os._exit(1)
        print(child, flush=True)


if __name__ == "__main__":
    main()
