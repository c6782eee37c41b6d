"""The better map of a scope that has too many texts for a quick one: drawn after the report."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from core.db.tables import InsightReport
from core.db.workspace import Workspace
from core.errors import SeedbedError
from core.insight.contents import InsightContents, ProjectionNote
from core.insight.mapping.mapfile import read_map
from core.insight.mapping.umap import METHOD, umap_points
from core.insight.row import report_row
from core.insight.storing import load_contents, store_contents, store_report
from core.jobs.analysis.analysing import Analysis
from core.jobs.running.queue import MAPS, enqueue

JOB: Final = "draw_map"


def queue_map(workspace: Workspace, session: Session, row: InsightReport) -> None:
    """Have a compute worker draw the better map, where the report waits for one."""
    if is_wanted(row):
        enqueue(workspace, session, MAPS, JOB, row.scope_id)


def is_wanted(row: InsightReport) -> bool:
    """Whether the report is whole and its map the quick one."""
    projection = load_contents(row).projection
    return row.stage == "complete" and projection is not None and not projection.is_final


def draw_map(workspace: Workspace, scope_id: str) -> str:
    """Replace the quick map of a complete report by UMAP's.

    Does nothing where the texts have changed or that map is there. Returns drawn, changed or
    failed; the quick map stays then.
    """
    with workspace.read() as session:
        row = report_row(session, scope_id)
    if not is_wanted(row):
        return "changed"
    analysis = Analysis(workspace, scope_id)
    if row.map_file is None or analysis.input_hash != row.input_hash:
        return "changed"
    frame = read_map(workspace.folder("insight") / row.map_file)
    try:
        points = umap_points(analysis.load_all(), workspace.folder("umap"))
    except SeedbedError as error:
        _settle(workspace, scope_id, row.input_hash, str(error))
        return "failed"
    if points is None:
        return "stopped"
    frame = frame.assign(x=points[:, 0], y=points[:, 1])
    return _replace(workspace, scope_id, row.input_hash, frame)


def _replace(workspace: Workspace, scope_id: str, input_hash: str, frame: pd.DataFrame) -> str:
    with workspace.read() as session:
        row = report_row(session, scope_id)
    if row.input_hash != input_hash or row.stage != "complete":
        return "changed"
    contents = moved(load_contents(row), frame)
    store_report(workspace, scope_id, input_hash, "complete", contents, frame, map_of="umap")
    return "drawn"


def moved(contents: InsightContents, frame: pd.DataFrame) -> InsightContents:
    """The same report with its clusters where they lie on this map."""
    labels = frame["cluster"].to_numpy()
    places = frame[["x", "y"]].to_numpy()
    clusters = []
    for row in contents.clusters:
        x, y = np.median(places[labels == row.cluster], axis=0)
        clusters.append(replace(row, x=float(x), y=float(y)))
    before = contents.projection
    note = ProjectionNote(
        METHOD, before.seed if before else 0, None, before.silhouette if before else None
    )
    return replace(contents, clusters=clusters, projection=note)


def _settle(workspace: Workspace, scope_id: str, input_hash: str, why: str) -> None:
    """Keep the quick map for good, and say so."""
    with workspace.write() as session:
        row = report_row(session, scope_id)
        contents = load_contents(row)
        if row.input_hash == input_hash and contents.projection is not None:
            note = replace(
                contents.projection, is_final=True, method=f"{contents.projection.method}. {why}"
            )
            store_contents(row, replace(contents, projection=note))
