"""`seedbed datasets`: list, build, verify, export, diff."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_json, print_record, print_rows
from core.datasets import browsing
from core.datasets.building import build_version, create_version_row
from core.datasets.diffing import diff_versions
from core.datasets.export.exporting import FORMATS, export_version
from core.datasets.export.shapes import ExportShape
from core.datasets.numbering import Bump
from core.datasets.query import DatasetQuery, SplitSettings
from core.datasets.verification import verify_version

app = typer.Typer(help="Build, verify, export and compare releases.", no_args_is_help=True)

Version = Annotated[str, typer.Argument(help="Id, name@1.0.0, or a name for its newest release.")]
ACCEPTED = ["accepted"]


@app.command("list")
def list_(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List datasets with their newest release."""
    with opened() as workspace:
        found = browsing.list_datasets(workspace, limit=limit)
    rows = [
        {"name": row.dataset.name, "versions": row.version_count}
        | {"latest": row.latest.version if row.latest else None}
        | {"samples": row.latest.sample_count if row.latest else None}
        | {"dataset_version_id": row.latest.dataset_version_id if row.latest else None}
        for row in found
    ]
    print_rows(rows, ["name", "latest", "samples", "versions", "dataset_version_id"], as_json)


@app.command()
def build(
    name: Annotated[str, typer.Argument(help="Name of the dataset; made when new.")],
    batch: Annotated[list[str], typer.Option(help="A batch to take; may be repeated.")],
    verdict: Annotated[
        list[str], typer.Option(help="A verdict to take; may be repeated.")
    ] = ACCEPTED,
    min_score: Annotated[
        float | None, typer.Option(min=0, max=1, help="Lowest quality score.")
    ] = None,
    split: Annotated[
        str, typer.Option(help="Shares of train, validation and test.", metavar="A,B,C")
    ] = "0.8,0.15,0.05",
    seed: Annotated[int, typer.Option(help="Decides which groups go where.")] = 0,
    corrections: Annotated[bool, typer.Option(help="Release corrected texts.")] = True,
    bump: Annotated[Bump, typer.Option(help="Which number of the version rises.")] = "minor",
    changelog: Annotated[str, typer.Option(help="What this version is for.")] = "",
    as_json: AsJson = False,
) -> None:
    """Build and release a dataset version, in this process."""
    query = _query(batch, verdict, min_score, corrections, split, seed)
    with opened() as workspace:
        with workspace.write() as session:
            row = create_version_row(session, name, query, bump, changelog)
        released = build_version(workspace, row.dataset_version_id)
        folder = verify_version(workspace, released.dataset_version_id).folder
    print_record(plain(released) | {"path": str(folder)}, as_json, leave_out=["query"])


def _query(
    batch: list[str],
    verdict: list[str],
    min_score: float | None,
    corrections: bool,
    split: str,
    seed: int,
) -> DatasetQuery:
    try:
        train, validation, test = (float(part) for part in split.split(","))
        shares = SplitSettings(train=train, validation=validation, test=test, seed=seed)
        return DatasetQuery(
            batch_ids=tuple(batch),
            verdicts=tuple(verdict),
            min_score=min_score,
            include_corrections=corrections,
            split=shares,
        )
    except ValidationError as error:
        raise typer.BadParameter("; ".join(item["msg"] for item in error.errors())) from error
    except ValueError as error:
        raise typer.BadParameter(f"--split {split!r} is not three numbers") from error


@app.command()
def verify(version: Version, as_json: AsJson = False) -> None:
    """Hash every file of a release; fails when a byte differs."""
    with opened() as workspace:
        found = browsing.get_version(workspace, version)
        report = verify_version(workspace, found.dataset_version_id)
    if as_json:
        print_json(report)
        return
    print_rows(report.files, ["name", "size_bytes", "sha256"], as_json)
    note(f"{len(report.files)} files are intact.")


@app.command()
def export(
    version: Version,
    out: Annotated[Path, typer.Option(help="Folder to write to.", file_okay=False)],
    format: Annotated[str, typer.Option(help=f"File format: {', '.join(FORMATS)}.")] = "jsonl",
    shape: Annotated[ExportShape, typer.Option(help="Shape of a record.")] = "records",
    as_json: AsJson = False,
) -> None:
    """Write a release in another format."""
    out.mkdir(parents=True, exist_ok=True)
    with opened() as workspace:
        found = browsing.get_version(workspace, version)
        paths = export_version(workspace, found.dataset_version_id, format, out, shape)
    print_rows([{"path": str(path)} for path in paths], ["path"], as_json)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="The earlier release.")],
    after: Annotated[str, typer.Argument(help="The later release.")],
    as_json: AsJson = False,
) -> None:
    """Compare two releases."""
    with opened() as workspace:
        found = diff_versions(workspace, before, after)
    if as_json:
        print_json(found)
        return
    counts = {name: len(ids) for name, ids in plain(found).items() if isinstance(ids, list)}
    print_record(counts | {"unchanged": found.unchanged}, as_json)
