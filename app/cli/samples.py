"""`seedbed samples`: list, export."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_rows
from core.db.tables import Sample
from core.db.workspace import Workspace
from core.generation.samples import SampleFilter, list_samples

app = typer.Typer(help="List and export samples.", no_args_is_help=True)

PAGE = 1000

BatchIds = Annotated[list[str], typer.Option("--batch", help="Only this batch; may be repeated.")]
Verdict = Annotated[
    str | None, typer.Option(help="Only accepted, needs_review or rejected samples.")
]
MinScore = Annotated[float | None, typer.Option(min=0, max=1, help="Least quality score.")]


@app.command("list")
def list_(
    batch: BatchIds = [],  # noqa: B006 Typer copies the default of an option
    verdict: Verdict = None,
    min_score: MinScore = None,
    search: Annotated[str, typer.Option(help="Text in input or response.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List samples, oldest first."""
    wanted = SampleFilter(tuple(batch), verdict=verdict, search=search, min_score=min_score)
    with opened() as workspace:
        rows = list_samples(workspace, wanted, limit=limit)
    print_rows(rows, ["sample_id", "verdict", "quality_score", "input", "response"], as_json)


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="The JSONL file to write.", dir_okay=False)],
    batch: BatchIds = [],  # noqa: B006 Typer copies the default of an option
    verdict: Verdict = None,
    min_score: MinScore = None,
) -> None:
    """Write samples as they were generated, one JSON object per line."""
    wanted = SampleFilter(tuple(batch), verdict=verdict, min_score=min_score)
    unfinished = out.with_name(out.name + ".unfinished")
    count = 0
    with opened() as workspace, unfinished.open("w", encoding="utf-8") as file:
        for sample in _all(workspace, wanted):
            file.write(json.dumps(plain(sample), ensure_ascii=False) + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(out)
    note(f"{count} samples written to {out}.")


def _all(workspace: Workspace, wanted: SampleFilter) -> Iterator[Sample]:
    offset = 0
    while page := list_samples(workspace, wanted, limit=PAGE, offset=offset):
        yield from page
        offset += len(page)
