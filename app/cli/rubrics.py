"""`seedbed rubrics`: list, starters, install, show, save, versions."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, plain, print_record, print_rows
from core.quality.judge import rubrics
from core.quality.judge.rubric import parse_rubric, rubric_yaml

app = typer.Typer(help="What judges are asked.", no_args_is_help=True)

Rubric = Annotated[str, typer.Argument(help="Name or id of a rubric.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List rubrics by name."""
    with opened() as workspace:
        rows = [
            plain(row.latest) | {
                "name": row.rubric.name, "title": row.definition.title,
                "version": row.latest.number,
                "criteria": ", ".join(c.name for c in row.definition.criteria),
            }
            for row in rubrics.list_rubrics(workspace)
        ]  # fmt: skip
    print_rows(rows, ["name", "version", "title", "criteria"], as_json)


@app.command()
def starters(as_json: AsJson = False) -> None:
    """List the rubrics that ship with Seedbed."""
    rows = [
        {"name": one.name, "title": one.title, "description": one.description}
        for one in rubrics.starter_rubrics()
    ]
    print_rows(rows, ["name", "title", "description"], as_json)


@app.command()
def install(
    name: Annotated[str, typer.Argument(help="Name of a starter.")], as_json: AsJson = False
) -> None:
    """Take a starter over as a rubric of one's own."""
    with opened() as workspace:
        version = rubrics.install_rubric(workspace, name)
    print_record(version, as_json, leave_out=("definition",))


@app.command()
def show(rubric: Rubric, as_json: AsJson = False) -> None:
    """Show a rubric's newest version, as YAML that `save` takes."""
    with opened() as workspace:
        row = rubrics.get_rubric(workspace, rubric)
    if as_json:
        print_record(row.latest, as_json)
    else:
        typer.echo(rubric_yaml(row.definition), nl=False)


@app.command()
def save(
    file: Annotated[Path, typer.Argument(help="YAML of a rubric.", exists=True, dir_okay=False)],
    note: Annotated[str, typer.Option(help="Why it was saved.")] = "",
    as_json: AsJson = False,
) -> None:
    """Save a rubric from a file; the same content adds no version."""
    definition = parse_rubric(file.read_text("utf-8"))
    with opened() as workspace:
        version = rubrics.save_rubric(workspace, definition, note)
    print_record(version, as_json, leave_out=("definition",))


@app.command()
def versions(rubric: Rubric, as_json: AsJson = False) -> None:
    """List a rubric's versions, newest first."""
    with opened() as workspace:
        rows = rubrics.list_rubric_versions(workspace, rubric)
    print_rows(rows, ["number", "rubric_version_id", "note", "created_at"], as_json)
