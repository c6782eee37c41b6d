"""`seedbed templates`: list, show, validate, save, install."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_json, print_record, print_rows
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.templates import versions
from core.templates.definition import (
    TemplateDefinition,
    content_hash,
    parse_template,
    template_yaml,
)
from core.templates.starters import install_starters

app = typer.Typer(help="List, show, validate and save templates.", no_args_is_help=True)

YamlFile = Annotated[
    Path, typer.Argument(help="A template as YAML.", exists=True, dir_okay=False, readable=True)
]


def read_template(path: Path) -> TemplateDefinition:
    """The definition in a YAML file. Raises TemplateError with its line, InvalidInput."""
    try:
        return parse_template(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not UTF-8 (byte {error.start}).", remedy="Save it as UTF-8."
        ) from error


def version_id_of(workspace: Workspace, template: str) -> str:
    """The version that a command line names: a YAML file, which is saved first, or a name or id."""
    if template.endswith((".yaml", ".yml")):
        saved = versions.save_template(workspace, read_template(Path(template)))
        return saved.template_version_id
    if template.startswith("tpv_"):
        return versions.get_version(workspace, template).template_version_id
    return versions.latest_version(workspace, template).template_version_id


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
def show(
    template: Annotated[str, typer.Argument(help="Name or id.")], as_json: AsJson = False
) -> None:
    """Print a template's newest version as YAML."""
    with opened() as workspace:
        version = versions.latest_version(workspace, template)
    if as_json:
        print_json(version)
    else:
        typer.echo(template_yaml(versions.load_definition(version)), nl=False)


@app.command()
def validate(path: YamlFile) -> None:
    """Check a template without saving it."""
    definition = read_template(path)
    note(f"{definition.name} is valid, content {content_hash(definition)[:12]}.")


@app.command()
def save(
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
def install() -> None:
    """Install the starter templates that this workspace lacks, and newer versions of others."""
    with opened() as workspace:
        count = install_starters(workspace)
    note(f"{count} starter templates installed.")
