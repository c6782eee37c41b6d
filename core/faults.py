"""Named points at which a test may end the process, to prove that any line may be the last.

Nothing is armed in normal use, and a point then costs one look at an empty table.
"""

import os
import signal

from core.errors import SettingsError

POINTS: dict[str, str] = {
    "after_claim": "the batch is ours, nothing was asked yet",
    "before_open_commit": "attempt rows are written, their transaction is not committed",
    "after_open_commit": "attempts are open and reserved, nothing was sent",
    "after_reply": "an answer is in memory, its transaction has not begun",
    "before_settle_commit": "results are written, their transaction is not committed",
    "after_settle_commit": "results are stored, their callers do not know it yet",
    "before_end": "the last sample is stored, the batch still counts as running",
    "after_end": "the batch has ended, its insight is not requested yet",
    "before_submit": "a provider batch has its row, the provider knows nothing of it",
    "after_submit": "the provider took a batch, its name is not stored yet",
    "during_ingest": "a part of a provider batch's results is stored",
}
_armed: dict[str, int] = {}


def arm(spec: str) -> None:
    """Have `crash_here(point)` end this process at its n-th pass; `spec` is `point:n`.

    Raises SettingsError for a point that does not exist.
    """
    point, _, number = spec.partition(":")
    if point not in POINTS or not (number or "1").isdigit():
        raise SettingsError(
            f"SEEDBED_CRASH_AT {spec!r} names no point.", remedy=f"Use one of {', '.join(POINTS)}."
        )
    _armed[point] = int(number or 1)


def crash_here(point: str) -> None:
    """End the process without a trace if a test asked for it at this pass of this point."""
    if _armed and point in _armed:
        _armed[point] -= 1
        if _armed[point] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
