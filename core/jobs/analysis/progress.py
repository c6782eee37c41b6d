"""How far an analysis is: told to the database and to the caller, now and then."""

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from core.db.workspace import Workspace
from core.insight.row import report_row

PROGRESS_EVERY_S: Final = 0.5
RATE_WINDOW_S: Final = 60.0  # the rate is that of the last minute

Progress = Callable[[int, int], None]


class Reporter:
    """Tells how many of a scope's texts are embedded, and how fast that goes."""

    def __init__(
        self, workspace: Workspace, scope_id: str, total: int, on_progress: Progress | None
    ) -> None:
        self.total = total
        self._workspace, self._scope_id = workspace, scope_id
        self._on_progress = on_progress
        self._next_s = 0.0
        self._seen: deque[tuple[float, int]] = deque()

    def advance(self, done: int, *, force: bool = False) -> None:
        """Store `done` texts unless that was done a moment ago. Raises NotFound."""
        now = monotonic()
        self._seen.append((now, done))
        while now - self._seen[0][0] > RATE_WINDOW_S and len(self._seen) > 2:
            self._seen.popleft()
        if not force and now < self._next_s:
            return
        self._next_s = now + PROGRESS_EVERY_S
        with self._workspace.write() as session:
            row = report_row(session, self._scope_id)
            row.done, row.total = min(done, self.total), self.total
            row.state, row.message, row.rate_per_s = "running", "", self.rate_per_s()
        self._tell(min(done, self.total))

    def rate_per_s(self) -> float:
        """Texts per second over the last minute; 0 before two readings."""
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        return (last - first) / (last_s - first_s) if last > first and last_s > first_s else 0.0

    def finish(self) -> None:
        """The report itself is stored; only the caller is still to be told."""
        self._tell(self.total)

    def _tell(self, done: int) -> None:
        if self._on_progress is not None:
            self._on_progress(done, self.total)
