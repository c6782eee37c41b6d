"""`seedbed thresholds`: list, try, curve, apply, reset, save."""

from typing import Annotated, Any

import orjson
import typer

from app.cli.opening import opened
from app.cli.output import AsJson, note, print_json, print_record, print_rows
from core.errors import InvalidInput
from core.quality.thresholds import applying

app = typer.Typer(help="Try and move what decides samples.", no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(help="Id of the batch.")]
Change = Annotated[
    list[str], typer.Option("--set", help="A threshold and its value: near_duplicate=0.8")
]


@app.command("list")
def list_(batch_id: BatchId, as_json: AsJson = False) -> None:
    """List a batch's thresholds."""
    with opened() as workspace:
        rows = applying.list_thresholds(workspace, batch_id)
    print_rows(rows, ["name", "check", "value", "of_template", "description"], as_json)


@app.command("try")
def try_(batch_id: BatchId, change: Change, as_json: AsJson = False) -> None:
    """Show what other thresholds would decide; nothing is stored."""
    with opened() as workspace:
        found = applying.preview_thresholds(workspace, batch_id, _changes(change))
    if as_json:
        print_json(found)
        return
    rows = [
        {"verdict": side, "now": number, "then": found.after.get(side, 0)}
        for side, number in found.before.items()
    ]
    print_rows(rows, ["verdict", "now", "then"], False)
    if found.moves:
        print_rows(found.moves, ["before", "after", "samples", "examples"], False)


@app.command()
def curve(
    batch_id: BatchId,
    name: Annotated[str, typer.Argument(help="Name of the threshold.")],
    as_json: AsJson = False,
) -> None:
    """Show the verdicts at each value of one threshold."""
    with opened() as workspace:
        points = applying.threshold_curve(workspace, batch_id, name)
    print_rows(points, ["value", "accepted", "needs_review", "rejected"], as_json)


@app.command()
def apply(batch_id: BatchId, change: Change, as_json: AsJson = False) -> None:
    """Decide a batch by moved thresholds from now on."""
    with opened() as workspace:
        found = applying.apply_thresholds(workspace, batch_id, _changes(change))
    print_record(found, as_json)


@app.command()
def reset(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Decide a batch by its template's thresholds again."""
    with opened() as workspace:
        found = applying.reset_thresholds(workspace, batch_id)
    print_record(found, as_json)


@app.command()
def save(
    batch_id: BatchId,
    change: Change = [],  # noqa: B006 - Typer copies it
    reason: Annotated[str, typer.Option("--note", help="Why the version is saved.")] = "",
    as_json: AsJson = False,
) -> None:
    """Save a batch's thresholds, with these changes, as a version of its template."""
    with opened() as workspace:
        version = applying.save_thresholds(workspace, batch_id, _changes(change), reason)
    if not as_json:
        note(f"Saved as version {version.number}.")
    print_record(
        {"template_version_id": version.template_version_id, "number": version.number}, as_json
    )


def _changes(given: list[str]) -> dict[str, Any]:
    changes = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise InvalidInput(f"{one!r} names no value.", remedy="Write NAME=VALUE.")
        try:
            changes[name.strip()] = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise InvalidInput(
                f"{value!r} is no value of {name.strip()!r}.",
                remedy="Write a number, true or false.",
            ) from error
    return changes
