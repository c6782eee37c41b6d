"""Finding datasets, their versions and their manifests. Reads only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select

from core.datasets.manifest import read_manifest
from core.datasets.numbering import FAILED_MARK, parse_version
from core.db.tables import DEFAULT_PROJECT_ID, Dataset, DatasetVersion
from core.db.workspace import Workspace
from core.errors import Conflict, NotFound


@dataclass(frozen=True)
class DatasetRow:
    """A dataset with its newest release."""

    dataset: Dataset
    latest: DatasetVersion | None  # the released version with the highest number
    version_count: int  # in any state


def list_datasets(
    workspace: Workspace, *, project_id: str = DEFAULT_PROJECT_ID, limit: int = 50, offset: int = 0
) -> list[DatasetRow]:
    """Datasets, newest first."""
    page = (
        select(Dataset)
        .where(Dataset.project_id == project_id)
        .order_by(Dataset.created_at.desc(), Dataset.dataset_id.desc())
        .limit(limit)
        .offset(offset)
    )
    with workspace.read() as session:
        datasets = list(session.scalars(page))
        ids = [dataset.dataset_id for dataset in datasets]
        versions = session.scalars(select(DatasetVersion).where(DatasetVersion.dataset_id.in_(ids)))
        by_dataset: dict[str, list[DatasetVersion]] = {}
        for version in versions:
            by_dataset.setdefault(version.dataset_id, []).append(version)
    rows = [(dataset, by_dataset.get(dataset.dataset_id, [])) for dataset in datasets]
    return [DatasetRow(dataset, newest_release(mine), len(mine)) for dataset, mine in rows]


def get_dataset(
    workspace: Workspace, name_or_id: str, *, project_id: str = DEFAULT_PROJECT_ID
) -> Dataset:
    """The dataset of that name or id. Raises NotFound."""
    query = select(Dataset).where(
        Dataset.project_id == project_id,
        or_(Dataset.dataset_id == name_or_id, Dataset.name == name_or_id),
    )
    with workspace.read() as session:
        dataset = session.scalars(query).first()
        if dataset is None:
            raise NotFound("dataset", name_or_id)
        return dataset


def list_versions(
    workspace: Workspace, dataset_id: str, *, limit: int = 50, offset: int = 0
) -> list[DatasetVersion]:
    """A dataset's versions in any state, newest first."""
    query = (
        select(DatasetVersion)
        .where(DatasetVersion.dataset_id == dataset_id)
        .order_by(DatasetVersion.created_at.desc(), DatasetVersion.dataset_version_id.desc())
    )
    with workspace.read() as session:
        return list(session.scalars(query.limit(limit).offset(offset)))


def get_version(
    workspace: Workspace, key: str, *, project_id: str = DEFAULT_PROJECT_ID
) -> DatasetVersion:
    """The version of that id, of `name@1.0.0`, or the newest release of `name`.

    Raises NotFound.
    """
    name, _, number = key.partition("@")
    with workspace.read() as session:
        version = session.get(DatasetVersion, key)
        if version is None:
            query = select(DatasetVersion).join(Dataset, _same_dataset())
            query = query.where(Dataset.name == name, Dataset.project_id == project_id)
            if number:
                version = session.scalars(query.where(DatasetVersion.version == number)).first()
            else:
                version = newest_release(list(session.scalars(query)))
        if version is None:
            raise NotFound("dataset version", key)
        return version


def released_version(workspace: Workspace, key: str) -> tuple[DatasetVersion, Path]:
    """A released version and its folder. Raises NotFound, Conflict when it is not released."""
    version = get_version(workspace, key)
    if version.state != "released" or version.folder is None or version.manifest_sha256 is None:
        raise Conflict(
            f"Version {version.version} is {version.state}, not released.",
            remedy="Wait until its build has finished, or build it again.",
        )
    return version, version_folder(workspace, version.folder)


def version_folder(workspace: Workspace, folder: str) -> Path:
    """Where a version's files are."""
    return workspace.folder("datasets") / folder


def load_manifest(workspace: Workspace, dataset_version_id: str) -> dict[str, Any]:
    """A released version's manifest, compared with its recorded SHA-256.

    Raises NotFound, Conflict, DamagedFile.
    """
    version, folder = released_version(workspace, dataset_version_id)
    return read_manifest(folder, version.manifest_sha256 or "")


def newest_release(versions: list[DatasetVersion]) -> DatasetVersion | None:
    """The released version with the highest number; None where there is none."""
    released = [v for v in versions if v.state == "released" and FAILED_MARK not in v.version]
    return max(released, key=lambda v: parse_version(v.version), default=None)


def _same_dataset() -> Any:
    return Dataset.dataset_id == DatasetVersion.dataset_id
