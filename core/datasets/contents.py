"""The contents of a version's folder, from a frozen query: data files, card, changelog, manifest.

Writes into the folder it is given and nowhere else; `core.datasets.building` puts it in its place.
Of all rows together only their keys and, while near-duplicates are searched, their texts are in
memory; records pass through page by page.
"""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.datasets.browsing import newest_release
from core.datasets.card import card
from core.datasets.changelog import changelog_entry, changelog_file, changes_since
from core.datasets.diffing import RowState, compare, row_states
from core.datasets.files import ParquetRows, write_duckdb
from core.datasets.grouping import families, join_groups, kept_splits, source_keys
from core.datasets.lineage import ROWS_PER_PAGE, batch_contexts, record_pages, review_status
from core.datasets.manifest import ManifestParts, write_manifest
from core.datasets.numbering import FAILED_MARK, parse_version
from core.datasets.provenance import generation_facts
from core.datasets.query import SPLITS, DatasetQuery, SplitSettings
from core.datasets.records import RECORD_SCHEMA, RowsHash, content_id, text_digest
from core.datasets.selection import SelectedRow, Selection, select_rows
from core.datasets.splits import assign_splits
from core.datasets.verification import verify_version
from core.db.tables import Dataset, DatasetVersion, Finding
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.text.alike.similarity import near_duplicate_groups

MAX_STRATA_REPORTED = 500


@dataclass(frozen=True)
class Previous:
    """The release before, which decides where its rows stay and what the changelog compares."""

    version: DatasetVersion
    states: Mapping[str, RowState]


@dataclass(frozen=True)
class Division:
    """Where each row goes, and what was kept together."""

    splits: list[str]  # one per row
    source_unit: str  # see core.datasets.card.UNITS
    groups: int


@dataclass(frozen=True)
class Written:
    """What the data files hold."""

    rows: Mapping[str, int]  # by split
    content_id: str
    states: Mapping[str, RowState]
    generation: Mapping[str, Any]
    quality: Mapping[str, Any]


def write_contents(
    workspace: Workspace, dataset: Dataset, version: DatasetVersion, folder: Path
) -> None:
    """Fill an empty folder with everything that the version's query selects now.

    Raises InvalidInput when nothing fits; DamagedFile when the release before is damaged.
    """
    query = DatasetQuery.model_validate(version.query)
    releases = _earlier_releases(workspace, version)
    previous = _load_previous(workspace, releases)
    selection = select_rows(workspace, query)
    if not selection.rows:
        raise InvalidInput(
            "No sample fits the query, so there is nothing to release.",
            remedy="Choose other batches, more verdicts or a lower score.",
        )
    division = _divide(workspace, selection, query.split, previous)
    rows, left_out = selection.rows, {"exact_duplicates": selection.exact_duplicates}
    del selection  # its texts are the largest thing in memory
    written = _write_rows(workspace, rows, division.splits, folder)
    splits = _split_facts(written.rows, query.split)
    changes = None
    if previous is not None:
        diff = compare(previous.states, written.states)
        changes = changes_since(previous.version.version, diff)
    entry = changelog_entry(version.changelog, splits, left_out["exact_duplicates"], changes)
    parts = ManifestParts(
        dataset={
            "dataset_id": dataset.dataset_id,
            "name": dataset.name,
            "description": dataset.description,
        },
        dataset_version_id=version.dataset_version_id,
        version=version.version,
        created_at=version.created_at,
        previous=_previous_facts(previous),
        content_id=written.content_id,
        query=version.query,
        splits=splits,
        grouping=_grouping_facts(rows, division, query.split),
        left_out=left_out,
        changes=changes,
        changelog=entry,
        generation=written.generation,
        quality=written.quality,
        schema=[{"name": field.name, "type": str(field.type)} for field in RECORD_SCHEMA],
    )
    _write_papers(folder, parts, releases)
    files = {f"{split}.parquet": count for split, count in written.rows.items()}
    write_manifest(folder, parts, {**files, "dataset.duckdb": len(rows)})


def _earlier_releases(workspace: Workspace, version: DatasetVersion) -> list[DatasetVersion]:
    query = select(DatasetVersion).where(
        DatasetVersion.dataset_id == version.dataset_id,
        DatasetVersion.state == "released",
        DatasetVersion.version.not_like(f"%{FAILED_MARK}%"),
    )
    number = parse_version(version.version)
    with workspace.read() as session:
        found = [v for v in session.scalars(query) if parse_version(v.version) < number]
    return sorted(found, key=lambda v: parse_version(v.version), reverse=True)


def _load_previous(workspace: Workspace, releases: list[DatasetVersion]) -> Previous | None:
    latest = newest_release(releases)
    if latest is None:
        return None
    report = verify_version(workspace, latest.dataset_version_id)
    return Previous(latest, row_states(report.folder))


def _divide(
    workspace: Workspace, selection: Selection, settings: SplitSettings, previous: Previous | None
) -> Division:
    ids = [row.sample_id for row in selection.rows]
    found = families(workspace, selection.rows)
    labellings: list[list[Any]] = [
        near_duplicate_groups(selection.texts, settings.near_duplicate).tolist(),
        found.roots,
    ]
    unit = "ignored"
    if settings.group_by_source:
        keys = source_keys(workspace, found.rows)
        labellings.append(keys.keys)
        unit = keys.unit
    groups = join_groups(ids, *labellings)
    kept: dict[str, int] = {}
    if previous is not None and _splits_alike(previous.version, settings):
        before = {name: SPLITS.index(state.split) for name, state in previous.states.items()}
        kept = kept_splits(ids, groups, before)
    strata = [row.stratum for row in selection.rows]
    chosen = assign_splits(groups, strata, settings.ratios, settings.seed, kept)
    return Division([SPLITS[i] for i in chosen], unit, len(set(groups)))


def _splits_alike(before: DatasetVersion, settings: SplitSettings) -> bool:
    """Whether rows keep their split: other shares, seed or strata ask for a new division."""
    old = DatasetQuery.model_validate(before.query).split
    return (old.ratios, old.seed, old.stratify_by) == (
        settings.ratios,
        settings.seed,
        settings.stratify_by,
    )


def _write_rows(
    workspace: Workspace, rows: Sequence[SelectedRow], splits: Sequence[str], folder: Path
) -> Written:
    parquet = {split: folder / f"{split}.parquet" for split in SPLITS}
    writers = {split: ParquetRows(path, RECORD_SCHEMA) for split, path in parquet.items()}
    hashes = {split: RowsHash() for split in SPLITS}
    states: dict[str, RowState] = {}
    with workspace.read() as session:
        by_batch = Counter(row.batch_id for row in rows)
        contexts = batch_contexts(session, sorted(by_batch))
        generation = generation_facts(session, contexts, by_batch)
        quality = _quality_facts(session, rows)
        for page in record_pages(session, contexts, rows, splits):
            for split in SPLITS:
                mine = [record for record in page if record["split"] == split]
                hashes[split].add(mine)
                writers[split].add(mine)
            for record in page:
                states[record["id"]] = RowState(record["split"], text_digest(record))
    for writer in writers.values():
        writer.close()
    identity = content_id(hashes)
    write_duckdb(folder / "dataset.duckdb", parquet, {"content_id": identity})
    counts = {split: writer.rows for split, writer in writers.items()}
    return Written(counts, identity, states, generation, quality)


def _quality_facts(session: Session, rows: Sequence[SelectedRow]) -> dict[str, Any]:
    scores = [row.quality_score for row in rows if row.quality_score is not None]
    checks: Counter[str] = Counter()
    for start in range(0, len(rows), ROWS_PER_PAGE):
        ids = [row.sample_id for row in rows[start : start + ROWS_PER_PAGE]]
        query = (
            select(Finding.check, func.count())
            .where(Finding.sample_id.in_(ids), Finding.score < 1)
            .group_by(Finding.check)
        )
        for check, count in session.execute(query):
            checks[check] += count
    return {
        "mean_score": round(statistics.fmean(scores), 6) if scores else None,
        "median_score": round(statistics.median(scores), 6) if scores else None,
        "lowest_score": min(scores, default=None),
        "review_status": dict(sorted(Counter(review_status(row) for row in rows).items())),
        "domains": dict(sorted(Counter(row.domain for row in rows).items())),
        "rows_with_findings": dict(sorted(checks.items())),
    }


def _split_facts(rows: Mapping[str, int], settings: SplitSettings) -> dict[str, dict[str, Any]]:
    total = sum(rows.values())
    return {
        split: {"rows": rows[split], "share": round(rows[split] / total, 6), "target": ratio}
        for split, ratio in zip(SPLITS, settings.ratios, strict=True)
    }


def _grouping_facts(
    rows: Sequence[SelectedRow], division: Division, settings: SplitSettings
) -> dict[str, Any]:
    strata: dict[str, dict[str, int]] = {}
    for row, split in zip(rows, division.splits, strict=True):
        strata.setdefault(row.stratum, dict.fromkeys(SPLITS, 0))[split] += 1
    return {
        "groups": division.groups,
        "source_unit": division.source_unit,
        "near_duplicate": settings.near_duplicate,
        "stratify_by": settings.stratify_by,
        "strata": dict(sorted(strata.items())) if len(strata) <= MAX_STRATA_REPORTED else None,
    }


def _previous_facts(previous: Previous | None) -> dict[str, str] | None:
    if previous is None:
        return None
    version = previous.version
    return {
        "dataset_version_id": version.dataset_version_id,
        "version": version.version,
        "content_id": version.content_id or "",
    }


def _write_papers(folder: Path, parts: ManifestParts, releases: Sequence[DatasetVersion]) -> None:
    facts = {name: getattr(parts, name) for name in ManifestParts.__dataclass_fields__}
    (folder / "README.md").write_text(card(facts), encoding="utf-8")
    entries = [(parts.version, parts.created_at, parts.changelog)]
    entries += [(v.version, v.created_at, v.changelog) for v in releases]
    text = changelog_file(parts.dataset["name"], entries)
    (folder / "CHANGELOG.md").write_text(text, encoding="utf-8")
