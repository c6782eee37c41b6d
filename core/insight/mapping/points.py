"""A map as it is drawn: places on a grid, the colour of one field, no texts.

Owns what a browser needs of 100,000 points, in arrays of a few bytes a point. Which points lie in
an outline is `lasso`'s; the texts of those chosen are read by `chosen_rows`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from sqlalchemy import func, select

from core.db.tables import Chunk, InsightReport, Sample
from core.db.workspace import Workspace
from core.insight.records import Scope, scope_of

GRID: Final = 65_535  # places are whole numbers from 0 to this, a side
MOST_NAMES: Final = 24  # categories with a colour; the rarer ones share one
FEW_NUMBERS: Final = 12  # fewer different numbers are categories
MOST_CATEGORIES: Final = 100  # a field with more is free text
MISSING: Final = 255  # the code of a point without a number
TOP_CODE: Final = 254
EXCERPT_CHARS: Final = 400
VARIABLE_PREFIX: Final = "variables."
LIVE: Final = {
    "verdict": "Verdict", "quality_score": "Quality score", "is_reviewed": "Reviewed",
    "language": "Language",
}  # fmt: skip
PLACED: Final = ("sample_id", "x", "y", "cluster")


@dataclass(frozen=True)
class MapPoints:
    """Where each text of a scope lies, in the order of the stored map."""

    scope: Scope
    map_file: str  # below the workspace's insight folder; "" where there is no map yet
    ids: NDArray[np.object_]  # (n,) sample ids; chunk ids of a source
    places: NDArray[np.uint16]  # (n, 2), x and y on the grid, y upwards
    low: tuple[float, float]  # x and y of the grid's corner, as the map was computed
    span: tuple[float, float]  # length of its sides
    batch_ids: tuple[str, ...]  # whose samples they are; none of a source
    rows: pd.DataFrame  # (n, 2) place in `batch_ids` and plan index of each point

    def __len__(self) -> int:
        return len(self.ids)

    def on_grid(self, x: float, y: float) -> tuple[int, int]:
        """A point of the computed map on the grid."""
        found = (
            round((v - low) / span * GRID) if span else GRID // 2
            for v, low, span in zip((x, y), self.low, self.span, strict=True)
        )
        across, up = found
        return across, up


@dataclass(frozen=True)
class PointField:
    """A field that points can be coloured by."""

    name: str  # cluster_label, verdict, quality_score, is_reviewed, language, domain, variables.…
    label: str
    kind: Literal["category", "number"]


@dataclass(frozen=True)
class PointColors:
    """One field's value of every point, in one byte each."""

    field: PointField
    codes: NDArray[np.uint8]  # (n,) place in `names`; of a number 0 to TOP_CODE, or MISSING
    names: tuple[str | None, ...]  # the most frequent first; None stands for all rare ones
    counts: tuple[int, ...]  # points by name
    low: float  # of a number: the value of code 0
    high: float  # the value of TOP_CODE
    missing: int  # points without a number


def load_points(workspace: Workspace, scope_id: str) -> MapPoints:
    """The places of the scope's stored map; none until there is one."""
    scope = scope_of(scope_id)
    for _ in range(2):  # a worker may replace the file between the row and the reading
        with workspace.read() as session:
            row = session.get(InsightReport, scope_id)
        if row is None or row.map_file is None:
            break
        path = workspace.folder("insight") / row.map_file
        try:
            frame = pq.read_table(path, columns=list(PLACED)).to_pandas()
        except FileNotFoundError:
            continue
        return _placed(scope, row.map_file, frame)
    empty = pd.DataFrame({name: [] for name in PLACED})
    return _placed(scope, "", empty)


def _placed(scope: Scope, map_file: str, frame: pd.DataFrame) -> MapPoints:
    xy = frame[["x", "y"]].to_numpy(dtype=np.float64)
    if not len(xy):
        xy = np.zeros((0, 2))
    low = xy.min(axis=0, initial=np.inf) if len(xy) else np.zeros(2)
    span = xy.max(axis=0) - low if len(xy) else np.zeros(2)
    ids = frame["sample_id"].to_numpy(dtype=object)
    share = np.divide(xy - low, span, out=np.full_like(xy, 0.5), where=span > 0)
    return MapPoints(
        scope, map_file, ids,
        np.rint(share * GRID).astype(np.uint16),
        (float(low[0]), float(low[1])), (float(span[0]), float(span[1])), *_rows(scope, ids),
    )  # fmt: skip


def _rows(scope: Scope, ids: NDArray[np.object_]) -> tuple[tuple[str, ...], pd.DataFrame]:
    """The batches of these samples, and the place of each in them: ids say both."""
    if scope.kind == "source" or not len(ids):
        return (), pd.DataFrame({"batch": [], "index": []}, dtype=np.int64)
    parts = [i.split("_") for i in ids]
    codes, names = pd.factorize(np.array([part[1] for part in parts], dtype=object))
    indexes = np.array([int(part[2]) for part in parts], dtype=np.int64)
    # See `sample_id_of`.
    return tuple(f"bat_{n}" for n in names), pd.DataFrame({"batch": codes, "index": indexes})


def point_fields(workspace: Workspace, points: MapPoints) -> list[PointField]:
    """The fields that tell points apart, clusters first.

    A category has 2 to `MOST_CATEGORIES` values that two points share on average.
    """
    fields = [PointField("cluster_label", "Cluster", "category")]
    if not points.map_file:
        return fields
    if points.scope.kind != "source":
        fields += [
            PointField("verdict", "Verdict", "category"),
            PointField("quality_score", "Quality score", "number"),
            PointField("is_reviewed", "Reviewed", "category"),
        ]
        if _has_languages(workspace, points):
            fields.append(PointField("language", "Language", "category"))
    path = workspace.folder("insight") / points.map_file
    stored = pq.read_schema(path).names
    for name in stored:
        if name != "domain" and not name.startswith(VARIABLE_PREFIX):
            continue
        values = _stored(workspace, points, name)
        different = values.nunique()
        kind: Literal["category", "number"] = "number" if _is_number(values) else "category"
        is_shared = different <= min(MOST_CATEGORIES, len(points) / 2)
        if different > 1 and (kind == "number" or is_shared):
            label = "Domain" if name == "domain" else name.removeprefix(VARIABLE_PREFIX)
            fields.append(PointField(name, label, kind))
    return fields


def _has_languages(workspace: Workspace, points: MapPoints) -> bool:
    known = select(Sample.sample_id).where(
        Sample.batch_id.in_(points.batch_ids), Sample.language != ""
    )
    with workspace.read() as session:
        return session.scalar(known.limit(1)) is not None


def point_colors(workspace: Workspace, points: MapPoints, field: PointField) -> PointColors:
    """The field's value of each point, as it is now."""
    values = _values(workspace, points, field.name)
    if field.kind == "number" and values.notna().any():
        return _ramp(field, values)
    return _categories(field, values)


def _values(workspace: Workspace, points: MapPoints, name: str) -> "pd.Series[Any]":
    if not points.map_file:
        return pd.Series([], dtype=object)
    if name not in LIVE:
        return _stored(workspace, points, name)
    values = np.full(len(points), None, dtype=object)
    for place, batch_id in enumerate(points.batch_ids):
        of_batch = np.flatnonzero(points.rows["batch"] == place)
        indexes = points.rows["index"].to_numpy()[of_batch]
        values[of_batch] = _live(workspace, batch_id, name, int(indexes.max()) + 1)[indexes]
    found = pd.Series(values, dtype=object)
    if name == "is_reviewed":
        return found.map({True: "reviewed", False: "not reviewed"})
    return found.astype(float) if name == "quality_score" else found


def _live(workspace: Workspace, batch_id: str, name: str, size: int) -> NDArray[np.object_]:
    """A column of a batch's samples as it is now, at their plan indexes below `size`."""
    columns = Sample.__table__.c
    statement = select(columns["plan_index"], columns[name]).where(
        columns["batch_id"] == batch_id, columns["plan_index"] < size
    )
    found = np.full(size, None, dtype=object)
    with workspace.read() as session:
        # The session's own rows would take twice as long.
        rows = session.connection().execute(statement).all()
    if rows:
        indexes, values = zip(*rows, strict=True)
        found[list(indexes)] = values
    return found


def _stored(workspace: Workspace, points: MapPoints, name: str) -> "pd.Series[Any]":
    """A column of the map's file; texts as categories, which cost a tenth of plain ones."""
    path = workspace.folder("insight") / points.map_file
    column = pq.read_table(path, columns=[name], read_dictionary=[name])
    values: pd.Series[Any] = column.to_pandas()[name]
    return values


def _is_number(values: "pd.Series[Any]") -> bool:
    is_number = is_numeric_dtype(values) and not is_bool_dtype(values)
    return bool(is_number and values.nunique() > FEW_NUMBERS)


def _ramp(field: PointField, values: "pd.Series[Any]") -> PointColors:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    is_known = np.isfinite(numbers)
    low, high = float(numbers[is_known].min()), float(numbers[is_known].max())
    share = (np.where(is_known, numbers, low) - low) / (high - low or 1.0)
    codes = np.where(is_known, np.rint(share * TOP_CODE), MISSING).astype(np.uint8)
    return PointColors(field, codes, (), (), low, high, int((~is_known).sum()))


def _categories(field: PointField, values: "pd.Series[Any]") -> PointColors:
    codes, found = pd.factorize(values, use_na_sentinel=False)
    counts = np.bincount(codes, minlength=len(found))
    order = np.argsort(-counts, kind="stable")
    is_folded = len(found) > MOST_NAMES
    kept = order[: MOST_NAMES - 1] if is_folded else order
    place = np.full(len(found), len(kept), dtype=np.uint8)
    place[kept] = np.arange(len(kept))
    names: list[str | None] = ["none" if pd.isna(found[i]) else str(found[i]) for i in kept]
    sizes = [int(counts[i]) for i in kept]
    if is_folded:
        names.append(None)
        sizes.append(int(counts.sum()) - sum(sizes))
    shown = place[codes] if len(codes) else np.zeros(0, np.uint8)
    return PointColors(field, shown, tuple(names), tuple(sizes), 0.0, 0.0, 0)


@dataclass(frozen=True)
class ChosenRow:
    """One chosen text, its beginning as it was made."""

    sample_id: str
    verdict: str
    quality_score: float | None
    is_reviewed: bool
    input: str
    response: str


def chosen_rows(workspace: Workspace, ids: Sequence[str]) -> list[ChosenRow]:
    """The beginning of these texts, in the order given; those that are gone are left out."""
    if ids and not ids[0].startswith("smp_"):
        columns = (Chunk.chunk_id, Chunk.heading, func.substr(Chunk.text, 1, EXCERPT_CHARS))
        with workspace.read() as session:
            chunks = session.execute(select(*columns).where(Chunk.chunk_id.in_(ids))).all()
        texts = {i: ChosenRow(i, "", None, False, heading, text) for i, heading, text in chunks}
        return [texts[i] for i in ids if i in texts]
    statement = select(
        Sample.sample_id, Sample.verdict, Sample.quality_score, Sample.is_reviewed,
        func.substr(Sample.input, 1, EXCERPT_CHARS), func.substr(Sample.response, 1, EXCERPT_CHARS),
    ).where(Sample.sample_id.in_(ids))  # fmt: skip
    with workspace.read() as session:
        found = {row[0]: ChosenRow(*row) for row in session.execute(statement)}
    return [found[i] for i in ids if i in found]


@dataclass(frozen=True)
class ChosenCounts:
    """What a choice holds, over all of it."""

    verdicts: dict[str, int]
    mean_score: float | None
    reviewed: int


def chosen_counts(
    workspace: Workspace, points: MapPoints, places: NDArray[np.int64]
) -> ChosenCounts:
    """Verdicts, mean score and reviews of the chosen ones, as they are now."""
    verdicts = _values(workspace, points, "verdict")[places].value_counts()
    scores = _values(workspace, points, "quality_score")[places].dropna()
    reviewed = _values(workspace, points, "is_reviewed")[places] == "reviewed"
    return ChosenCounts(
        {str(name): int(n) for name, n in verdicts.items()},
        float(scores.mean()) if len(scores) else None,
        int(reviewed.sum()),
    )
