"""What template commands take: a YAML file or standard input, a template by name, a version."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from core.db.tables import TemplateVersion
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.templates import versions
from core.templates.definition import TemplateDefinition, parse_template

STDIN = "-"
MAX_YAML_BYTES = 2**20

YamlFile = Annotated[str, typer.Argument(help="A template as YAML; - reads standard input.")]
TemplateName = Annotated[str, typer.Argument(help="Name or id of the template.")]
VersionOption = Annotated[
    str, typer.Option("--version", help="Number, label or id; the newest without.")
]


def read_template(path: str | Path) -> TemplateDefinition:
    """The definition in a YAML file, or on standard input for `-`.

    Raises TemplateError with its line, InvalidInput, OSError.
    """
    raw = sys.stdin.buffer.read(MAX_YAML_BYTES + 1) if str(path) == STDIN else _bytes(Path(path))
    if len(raw) > MAX_YAML_BYTES:
        raise InvalidInput(
            f"{path} is larger than {MAX_YAML_BYTES:,} bytes.", remedy="Is it a template?"
        )
    try:
        return parse_template(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not UTF-8 (byte {error.start}).", remedy="Save it as UTF-8."
        ) from error


def _bytes(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MAX_YAML_BYTES + 1)


def version_id_of(workspace: Workspace, template: str, version: str = "") -> str:
    """The version that a command line names: a YAML file, which is saved first, or a name or id."""
    if template.endswith((".yaml", ".yml")):
        saved = versions.save_template(workspace, read_template(template))
        return saved.template_version_id
    return found_version(workspace, template, version).template_version_id


def found_version(workspace: Workspace, template: str, version: str = "") -> TemplateVersion:
    """The version of a template by name or id; `template` may be a version's id itself."""
    if template.startswith("tpv_"):
        return versions.get_version(workspace, template)
    return versions.find_version(workspace, template, version)


def definition_of(workspace: Workspace, template: str, version: str = "") -> TemplateDefinition:
    """The definition that a command line names, a file's without saving it."""
    if template == STDIN or template.endswith((".yaml", ".yml")):
        return read_template(template)
    return versions.load_definition(found_version(workspace, template, version))
