"""Making a dataset version: from a frozen query to an immutable folder.

The version's row comes first, in state `building`; then its folder, written beside its place and
renamed into it; then the row says `released`. Each step may be killed and run again: what is
visible is absent or complete, and a run that finds the folder in place only finishes the row.
"""

import errno
import re
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.datasets.browsing import get_version, newest_release, version_folder
from core.datasets.manifest import MANIFEST, read_manifest
from core.datasets.numbering import FAILED_MARK, Bump, next_version, suggest_bump
from core.datasets.publishing import exclusive, publish, staging
from core.datasets.query import SPLITS, DatasetQuery
from core.datasets.verification import verify_folder
from core.db.ids import new_id
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Batch, Dataset, DatasetVersion
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound, SeedbedError, StorageFull

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,78}[a-z0-9])?")
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def create_version_row(
    session: Session,
    name: str,
    query: DatasetQuery,
    bump: Bump = "minor",
    changelog: str = "",
    *,
    description: str = "",
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> DatasetVersion:
    """A version in state `building`, with the next number; the dataset is made where missing.

    The first version is 1.0.0; "auto" steps by the rule of `core.datasets.numbering`. `changelog`
    is a person's note; the build adds what it counts. A failed build gives its number up.

    Raises InvalidInput for a name that cannot be part of a path; NotFound for a batch; Conflict
    when another version was started at the same moment.
    """
    _check_name(name)
    known = set(session.scalars(select(Batch.batch_id).where(Batch.batch_id.in_(query.batch_ids))))
    for batch_id in query.batch_ids:
        if batch_id not in known:
            raise NotFound("batch", batch_id)
    try:
        dataset = _dataset(session, name, description, created_by, project_id)
        number = _next_number(session, dataset, query, bump)
        version_id = new_id("dsv")
        version = DatasetVersion(
            dataset_version_id=version_id,
            dataset_id=dataset.dataset_id,
            version=number,
            state="building",
            query=query.model_dump(mode="json"),
            folder=f"{name}_{dataset.dataset_id[-8:]}/{number}",
            changelog=changelog,
            created_by=created_by,
            project_id=project_id,
        )
        session.add(version)
        session.flush()
    except IntegrityError as error:
        raise Conflict(
            f"Another version of {name!r} was started at the same moment.", remedy="Try again."
        ) from error
    return version


def build_version(workspace: Workspace, dataset_version_id: str) -> DatasetVersion:
    """Write the version's folder and release it; a released version is returned as it is.

    Safe to run again after a crash or a failure, and from several processes at once: one builds,
    the others wait. A failure is written on the version's row and raised.

    Raises NotFound; Conflict when another build took the number; InvalidInput when no sample fits;
    DamagedFile; StorageFull.
    """
    version = get_version(workspace, dataset_version_id)
    if version.state == "released":
        return version
    if FAILED_MARK in version.version or version.folder is None:
        raise Conflict(
            f"This build failed and another one took its number: {version.version}.",
            remedy="Start a new version.",
        )
    target = version_folder(workspace, version.folder)
    with exclusive(target.parent):
        version = get_version(workspace, dataset_version_id)
        if version.state == "released":
            return version
        try:
            if not target.exists():
                _write(workspace, version, target)
            return _release(workspace, version, target)
        except SeedbedError as error:
            _fail(workspace, version, error.message)
            raise
        except OSError as error:
            _fail(workspace, version, str(error))
            if error.errno in NO_ROOM:
                raise StorageFull(
                    "The disk is full; no version was released.",
                    remedy="Free some space and build again.",
                ) from error
            raise


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} cannot name a dataset.",
            remedy="Use up to 80 lower-case letters, digits, '-', '_' and '.', "
            "with a letter or digit at both ends.",
        )


def _dataset(
    session: Session, name: str, description: str, created_by: str, project_id: str
) -> Dataset:
    # Locked, so that two versions started together get two numbers.
    query = select(Dataset).where(Dataset.name == name, Dataset.project_id == project_id)
    dataset = session.scalars(query.with_for_update()).one_or_none()
    if dataset is None:
        dataset = Dataset(
            dataset_id=new_id("dst"),
            name=name,
            description=description,
            created_by=created_by,
            project_id=project_id,
        )
        session.add(dataset)
        session.flush()
    elif description:
        dataset.description = description
    return dataset


def _next_number(session: Session, dataset: Dataset, query: DatasetQuery, bump: Bump) -> str:
    mine = select(DatasetVersion).where(DatasetVersion.dataset_id == dataset.dataset_id)
    versions = [v for v in session.scalars(mine) if FAILED_MARK not in v.version]
    standing = [v for v in versions if v.state != "failed"]
    for version in versions:
        if version.state == "failed":
            version.version += FAILED_MARK + version.dataset_version_id[-6:]
    session.flush()
    if bump == "auto":
        before = newest_release(standing)
        old = DatasetQuery.model_validate(before.query) if before else query
        bump = suggest_bump(session, old, query)
    return next_version([v.version for v in standing], bump)


def _write(workspace: Workspace, version: DatasetVersion, target: Path) -> None:
    # pyarrow and duckdb load with it; a server that only starts versions needs neither.
    from core.datasets.contents import write_contents

    with workspace.read() as session:
        dataset = session.get_one(Dataset, version.dataset_id)
    with staging(target.parent) as folder:
        write_contents(workspace, dataset, version, folder)
        publish(folder, target)


def _release(workspace: Workspace, version: DatasetVersion, target: Path) -> DatasetVersion:
    """Read the folder back whole, then say so in the database."""
    manifest = read_manifest(target, None)
    if manifest["dataset_version_id"] != version.dataset_version_id:
        raise Conflict(
            f"{target} already holds another version.",
            remedy="Move that folder away and build again.",
        )
    files = verify_folder(target, manifest)
    text = (target / MANIFEST).read_bytes()
    with workspace.write() as session:
        session.execute(
            update(DatasetVersion)
            .where(
                DatasetVersion.dataset_version_id == version.dataset_version_id,
                DatasetVersion.state != "released",
            )
            .values(
                state="released",
                message="",
                content_id=manifest["content_id"],
                manifest_sha256=sha256(text).hexdigest(),
                sample_count=manifest["rows"],
                split_counts={split: manifest["splits"][split]["rows"] for split in SPLITS},
                size_bytes=sum(file.size_bytes for file in files) + len(text),
                changelog=manifest["changelog"],
            )
        )
    return get_version(workspace, version.dataset_version_id)


def _fail(workspace: Workspace, version: DatasetVersion, message: str) -> None:
    with workspace.write() as session:
        session.execute(
            update(DatasetVersion)
            .where(
                DatasetVersion.dataset_version_id == version.dataset_version_id,
                DatasetVersion.state == "building",
            )
            .values(state="failed", message=message)
        )
