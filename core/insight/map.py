"""The map of a batch as pages draw it: stored points, joined with what is true of them now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from sqlalchemy import func, select

from core.db.tables import InsightReport, Sample
from core.db.workspace import Workspace
from core.insight.mapfile import SCHEMA, read_map

EXCERPT_CHARS = 160
MAX_CATEGORIES = 100  # pages fold the rare ones into one; free text has more
VARIABLE_PREFIX = "variables."
FIXED_FIELDS = {
    "cluster_label": "Cluster",
    "verdict": "Verdict",
    "quality_score": "Quality score",
    "is_reviewed": "Reviewed",
}
LIVE_COLUMNS = (
    "sample_id",
    "plan_index",
    "verdict",
    "quality_score",
    "is_reviewed",
    "domain",
    "input",
    "response",
)


@dataclass(frozen=True)
class MapField:
    """A column of the map's frame that points can be coloured by."""

    column: str  # cluster_label, verdict, quality_score, is_reviewed, domain, variables.<name>
    label: str
    kind: Literal["category", "number"]


def load_map(workspace: Workspace, batch_id: str) -> pd.DataFrame:
    """One row per point, in plan order; empty, with its columns, until a report is ready.

    Columns: sample_id, plan_index, x, y, cluster, cluster_label, verdict, quality_score,
    is_reviewed, domain, input, response (the first `EXCERPT_CHARS` characters), and
    `variables.<name>` for each variable of the plan with plain values.
    """
    points = _points(workspace, batch_id)
    if points.empty:
        columns = dict.fromkeys([*points.columns, *LIVE_COLUMNS])
        return points.reindex(columns=list(columns))
    frame = points.merge(_live(workspace, batch_id), on="sample_id", how="inner")
    return frame.sort_values("plan_index", ignore_index=True)


def _points(workspace: Workspace, batch_id: str) -> pd.DataFrame:
    for _ in range(2):  # a worker may replace the file between the row and the reading
        with workspace.read() as session:
            row = session.get(InsightReport, batch_id)
        if row is None or row.map_file is None:
            break
        try:
            return read_map(workspace.folder("insight") / row.map_file)
        except FileNotFoundError:
            continue
    empty: pd.DataFrame = SCHEMA.empty_table().to_pandas()
    return empty


def _live(workspace: Workspace, batch_id: str) -> pd.DataFrame:
    statement = select(
        Sample.sample_id,
        Sample.plan_index,
        Sample.verdict,
        Sample.quality_score,
        Sample.is_reviewed,
        Sample.domain,
        func.substr(Sample.input, 1, EXCERPT_CHARS),
        func.substr(Sample.response, 1, EXCERPT_CHARS),
        Sample.variables,
    ).where(Sample.batch_id == batch_id, Sample.state == "generated")
    with workspace.read() as session:
        rows = session.execute(statement).all()
    frame = pd.DataFrame([row[:-1] for row in rows], columns=list(LIVE_COLUMNS))
    drawn = [row[-1] for row in rows]
    columns = {VARIABLE_PREFIX + name: _column(drawn, name) for name in _plain_names(drawn)}
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis=1)


def _plain_names(drawn: Sequence[dict[str, Any]]) -> list[str]:
    """Variables that hold text, numbers or truth values in every sample."""
    names = dict.fromkeys(name for variables in drawn for name in variables)
    plain = (str, int, float, type(None))
    return [n for n in names if all(isinstance(variables.get(n), plain) for variables in drawn)]


def _column(drawn: Sequence[dict[str, Any]], name: str) -> list[Any]:
    values = [variables.get(name) for variables in drawn]
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return values if numbers else [None if v is None else str(v) for v in values]


def map_fields(frame: pd.DataFrame) -> list[MapField]:
    """The columns of `load_map` that tell points apart, clusters first.

    A category of a plan has 2 to `MAX_CATEGORIES` values that two samples share on average.
    """
    fields = [MapField(c, label, _kind(frame[c])) for c, label in FIXED_FIELDS.items()]
    others = [str(c) for c in frame.columns if str(c).startswith(VARIABLE_PREFIX)]
    for column in ("domain", *others):
        kind, different = _kind(frame[column]), frame[column].nunique()
        is_shared = different <= min(MAX_CATEGORIES, len(frame) / 2)
        if different > 1 and (kind == "number" or is_shared):
            label = "Domain" if column == "domain" else column.removeprefix(VARIABLE_PREFIX)
            fields.append(MapField(column, label, kind))
    return fields


def _kind(values: "pd.Series[Any]") -> Literal["category", "number"]:
    return "number" if is_numeric_dtype(values) and not is_bool_dtype(values) else "category"
