"""A workspace on a network file system is refused, as the mount table tells it."""

from pathlib import Path

import pytest

from core.db.filesystems import filesystem_of, is_network, refuse_network_filesystem
from core.errors import SettingsError

TABLE = """\
overlay / overlay rw,relatime 0 0
proc /proc proc rw 0 0
/dev/sda1 /home ext4 rw 0 0
server:/export/lab /home/lab nfs4 rw,vers=4.2 0 0
//nas/share /mnt/our\\040share cifs rw 0 0
ann@host:/data /mnt/data fuse.sshfs rw 0 0
/dev/sdb1 /home/lab/scratch xfs rw 0 0
tmpfs /home/lab/scratch tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind", "is_refused"),
    [
        ("/opt/seedbed", "overlay", False),
        ("/home/ann/seedbed", "ext4", False),
        ("/home/lab", "nfs4", True),
        ("/home/lab/seedbed", "nfs4", True),
        ("/home/laboratory", "ext4", False),
        ("/home/lab/scratch/x", "tmpfs", False),
        ("/mnt/our share/seedbed", "cifs", True),
        ("/mnt/data", "fuse.sshfs", True),
    ],
)
def test_the_deepest_mount_decides(folder: str, kind: str, is_refused: bool) -> None:
    assert filesystem_of(Path(folder), TABLE) == kind
    assert is_network(kind) == is_refused


def test_sqlite_is_refused_there_with_advice(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path} nfs rw 0 0\n")
    with pytest.raises(SettingsError, match="SEEDBED_DATABASE_URL"):
        refuse_network_filesystem(tmp_path / "home", mounts)
    refuse_network_filesystem(Path("/"), mounts)
    refuse_network_filesystem(tmp_path, tmp_path / "no such table")


def test_local_and_unknown_kinds_are_taken() -> None:
    for kind in ("ext4", "btrfs", "apfs", "fuse.encfs", "fuse", ""):
        assert not is_network(kind)
