"""`seedbed templates`: list, show, validate, import, export, install; the rest is beside it."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli import template_trials, template_versions
from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_json, print_record, print_rows
from app.cli.template_arguments import (
    TemplateName,
    VersionOption,
    YamlFile,
    found_version,
    read_template,
)
from core.templates import versions
from core.templates.definition import content_hash, template_yaml
from core.templates.starters import INSTALLED, install_starters, starters
from core.templates.trial import trial_render

app = typer.Typer(help="List, show, validate and save templates.", no_args_is_help=True)


@app.command("list")
def list_templates(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List templates with their newest version."""
    with opened() as workspace:
        rows = [
            plain(row.template) | {"version": row.latest.number, "versions": row.version_count}
            for row in versions.list_templates(workspace, limit=limit)
        ]
    print_rows(rows, ["name", "version", "domain", "title", "template_id"], as_json)


@app.command()
def show(template: TemplateName, version: VersionOption = "", as_json: AsJson = False) -> None:
    """Print a template's newest version, or another one, as YAML."""
    with opened() as workspace:
        found = found_version(workspace, template, version)
    if as_json:
        print_json(found)
    else:
        typer.echo(template_yaml(versions.load_definition(found)), nl=False)


@app.command()
def export(
    template: TemplateName,
    version: VersionOption = "",
    out: Annotated[Path | None, typer.Option(help="File to write; stdout without.")] = None,
) -> None:
    """Write a template as YAML, which `import` reads back to the same content."""
    with opened() as workspace:
        found = found_version(workspace, template, version)
    text = template_yaml(versions.load_definition(found))
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, "utf-8")
        note(f"{out} holds version {found.number}, content {found.content_hash[:12]}.")


@app.command()
def validate(path: YamlFile) -> None:
    """Check a template without saving it, rendering its prompts once.

    Exit code 1 says what is wrong, and where.
    """
    definition = read_template(path)
    trial_render(definition)
    note(f"{definition.name} is valid, content {content_hash(definition)[:12]}.")


@app.command("save")
@app.command("import")
def import_template(
    path: YamlFile,
    reason: Annotated[str, typer.Option("--note", help="Why this version is saved.")] = "",
    as_json: AsJson = False,
) -> None:
    """Save a template as a new version; the same content returns the version it has."""
    definition = read_template(path)
    with opened() as workspace:
        version = versions.save_template(workspace, definition, note=reason)
    print_record(version, as_json, leave_out=["definition"])


@app.command()
def library(as_json: AsJson = False) -> None:
    """List the starter library; `install` puts one of it into this workspace."""
    rows = [
        {"name": s.definition.name, "set": s.set_name, "calls": s.calls,
         "title": s.definition.title}
        for s in starters()
    ]  # fmt: skip
    print_rows(rows, ["name", "set", "calls", "title"], as_json)


@app.command()
def install(
    names: Annotated[
        list[str] | None, typer.Argument(help="Starters by name; none: those of a new workspace.")
    ] = None,
) -> None:
    """Install the starter templates that this workspace lacks, and newer versions of others."""
    with opened() as workspace:
        count = install_starters(workspace, names or INSTALLED)
    note(f"{count} starter templates installed.")


app.command()(template_trials.plan)
app.command()(template_trials.preview)
app.command("versions")(template_versions.list_versions)
app.command()(template_versions.diff)
app.command()(template_versions.restore)
app.command()(template_versions.fork)
app.command()(template_versions.rename)
app.command()(template_versions.stats)
