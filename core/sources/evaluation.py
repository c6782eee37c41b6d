"""Which sources are kept for evaluation, so that no sample may hold what is in them."""

from core.db.tables import Source
from core.db.workspace import Workspace
from core.errors import NotFound


def keep_for_evaluation(workspace: Workspace, source_id: str, is_evaluation: bool) -> Source:
    """The source, marked as an evaluation set or no longer. Raises NotFound.

    Batches that exist are compared with it when their checks run again.
    """
    with workspace.write() as session:
        source = session.get(Source, source_id)
        if source is None:
            raise NotFound("source", source_id)
        source.is_evaluation = is_evaluation
    return source
