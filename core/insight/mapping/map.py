"""The map of a scope as pages draw it: stored points, joined with what is true of them now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Chunk, DatasetVersion, InsightReport, Sample
from core.db.workspace import Workspace
from core.insight.mapping.mapfile import SCHEMA, read_map
from core.insight.records import Scope, scope_of

EXCERPT_CHARS = 160
MAX_CATEGORIES = 100  # pages fold the rare ones into one; free text has more
VARIABLE_PREFIX = "variables."
FIXED_FIELDS = {
    "cluster_label": "Cluster",
    "verdict": "Verdict",
    "quality_score": "Quality score",
    "is_reviewed": "Reviewed",
}
STATES = ("sample_id", "plan_index", "verdict", "quality_score", "is_reviewed", "language")
EXCERPTS = ("input", "response")


@dataclass(frozen=True)
class MapField:
    """A column of the map's frame that points can be coloured by."""

    column: str  # cluster_label, verdict, quality_score, is_reviewed, domain, variables.<name>
    label: str
    kind: Literal["category", "number"]


def load_map(workspace: Workspace, scope_id: str, *, with_texts: bool = True) -> pd.DataFrame:
    """One row per point, in plan order; empty, with its columns, until a report is ready.

    Columns: sample_id, plan_index, x, y, cluster, cluster_label, verdict, quality_score,
    is_reviewed, language, domain, `variables.<name>` for each variable with plain values, and with
    texts the first `EXCERPT_CHARS` characters of input and response: at 100,000 points those cost
    more than all the rest. A source's points have no verdict.
    """
    points = _points(workspace, scope_id)
    names = [*STATES, *EXCERPTS] if with_texts else list(STATES)
    if points.empty:
        return points.reindex(columns=list(dict.fromkeys([*points.columns, *names, "domain"])))
    live = _live(workspace, scope_of(scope_id), names)
    frame = points.merge(live, on="sample_id", how="inner")
    return frame.sort_values("plan_index", ignore_index=True, kind="stable")


def _points(workspace: Workspace, scope_id: str) -> pd.DataFrame:
    for _ in range(2):  # a worker may replace the file between the row and the reading
        with workspace.read() as session:
            row = session.get(InsightReport, scope_id)
        if row is None or row.map_file is None:
            break
        try:
            return read_map(workspace.folder("insight") / row.map_file)
        except FileNotFoundError:
            continue
    empty: pd.DataFrame = SCHEMA.empty_table().to_pandas()
    return empty


def _live(workspace: Workspace, scope: Scope, names: Sequence[str]) -> pd.DataFrame:
    with workspace.read() as session:
        if scope.kind == "source":
            columns = _chunk_columns()
            statement = select(*(columns[name].label(name) for name in names))
            statement = statement.where(Chunk.source_id == scope.id)
        else:
            columns = _sample_columns()
            statement = select(*(columns[name].label(name) for name in names))
            statement = statement.where(Sample.state == "generated", _within(session, scope))
        rows = session.execute(statement).all()
    return pd.DataFrame(rows, columns=list(names))


def _within(session: Session, scope: Scope) -> ColumnElement[bool]:
    """The samples that a scope can hold; the stored points then choose among them."""
    if scope.kind == "batch":
        return Sample.batch_id == scope.id
    if scope.kind == "dataset_version":
        query = session.get_one(DatasetVersion, scope.id).query
        return Sample.batch_id.in_(query["batch_ids"])
    batches = select(Batch.batch_id).where(Batch.template_version_id == scope.id)
    return Sample.batch_id.in_(batches)


def _sample_columns() -> Mapping[str, ColumnElement[Any]]:
    plain = ("sample_id", "plan_index", "verdict", "quality_score", "is_reviewed", "language")
    return {
        **{name: getattr(Sample, name).expression for name in plain},
        "input": func.substr(Sample.input, 1, EXCERPT_CHARS),
        "response": func.substr(Sample.response, 1, EXCERPT_CHARS),
    }


def _chunk_columns() -> Mapping[str, ColumnElement[Any]]:
    nothing = literal("")
    return {
        "sample_id": Chunk.chunk_id.expression, "plan_index": Chunk.ordinal.expression,
        "verdict": nothing, "quality_score": literal(None), "is_reviewed": literal(False),
        "language": nothing, "input": Chunk.heading.expression,
        "response": func.substr(Chunk.text, 1, EXCERPT_CHARS),
    }  # fmt: skip


def fixed_columns(
    domains: Sequence[str], variables: Sequence[Mapping[str, Any]]
) -> dict[str, list[Any]]:
    """What a map keeps of each text: its domain, and its variables with plain values."""
    names = _plain_names(variables)
    return {
        "domain": list(domains),
        **{VARIABLE_PREFIX + name: _column(variables, name) for name in names},
    }


def _plain_names(drawn: Sequence[Mapping[str, Any]]) -> list[str]:
    """Variables that hold text, numbers or truth values in every sample."""
    names = dict.fromkeys(name for variables in drawn for name in variables)
    plain = (str, int, float, type(None))
    return [n for n in names if all(isinstance(variables.get(n), plain) for variables in drawn)]


def _column(drawn: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    values = [variables.get(name) for variables in drawn]
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return values if numbers else [None if v is None else str(v) for v in values]


def map_fields(frame: pd.DataFrame) -> list[MapField]:
    """The columns of `load_map` that tell points apart, clusters first.

    A category of a plan has 2 to `MAX_CATEGORIES` values that two samples share on average.
    """
    fields = [MapField(c, label, _kind(frame[c])) for c, label in FIXED_FIELDS.items()]
    others = [str(c) for c in frame.columns if str(c).startswith(VARIABLE_PREFIX)]
    for column in ("domain", "language", *others):
        kind, different = _kind(frame[column]), frame[column].nunique()
        is_shared = different <= min(MAX_CATEGORIES, len(frame) / 2)
        if different > 1 and (kind == "number" or is_shared):
            label = column.removeprefix(VARIABLE_PREFIX)
            fields.append(MapField(column, label if label != column else column.title(), kind))
    return fields


def _kind(values: "pd.Series[Any]") -> Literal["category", "number"]:
    return "number" if is_numeric_dtype(values) and not is_bool_dtype(values) else "category"
