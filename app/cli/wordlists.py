"""`seedbed wordlists`: list, show, import, export, retire, restore."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, note, plain, print_json, print_rows
from core.insight.bias import own_wordlists
from core.insight.bias.own_wordlists import KnownList
from core.insight.bias.wordlist_formats import published_text, read_published

app = typer.Typer(help="Keep the word lists of association tests.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the list.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the project's word lists."""
    with opened() as workspace:
        known = own_wordlists.known_lists(workspace)
    rows = [
        plain(one)
        | {
            "name": one.name, "title": one.content.title, "source": one.content.source,
            "words": len(one.content.words()),
        }
        for one in known
    ]  # fmt: skip
    print_rows(rows, ["name", "title", "words", "source", "origin", "is_retired"], as_json)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a list's words."""
    with opened() as workspace:
        known = own_wordlists.get_list(workspace, name)
    _print(known, as_json)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files, one published test each.")],
    source: Annotated[str, typer.Option(help="The paper that published them.")] = "unknown",
    as_json: AsJson = False,
) -> None:
    """Take over published tests: SEAT's JSON, four lines of words, or Seedbed's YAML."""
    contents = [
        read_published(file.read_text(encoding="utf-8"), file.name, source=source) for file in files
    ]
    with opened() as workspace:
        stored = [own_wordlists.put_list(workspace, content) for content in contents]
    rows = [{"name": one.name, "title": one.content.title, "origin": one.origin} for one in stored]
    print_rows(rows, ["name", "title", "origin"], as_json)


@app.command()
def export(
    name: Name,
    to: Annotated[Path | None, typer.Option(help="A file; else the output.")] = None,
) -> None:
    """Write a list in the published JSON form."""
    with opened() as workspace:
        text = published_text(own_wordlists.get_list(workspace, name).content)
    if to is None:
        typer.echo(text, nl=False)
        return
    to.write_text(text, encoding="utf-8")
    note(f"Written to {to}.")


@app.command()
def retire(name: Name, as_json: AsJson = False) -> None:
    """Leave a list out of every later test."""
    with opened() as workspace:
        known = own_wordlists.retire_list(workspace, name)
    _print(known, as_json)


@app.command()
def restore(name: Name, as_json: AsJson = False) -> None:
    """Use a list again; a changed one of Seedbed's as it was."""
    with opened() as workspace:
        known = own_wordlists.restore_list(workspace, name)
    _print(known, as_json)


def _print(known: KnownList, as_json: bool) -> None:
    if as_json:
        print_json(known)
        return
    note(f"{known.content.title} ({known.origin}{', retired' if known.is_retired else ''})")
    for words in known.content.sets():
        typer.echo(f"{words.name}: {', '.join(words.words)}")
