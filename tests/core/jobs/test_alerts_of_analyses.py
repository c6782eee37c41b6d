"""An analysis ends with the alerts of its batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from factories import make_batch, make_finding, make_samples, make_template
from numpy.typing import NDArray

from core.db.ids import utc_now
from core.db.workspace import Workspace
from core.jobs.analysis.checks import AFTER_EMBEDDING
from core.review.watching.alerts import list_alerts


@dataclass
class OneSlice:
    """An analysis that is past its embedding."""

    workspace: Workspace
    batch_id: str

    def must_yield(self) -> bool:
        return False

    def load_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.eye(len(texts), dtype=np.float32)


def test_the_last_check_of_an_analysis_raises_alerts(workspace: Workspace) -> None:
    version = make_template(workspace)
    first = make_batch(workspace, version, generated=60, created_at=utc_now() - timedelta(1))
    make_samples(workspace, first, 60)
    batch = make_batch(workspace, version, generated=60)
    for sample in make_samples(workspace, batch, 60)[:30]:
        make_finding(workspace, sample, "echo", 1.0)
    assert AFTER_EMBEDDING[-1].run(OneSlice(workspace, batch.batch_id))
    assert [alert.measure for alert in list_alerts(workspace)] == ["echo"]
