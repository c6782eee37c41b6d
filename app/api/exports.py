"""Exports made for download: built once per release, format and shape, then served like files.

They live in the workspace's `exports/` folder and can be deleted at any time. A folder appears
under its name only when it is complete, with the SHA-256 of its files beside them.
"""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import AfterValidator, WithJsonSchema

from core.datasets.export.exporting import FORMATS, export_version
from core.datasets.export.shapes import ExportShape
from core.db.workspace import Workspace
from core.errors import DamagedFile

LIST = ".files.json"


def _known(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"the formats are {', '.join(FORMATS)}")
    return name


ExportFormat = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(FORMATS)})
]


@dataclass(frozen=True)
class ExportedFile:
    """A file of an export whose bytes match the list beside it."""

    path: Path
    name: str
    size_bytes: int
    sha256: str

    def open(self) -> BinaryIO:
        """The file for reading. Raises DamagedFile when it was deleted or changed meanwhile."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError as error:
            raise DamagedFile(f"{self.name} is gone.", remedy="Ask for it again.") from error
        if os.fstat(file.fileno()).st_size != self.size_bytes:
            file.close()
            raise DamagedFile(f"{self.name} has changed.", remedy="Ask for it again.")
        return file


def export_files(
    workspace: Workspace, dataset_version_id: str, format: ExportFormat, shape: ExportShape
) -> list[ExportedFile]:
    """The verified files of this export, made when it is missing or damaged."""
    folder = workspace.folder("exports") / f"{dataset_version_id}-{format}-{shape}"
    found = _verified(folder)
    if found is None:
        shutil.rmtree(folder, ignore_errors=True)
        _build(workspace, dataset_version_id, format, shape, folder)
        found = _verified(folder)
    assert found is not None
    return found


def _build(
    workspace: Workspace,
    dataset_version_id: str,
    format: ExportFormat,
    shape: ExportShape,
    folder: Path,
) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    try:
        paths = export_version(workspace, dataset_version_id, format, unfinished, shape)
        listed = [_listed(path.relative_to(unfinished), path) for path in paths]
        (unfinished / LIST).write_text(json.dumps(listed))
        os.rename(unfinished, folder)
    except OSError:
        # Another request built the same export first: its folder stands, this one is dropped.
        if not (folder / LIST).exists():
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _listed(name: Path, path: Path) -> dict[str, str | int]:
    return {"name": str(name), "size_bytes": path.stat().st_size, "sha256": _sha256(path)}


def _verified(folder: Path) -> list[ExportedFile] | None:
    """The files that the list names; None where one is missing or differs."""
    try:
        listed = json.loads((folder / LIST).read_text())
        files = [ExportedFile(folder / item["name"], **item) for item in listed]
        is_whole = all(_sha256(file.path) == file.sha256 for file in files)
    except (OSError, ValueError):
        return None
    return files if is_whole else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
