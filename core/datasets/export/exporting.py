"""Exports of a released version: written, read back, compared, and only then put in place."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.datasets.browsing import load_manifest
from core.datasets.export.csv import CSV
from core.datasets.export.duckdb import DUCKDB
from core.datasets.export.formats import CsvOptions, Format, Rows
from core.datasets.export.jsonl import JSONL
from core.datasets.export.parquet import PARQUET
from core.datasets.export.shapes import SHAPES, ExportShape, Shape
from core.datasets.files import parquet_rows
from core.datasets.publishing import exclusive, flush, sha256_of, staging
from core.datasets.query import SPLITS
from core.datasets.records import RowsHash
from core.datasets.verification import verify_version
from core.db.workspace import Workspace
from core.errors import DamagedFile, InvalidInput
from core.extensions import EXPORTERS, load_extensions

FORMATS: Mapping[str, Format] = {
    **{f.name: f for f in (PARQUET, DUCKDB, JSONL, CSV)},
    **{f.name: f for f in load_extensions(EXPORTERS, Format).values()},
}


@dataclass(frozen=True)
class _Export:
    """One export in the making."""

    released: Path  # the version's folder, verified
    format: Format
    shape: Shape
    options: CsvOptions

    def file_names(self) -> dict[str, tuple[str, ...]]:
        """The splits in each file, by file name."""
        suffix = "" if self.shape.name == "records" else f".{self.shape.name}"
        ending = f"{suffix}.{self.format.extension}"
        if self.format.holds_all_splits:
            return {f"dataset{ending}": SPLITS}
        return {f"{split}{ending}": (split,) for split in SPLITS}

    def pages(self, split: str) -> Iterator[Rows]:
        """The split's rows in the export's shape."""
        for records in parquet_rows(self.released / f"{split}.parquet"):
            yield [row for record in records if (row := self.shape.make(record)) is not None]


def export_version(
    workspace: Workspace,
    dataset_version_id: str,
    format: str,
    folder: Path,
    shape: ExportShape = "records",
    *,
    csv_options: CsvOptions | None = None,
) -> list[Path]:
    """Write a version in another format; returns the data files and, last, the export's manifest.

    The version is verified first. Every file is read back and compared row by row before it gets
    its name; files of the same name are replaced. Records that lack what the shape needs are left
    out and counted in the manifest.

    Raises NotFound, Conflict, DamagedFile; InvalidInput for an unknown format or shape, a folder
    inside the workspace's datasets, or when no record fits the shape.
    """
    if format not in FORMATS or shape not in SHAPES:
        raise InvalidInput(
            f"There is no export {format!r} in the shape {shape!r}.",
            remedy=f"Formats: {', '.join(FORMATS)}. Shapes: {', '.join(SHAPES)}.",
        )
    if folder.resolve().is_relative_to(workspace.folder("datasets").resolve()):
        raise InvalidInput(
            f"{folder} belongs to the released datasets.", remedy="Export to another folder."
        )
    report = verify_version(workspace, dataset_version_id)
    manifest = load_manifest(workspace, report.dataset_version_id)
    export = _Export(report.folder, FORMATS[format], SHAPES[shape], csv_options or CsvOptions())
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder), staging(folder) as draft:
        names = export.file_names()
        files = [_write_file(export, draft / name, splits) for name, splits in names.items()]
        _check_rows(export, files)
        name = f"export-{format}{'' if shape == 'records' else '-' + shape}.json"
        _write_manifest(draft / name, export, manifest, files)
        placed = [(draft / file).replace(folder / file) for file in (*names, name)]
        flush(folder)
    return placed


def verify_export(manifest_path: Path) -> None:
    """Compare an exported folder with its manifest. Raises DamagedFile naming the first file."""
    for entry in json.loads(manifest_path.read_text(encoding="utf-8"))["files"]:
        path = manifest_path.parent / entry["name"]
        if not path.is_file() or sha256_of(path) != entry["sha256"]:
            raise DamagedFile(
                f"The export's file {entry['name']} is missing or changed.", remedy="Export again."
            )


def _write_file(export: _Export, path: Path, splits: tuple[str, ...]) -> dict[str, Any]:
    expected = {split: RowsHash() for split in splits}
    released = export.released / path.name
    if export.shape.name == "records" and released.is_file():
        shutil.copyfile(released, path)
        for split in splits:
            for rows in export.pages(split):
                expected[split].add(rows)
    else:
        tables = {split: _counted(export, split, expected[split]) for split in splits}
        export.format.write(path, export.shape.schema, tables, export.options)
    _read_back(export, path, expected)
    flush(path)
    return {
        "name": path.name,
        "size_bytes": path.stat().st_size,
        "sha256": sha256_of(path),
        "rows": {split: rows.rows for split, rows in expected.items()},
        "rows_sha256": {split: rows.hexdigest() for split, rows in expected.items()},
    }


def _counted(export: _Export, split: str, expected: RowsHash) -> Iterator[Rows]:
    """The split's pages, hashed as the format will give them back."""
    for rows in export.pages(split):
        expected.add(export.format.image(row, export.options) for row in rows)
        yield rows


def _read_back(export: _Export, path: Path, expected: Mapping[str, RowsHash]) -> None:
    for split, wanted in expected.items():
        found = RowsHash()
        for rows in export.format.read(path, split, export.options):
            found.add(rows)
        if (found.rows, found.hexdigest()) != (wanted.rows, wanted.hexdigest()):
            raise DamagedFile(
                f"{path.name} does not read back as it was written: {found.rows:,} rows in {split} "
                f"instead of {wanted.rows:,}, or other values.",
                remedy="Check the disk and export again.",
            )


def _check_rows(export: _Export, files: list[dict[str, Any]]) -> None:
    if not any(count for file in files for count in file["rows"].values()):
        raise InvalidInput(
            f"No record fits the shape {export.shape.name!r}: it needs {export.shape.needs}.",
            remedy="Choose another shape.",
        )


def _write_manifest(
    path: Path, export: _Export, manifest: Mapping[str, Any], files: list[dict[str, Any]]
) -> None:
    rows = sum(count for file in files for count in file["rows"].values())
    inherited = ("dataset", "dataset_version_id", "version", "content_id", "generation")
    content = {
        "format": "seedbed-export",
        "format_version": 1,
        "export": export.format.name,
        "shape": export.shape.name,
        "csv": export.options.model_dump() if export.format is CSV else None,
        **{name: manifest[name] for name in inherited},
        "rows": rows,
        "left_out": manifest["rows"] - rows,
        "files": files,
    }
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    flush(path)
