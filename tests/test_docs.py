"""Documentation is held to the code: settings, pages, routes, commands, links."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from app.api.application import create_api
from app.cli import COMMANDS, cli, load_command
from app.navigation import PAGES
from core.db.workspace import Workspace
from core.settings import DEFAULT_HOME, Settings
from core.templates.definition import parse_template
from core.templates.planning.plan import Plan
from core.templates.trial import trial_render

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_the_table_of_settings_is_exactly_the_settings() -> None:
    rows = re.findall(r"^\| `SEEDBED_(\w+)` \| (.+?) \| (.+) \|$", read("CONTRIBUTING.md"), re.M)
    documented = {name.lower(): (default.strip("`"), meaning) for name, default, meaning in rows}
    actual = {
        name: ("unset" if field.default is None else str(field.default), field.description)
        for name, field in Settings.model_fields.items()
    }
    assert actual.pop("home")[0] == str(DEFAULT_HOME)
    documented.pop("home")
    assert documented == actual


def test_the_rooms_of_core_are_described() -> None:
    rooms = {path.parent.name for path in (ROOT / "core").glob("*/__init__.py")}
    described = set(re.findall(r"^\| `core/(\w+)` \|", read("CONTRIBUTING.md"), re.M))
    assert rooms == described


def test_the_order_of_the_layers_is_the_one_that_is_checked() -> None:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(item["layers"] for item in contracts if item.get("containers") == ["core"])
    drawn = re.search(r"^`errors` <.*?^$", read("CONTRIBUTING.md"), re.M | re.S)
    assert drawn is not None
    documented = re.sub(r"[\s`]", "", drawn[0]).replace(",", "<").split("<")
    # A layer in parentheses may be missing: its room is not built yet.
    configured = [name.replace(" ", "") for name in layers if not name.startswith("(")]
    assert documented == configured[::-1]


def test_every_page_is_named() -> None:
    text = read("CONTRIBUTING.md")
    assert [spec.title for spec in PAGES if not re.search(rf"\b{spec.title}\b", text)] == []


def test_every_group_of_routes_is_named(workspace: Workspace) -> None:
    paths = create_api(workspace).openapi()["paths"]
    groups = {path.split("/")[2] for path in paths}
    text = read("CONTRIBUTING.md")
    assert [group for group in sorted(groups) if f"`{group}`" not in text] == []


def test_every_command_is_in_the_readme() -> None:
    rows = dict(re.findall(r"^\| `seedbed (\w+)[^`]*` \| (.+) \|$", read("README.md"), re.M))
    assert rows.keys() == COMMANDS.keys()
    for name, lazy in COMMANDS.items():
        if lazy.is_group:
            verbs = set(load_command(name).commands)
            assert set(re.findall(r"`(\w+)`", rows[name])) == verbs, name


def test_the_overview_of_commands_says_what_each_says_of_itself() -> None:
    for name, lazy in COMMANDS.items():
        assert str(load_command(name).help).startswith(lazy.help), name
    assert get_command(cli).name == "seedbed"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_between_documents_lead_somewhere(document: str) -> None:
    text = read(document)
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        file, _, anchor = target.partition("#")
        assert (ROOT / file).exists(), target
        if anchor:
            assert re.search(rf"^#+ {anchor}$", read(file), re.M | re.I), target


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_no_path_of_one_machine(document: str) -> None:
    assert not re.search(r"(?<![\w/])/(home|root|work|Users|tmp)/", read(document))


def test_the_template_in_the_readme_plans_what_the_readme_says() -> None:
    text = re.search(r"^```yaml\n(.*?)^```", read("README.md"), re.M | re.S)
    assert text is not None
    definition = parse_template(text[1])
    trial_render(definition)
    cells = Plan(definition, n=200, seed=1).cells()
    escalated = [cell for cell in cells if cell.values["escalated"] is True]
    assert sum(cell.planned for cell in escalated) == 60
    assert all(int(cell.values["severity"]) >= 3 for cell in escalated)
