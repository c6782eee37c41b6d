"""Files are believed only after their SHA-256 was compared with the manifest.

`verify_version` hashes every byte each time. `open_file` serves: it looks at names, kinds and sizes
of the whole folder each time, and hashes the file it opens, unless this process has hashed that
very file before: same device, inode, size, modification and change time. A write changes the
change time, which no ordinary call can set back; a file that was written to within the last
SETTLED_S seconds is hashed every time, because two writes may share a tick of the file system's
clock. Rot of the disk itself under a file already hashed is `verify_version`'s to find.
"""

import os
import stat
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from core.datasets.browsing import released_version
from core.datasets.manifest import MANIFEST, read_manifest
from core.datasets.publishing import sha256_of
from core.db.workspace import Workspace
from core.errors import DamagedFile, NotFound

SETTLED_S = 2.0
MAX_REMEMBERED = 4_096
REMEDY = "Restore the folder from a backup, or build a new version. The database is unharmed."


class FileIdentity(NamedTuple):
    """What changes when a file is replaced or written to."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    changed_ns: int


@dataclass(frozen=True)
class VerifiedFile:
    """A released file whose bytes were compared with the manifest."""

    name: str
    path: Path
    size_bytes: int
    sha256: str
    identity: FileIdentity

    def open(self) -> BinaryIO:
        """The file for reading. Raises DamagedFile when it is no longer the one verified."""
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            raise DamagedFile(
                f"{self.name} cannot be opened: {error.strerror}.", remedy=REMEDY
            ) from error
        if _identity(os.fstat(handle)) != self.identity:
            os.close(handle)
            raise DamagedFile(f"{self.name} changed after it was verified.", remedy=REMEDY)
        return os.fdopen(handle, "rb")


@dataclass(frozen=True)
class VerificationReport:
    """A version whose every byte was compared."""

    dataset_version_id: str
    version: str
    folder: Path
    files: tuple[VerifiedFile, ...]  # in the manifest's order

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


_remembered: dict[Path, tuple[FileIdentity, str]] = {}
_hashing = threading.Lock()


def verify_version(workspace: Workspace, dataset_version_id: str) -> VerificationReport:
    """Compare every file of a released version with the manifest, and that with the database.

    Raises DamagedFile naming all that is wrong; NotFound; Conflict when it is not released.
    """
    version, folder = released_version(workspace, dataset_version_id)
    manifest = read_manifest(folder, version.manifest_sha256 or "")
    files = verify_folder(folder, manifest)
    return VerificationReport(version.dataset_version_id, version.version, folder, files)


def verify_folder(folder: Path, manifest: dict[str, Any]) -> tuple[VerifiedFile, ...]:
    """Hash every file that the manifest names. Raises DamagedFile naming all that is wrong."""
    identities = _check_listing(folder, manifest)
    files = tuple(
        VerifiedFile(f["name"], folder / f["name"], f["size_bytes"], f["sha256"], identity)
        for f, identity in zip(manifest["files"], identities, strict=True)
    )
    _refuse([_wrong_bytes(f.name) for f in files if sha256_of(f.path) != f.sha256], folder)
    for file in files:
        _remember(file)
    return files


def open_file(workspace: Workspace, dataset_version_id: str, file_name: str) -> VerifiedFile:
    """One file of a released version, verified before it is served; the manifest too.

    Raises DamagedFile; NotFound for another name; Conflict when the version is not released.
    """
    version, folder = released_version(workspace, dataset_version_id)
    manifest_sha = version.manifest_sha256 or ""
    manifest = read_manifest(folder, manifest_sha)
    identities = _check_listing(folder, manifest)
    if file_name == MANIFEST:
        path = folder / MANIFEST
        identity = _identity(path.lstat())
        return VerifiedFile(MANIFEST, path, identity.size_bytes, manifest_sha, identity)
    for entry, identity in zip(manifest["files"], identities, strict=True):
        if entry["name"] == file_name:
            path, sha256 = folder / file_name, entry["sha256"]
            file = VerifiedFile(file_name, path, identity.size_bytes, sha256, identity)
            # One at a time: of many downloads that start together, one hashes and the rest wait.
            with _hashing:
                if _remembered.get(path) != (identity, sha256):
                    _refuse([_wrong_bytes(file_name)] * (sha256_of(path) != sha256), folder)
                    _remember(file)
            return file
    raise NotFound("file of this version", file_name)


def _check_listing(folder: Path, manifest: dict[str, Any]) -> list[FileIdentity]:
    """Names, kinds and sizes, without reading a byte; the identity of each file in order."""
    if not stat.S_ISDIR(folder.lstat().st_mode):
        _refuse([f"{folder.name} is not a folder"], folder)
    expected = {entry["name"]: entry["size_bytes"] for entry in manifest["files"]}
    with os.scandir(folder) as entries:
        found = {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
    problems = [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{n} does not belong here" for n in sorted({*found} - {*expected, MANIFEST})]
    for name, size_bytes in expected.items():
        if name not in found:
            continue
        if not stat.S_ISREG(found[name].st_mode):
            problems.append(f"{name} is not a regular file")
        elif found[name].st_size != size_bytes:
            problems.append(f"{name} has {found[name].st_size:,} bytes instead of {size_bytes:,}")
    _refuse(problems, folder)
    return [_identity(found[name]) for name in expected]


def _identity(found: os.stat_result) -> FileIdentity:
    return FileIdentity(
        found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
    )


def _remember(file: VerifiedFile) -> None:
    age_s = time.time() - file.identity.changed_ns / 1e9
    if age_s > SETTLED_S:
        if len(_remembered) >= MAX_REMEMBERED:
            _remembered.clear()
        _remembered[file.path] = (file.identity, file.sha256)


def _wrong_bytes(name: str) -> str:
    return f"the bytes of {name} do not match its SHA-256"


def _refuse(problems: list[str], folder: Path) -> None:
    if problems:
        raise DamagedFile(f"In {folder}: {'; '.join(problems)}.", remedy=REMEDY)
