"""`seedbed samples`: list, export, import, examples, similar."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_record, print_rows
from app.cli.sources import find_source
from app.cli.waiting import launched, print_launched
from core.db.tables import Sample
from core.db.workspace import Workspace
from core.generation.estimate import estimate
from core.generation.example_drafts import add_examples_to_draft
from core.generation.imports import ColumnMapping, preview_import, suggest_mapping
from core.generation.samples import SampleFilter, list_samples
from core.jobs.aimed.similar import MOST_SHOWN, MoreLike, launch_similar, similar_launch
from core.jobs.importing import launch_import

app = typer.Typer(help="List, export and import samples, and make more.", no_args_is_help=True)

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


SampleIds = Annotated[list[str], typer.Argument(help="Ids of samples of one template.")]


@app.command()
def examples(sample_ids: SampleIds, as_json: AsJson = False) -> None:
    """Take samples into the draft of their template, as worked examples."""
    with opened() as workspace:
        print_record(add_examples_to_draft(workspace, sample_ids), as_json)


@app.command()
def similar(
    sample_ids: SampleIds,
    n: Annotated[int, typer.Option("-n", min=1, help="Samples to generate.")] = 200,
    shown: Annotated[
        int, typer.Option(min=1, max=MOST_SHOWN, help="How many to show to the model.")
    ] = 3,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the estimate, launch nothing.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it ends.")] = False,
    as_json: AsJson = False,
) -> None:
    """Generate more samples like these: their cells, and the first of them as examples."""
    wanted = MoreLike(tuple(sample_ids), tuple(sample_ids[:shown]), n)
    with opened() as workspace:
        if dry_run:
            print_record(estimate(workspace, similar_launch(workspace, wanted)), as_json)
            return
        batch = launch_similar(workspace, wanted)
        result = launched(workspace, batch.batch_id, batch.n, wait)
    print_launched(result, wait, as_json)


Column = list[str]
Wait = Annotated[bool, typer.Option("--wait", help="Stay until it ends.")]


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="A file with a table, or the id of a source.")],
    input: Annotated[Column, typer.Option(help="Column of the input; may be repeated.")] = [],  # noqa: B006
    response: Annotated[Column, typer.Option(help="Column of the response; repeatable.")] = [],  # noqa: B006
    variable: Annotated[Column, typer.Option(help="Column to keep; may be repeated.")] = [],  # noqa: B006
    domain: Annotated[str, typer.Option(help="Domain of the samples.")] = "imported",
    name: Annotated[str, typer.Option(help="Name of the batch.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Show rows, import nothing.")] = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Take a table over as samples, one of each row. Without columns, their names decide."""
    chosen = ColumnMapping(tuple(input), tuple(response), tuple(variable))
    with opened() as workspace:
        found = find_source(workspace, source)
        mapping = chosen if input or response or variable else suggest_mapping(found.columns)
        if preview:
            rows = preview_import(workspace, found.source_id, mapping)
            print_rows(rows, ["ordinal", "input", "response", "variables", "problem"], as_json)
            return
        batch = launch_import(workspace, found.source_id, mapping, domain=domain, name=name)
        result = launched(workspace, batch.batch_id, batch.n, wait)
    print_launched(result, wait, as_json)


def _all(workspace: Workspace, wanted: SampleFilter) -> Iterator[Sample]:
    offset = 0
    while page := list_samples(workspace, wanted, limit=PAGE, offset=offset):
        yield from page
        offset += len(page)
