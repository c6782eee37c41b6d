"""Which file system a path lies on, and whether SQLite can be trusted there.

SQLite's WAL needs shared memory and locks that network file systems do not give: two machines on
one file would corrupt it without an error. https://sqlite.org/wal.html (2026-11)
"""

import re
from pathlib import Path, PurePosixPath

from core.errors import SettingsError

MOUNTS = Path("/proc/self/mounts")
NETWORK_TYPES = frozenset({
    "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "davfs2", "gfs2", "glusterfs", "gpfs",
    "lustre", "moosefs", "ncpfs", "nfs", "nfs3", "nfs4", "ocfs2", "orangefs", "smb", "smb2",
    "smb3", "smbfs", "webdav",
})  # fmt: skip
# What comes after "fuse." in a mount table.
NETWORK_FUSE = frozenset({
    "ceph", "davfs", "gcsfuse", "glusterfs", "goofys", "mfs", "rclone", "s3fs", "seaweedfs", "smb",
    "smbnetfs", "sshfs",
})  # fmt: skip


def refuse_network_filesystem(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raises SettingsError where `folder` lies on a network file system that the system names."""
    try:
        table = mounts.read_text(errors="replace")
    except OSError:
        return
    kind = filesystem_of(folder, table)
    if is_network(kind):
        raise SettingsError(
            f"SQLite cannot be used safely on the network file system of {str(folder)!r} ({kind}).",
            remedy="Point SEEDBED_HOME at a local disk, or SEEDBED_DATABASE_URL at PostgreSQL.",
        )


def filesystem_of(folder: Path, mount_table: str) -> str:
    """The type of the file system that holds `folder`, from a Linux mount table; "" unknown."""
    path = PurePosixPath(folder.resolve())
    best, kind = -1, ""
    for line in mount_table.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = PurePosixPath(_unescape(fields[1]))
        # Of two mounts on one point the later hides the earlier.
        if (point == path or point in path.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind


def is_network(kind: str) -> bool:
    """Whether a file system of that type is shared between machines."""
    family, _, program = kind.partition(".")
    return kind in NETWORK_TYPES or (family == "fuse" and program in NETWORK_FUSE)


def _unescape(field: str) -> str:
    # The kernel writes blanks, tabs, line ends and backslashes as three octal digits.
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)
