"""The command line: `seedbed <noun> <verb>`, and the processes that people start.

Each noun is a module, imported only when it is used, so that `seedbed --help` stays quick.
"""

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from core.errors import SeedbedError


class Lazy(NamedTuple):
    """Where a command lives and what the overview says about it."""

    module: str
    help: str
    is_group: bool = True
    app: str = "app"


COMMANDS = {
    "up": Lazy("processes", "Start the workbench: server and workers.", False),
    "worker": Lazy("processes", "Run one worker process.", False),
    "migrate": Lazy("processes", "Bring the database to this version.", False),
    "generate": Lazy("generating", "Launch a batch.", False),
    "demo": Lazy("generating", "Go the whole way from a source to a release.", False),
    "augment": Lazy("augmenting", "Derive samples from samples.", False),
    "templates": Lazy("templates", "List, show, validate and save templates."),
    "expansions": Lazy("expansions", "Have a model propose values and prompts."),
    "comparisons": Lazy("comparisons", "Run two versions or models over one plan."),
    "sources": Lazy("sources", "Import and list source documents."),
    "knowledge": Lazy("knowledge", "List, import and export a domain's knowledge."),
    "batches": Lazy("batches", "Watch and steer batches."),
    "samples": Lazy("samples", "List, export and import samples, and make more."),
    "reviews": Lazy("reviews", "List review decisions; reject many samples."),
    "rubrics": Lazy("rubrics", "What judges are asked."),
    "judgements": Lazy("judgements", "Have judges score samples by a rubric."),
    "datasets": Lazy("datasets", "Build, verify, export and compare releases."),
    "insight": Lazy("insight", "Compute and show quality, diversity and bias."),
    "gaps": Lazy("gaps", "Find what is missing, and generate for it."),
    "quality": Lazy("quality", "Compare quality between groups and over time."),
    "thresholds": Lazy("thresholds", "Try and move what decides samples."),
    "twins": Lazy("twins", "Make and compare counterfactual twins."),
    "wordlists": Lazy("wordlists", "Keep the word lists of association tests."),
    "queries": Lazy("queries", "Ask the workspace in SQL; nothing can be changed."),
    "spend": Lazy("spend", "Show what was spent, and correct it."),
    "budgets": Lazy("budgets", "Set and list caps on spending."),
    "prices": Lazy("prices", "Enter and look up model prices."),
    "connections": Lazy("connections", "Add and list ways to reach models."),
}


def load_command(name: str) -> Any:
    """The command of that name, its module imported."""
    lazy = COMMANDS[name]
    found: Any = get_command(getattr(import_module(f"app.cli.{lazy.module}"), lazy.app))
    return found if lazy.is_group else found.commands[name]


class LazyGroup(TyperGroup):
    """Shows the overview from the table above; imports a command when it is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name in COMMANDS else command, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SeedbedError as error:
            typer.echo(f"seedbed: {error}", err=True)
        except BrokenPipeError:
            # The reader has seen enough, as in `seedbed samples list | head`: Typer ends quietly.
            raise
        except OSError as error:
            typer.echo(f"seedbed: {error}", err=True)
        raise typer.Exit(1)


cli = typer.Typer(
    name="seedbed",
    help="Grow training data for language models.",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for _name, _lazy in COMMANDS.items():
    cli.add_typer(typer.Typer(help=_lazy.help), name=_name)


def main() -> None:
    """The entry point of `seedbed`."""
    cli()
