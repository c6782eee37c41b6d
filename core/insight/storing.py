"""A report into its row, and out of it: contents and map appear together."""

from dataclasses import replace

import pandas as pd

from core.db.ids import utc_now
from core.db.tables import InsightReport
from core.db.workspace import Workspace
from core.insight.contents import CONTENTS, InsightContents, Stage
from core.insight.mapping.mapfile import map_name, remove_older_maps, write_map
from core.insight.row import report_row


def load_contents(row: InsightReport) -> InsightContents:
    """What the row's report says; an empty one where there is none."""
    return CONTENTS.validate_python(row.report or {})


def store_contents(row: InsightReport, contents: InsightContents) -> None:
    """The contents into the row, in the caller's transaction."""
    row.report = CONTENTS.dump_python(contents, mode="json")


def store_report(
    workspace: Workspace,
    scope_id: str,
    input_hash: str,
    stage: Stage,
    contents: InsightContents,
    frame: pd.DataFrame | None = None,
    *,
    map_of: str = "",
) -> None:
    """A report at a stage of its making; without a frame the map stays as it is.

    Steps that the analysis has passed stay passed. Raises StorageFull.
    """
    folder, name = workspace.folder("insight"), map_name(scope_id, input_hash, map_of or stage)
    if frame is not None:
        write_map(folder, name, frame)
    with workspace.write() as session:
        row = report_row(session, scope_id)
        store_contents(row, replace(contents, passed=load_contents(row).passed))
        row.stage, row.message = stage, contents.too_few
        row.input_hash, row.computed_at = input_hash, utc_now()
        if frame is not None:
            row.map_file = name
    if frame is not None:
        remove_older_maps(folder, scope_id, name)
