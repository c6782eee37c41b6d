"""The manifest: what a version holds, where it came from, and the SHA-256 of each file.

The manifest's own hash is in the database. Everything that the version's row shows can be read from
it again, so a build that was killed between the folder and the row is finished without rebuilding.
"""

import json
import os
import platform
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from core.datasets.publishing import sha256_of
from core.errors import DamagedFile

MANIFEST = "manifest.json"
FORMAT_VERSION = 1
MAX_BYTES = 64 * 2**20


@dataclass(frozen=True)
class ManifestParts:
    """What the builder knows; files are added from the folder."""

    dataset: Mapping[str, str]  # id, name, description
    dataset_version_id: str
    version: str
    created_at: datetime  # of the version's row, so that a re-run writes the same
    previous: Mapping[str, str] | None  # version and content id of the release before
    content_id: str
    query: Mapping[str, Any]
    splits: Mapping[str, Mapping[str, Any]]  # rows, share, target by split
    grouping: Mapping[str, Any]
    left_out: Mapping[str, int]
    changes: Mapping[str, Any] | None
    changelog: str  # this version's entry
    generation: Mapping[str, Any]  # template versions, batches, sources
    quality: Mapping[str, Any]
    schema: list[Mapping[str, str]]


def write_manifest(folder: Path, parts: ManifestParts, rows: Mapping[str, int]) -> None:
    """Write `manifest.json` over all files that are in the folder now."""
    files = [
        {
            "name": path.name,
            "size_bytes": path.stat().st_size,
            "sha256": sha256_of(path),
            "rows": rows.get(path.name),
        }
        for path in sorted(folder.iterdir())
    ]
    content = {
        "format": "seedbed-dataset",
        "format_version": FORMAT_VERSION,
        **{name: getattr(parts, name) for name in ManifestParts.__dataclass_fields__},
        "created_at": parts.created_at.isoformat(),
        "rows": sum(split["rows"] for split in parts.splits.values()),
        "files": files,
        "software": {
            "python": platform.python_version(),
            **{name: installed(name) for name in ("seedbed", "pyarrow", "duckdb")},
        },
    }
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, default=dict)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path, expected_sha256: str | None) -> dict[str, Any]:
    """The manifest of a version's folder; None skips the comparison with the recorded hash.

    Raises DamagedFile when it is missing, no regular file, changed, or not a manifest.
    """
    try:
        text = _read_regular(folder / MANIFEST)
    except OSError as error:
        raise _damaged(folder, f"it cannot be read: {error.strerror}") from error
    if expected_sha256 is not None and sha256(text).hexdigest() != expected_sha256:
        raise _damaged(folder, "it does not match the SHA-256 in the database")
    try:
        manifest = json.loads(text)
        if manifest["format_version"] != FORMAT_VERSION:
            raise _damaged(folder, f"its format is {manifest['format_version']!r}")
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, "it is not a manifest") from error
    return dict(manifest)


def _read_regular(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "it is not a regular file")
    with os.fdopen(handle, "rb") as stream:
        return stream.read(MAX_BYTES)


def _damaged(folder: Path, what: str) -> DamagedFile:
    return DamagedFile(
        f"The manifest in {folder} is damaged: {what}.",
        remedy="Restore the folder from a backup, or build a new version.",
    )
