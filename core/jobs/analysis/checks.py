"""The checks that look at a whole batch, in the order in which an analysis runs them.

Each is asked once for the same texts, and may be asked again: it does what is missing. The dear
libraries stay unimported until then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.db.workspace import Workspace


class Slice(Protocol):
    """What a check may know of the analysis that runs it."""

    workspace: Workspace

    @property
    def batch_id(self) -> str: ...

    def must_yield(self) -> bool: ...

    def load_texts(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Check:
    """One of them; `run` says whether it came to its end."""

    name: str
    run: Callable[[Slice], bool]


class Latch:
    """Asks whether to stop, and remembers that it was told so; the first block is always let by."""

    def __init__(self, must_stop: Callable[[], bool]) -> None:
        self._must_stop = must_stop
        self._is_first = True
        self.has_fallen = False

    def __call__(self) -> bool:
        if self._is_first:
            self._is_first = False
            return False
        self.has_fallen = self.has_fallen or self._must_stop()
        return self.has_fallen


def _duplicates(analysis: Slice) -> bool:
    from core.quality.across.duplicates import compute_duplicates

    compute_duplicates(analysis.workspace, analysis.batch_id)
    return True


def _examination(analysis: Slice) -> bool:
    from core.quality.examining import examine
    from core.text.language import forget_models

    latch = Latch(analysis.must_yield)
    examine(analysis.workspace, analysis.batch_id, is_stopping=latch)
    forget_models()
    return not latch.has_fallen


def _consistency(analysis: Slice) -> bool:
    from core.quality.across.consistency import compute_consistency

    compute_consistency(analysis.workspace, analysis.batch_id)
    return True


def _leakage(analysis: Slice) -> bool:
    from core.quality.across.leakage import compute_leakage

    compute_leakage(analysis.workspace, analysis.batch_id)
    return True


def _semantic_duplicates(analysis: Slice) -> bool:
    from core.quality.across.semantic_duplicates import compute_semantic_duplicates

    compute_semantic_duplicates(analysis.workspace, analysis.batch_id, analysis.load_texts)
    return True


def _alerts(analysis: Slice) -> bool:
    from core.review.watching.alerts import raise_alerts

    raise_alerts(analysis.workspace, analysis.batch_id)
    return True


BEFORE_EMBEDDING = (
    Check("duplicates", _duplicates),
    Check("examination", _examination),
    Check("consistency", _consistency),
    Check("leakage", _leakage),
)
AFTER_EMBEDDING = (
    Check("semantic_duplicates", _semantic_duplicates),
    Check("alerts", _alerts),  # last: it compares what all others found
)
