"""`seedbed quality`: groups, trend, alerts, dismiss, restore, compare."""

from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_json, print_rows
from core.quality.breakdown import BYS, VARIABLE, GroupQuality, quality_by
from core.review.watching import alerts as core_alerts
from core.review.watching.trends import TrendPoint, quality_trend
from core.templates.versions import get_template

app = typer.Typer(help="Compare quality between groups and over time.", no_args_is_help=True)

Template = Annotated[str | None, typer.Option(help="Only this template's batches.")]
AlertId = Annotated[str, typer.Argument(help="Id of the alert.")]
ALERT_COLUMNS = ["alert_id", "batch_id", "kind", "measure", "value", "baseline", "message"]


@app.command()
def groups(
    by: Annotated[
        str, typer.Option(help=f"{', '.join(BYS)}, or {VARIABLE} and a variable's name.")
    ] = "template_version",
    batch: Annotated[list[str] | None, typer.Option(help="Only these batches.")] = None,
    template: Template = None,
    as_json: AsJson = False,
) -> None:
    """Show the quality of groups of samples side by side."""
    with opened() as workspace:
        template_id = get_template(workspace, template).template_id if template else None
        found = quality_by(workspace, by, batch_ids=batch or (), template_id=template_id)
    if as_json:
        print_json(found)
        return
    rows = [
        {"group": row.label or "unknown", "samples": row.samples, **_figures(row)} for row in found
    ]
    print_rows(rows, ["group", "samples", "accepted", "low", "high", "mean_score"], False)


@app.command()
def trend(template: Template = None, limit: Limit = 30, as_json: AsJson = False) -> None:
    """Show the quality of batches over time, oldest first."""
    with opened() as workspace:
        template_id = get_template(workspace, template).template_id if template else None
        points = quality_trend(workspace, template_id, limit=limit)
    if as_json:
        print_json(points)
        return
    rows = [{**plain(point), **_figures(point), "batch": point.name} for point in points]
    columns = ["created_at", "batch", "version", "model", "samples", "accepted", "mean_score"]
    print_rows(rows, columns, False)


@app.command()
def alerts(
    batch: Annotated[str | None, typer.Option(help="Only this batch's.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Dismissed ones too.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List alerts that a batch got worse, newest first."""
    with opened() as workspace:
        found = core_alerts.list_alerts(
            workspace, batch_id=batch, with_dismissed=everything, limit=limit
        )
    print_rows(found, ALERT_COLUMNS, as_json)


@app.command()
def compare(
    batch_id: Annotated[str, typer.Argument(help="Id of the batch.")], as_json: AsJson = False
) -> None:
    """Compare a batch with those before it and raise its alerts anew, in this process."""
    with opened() as workspace:
        found = core_alerts.raise_alerts(workspace, batch_id)
    if not found and not as_json:
        note("Nothing got worse, or there is no earlier batch to compare with.")
        return
    print_rows(found, ALERT_COLUMNS, as_json)


@app.command()
def dismiss(alert_id: AlertId, as_json: AsJson = False) -> None:
    """Put an alert aside."""
    with opened() as workspace:
        found = core_alerts.dismiss_alert(workspace, alert_id)
    print_rows([found], ["alert_id", "dismissed_at", "message"], as_json)


@app.command()
def restore(alert_id: AlertId, as_json: AsJson = False) -> None:
    """Show an alert again."""
    with opened() as workspace:
        found = core_alerts.restore_alert(workspace, alert_id)
    print_rows([found], ["alert_id", "dismissed_at", "message"], as_json)


def _figures(row: GroupQuality | TrendPoint) -> dict[str, float | None]:
    accepted = row.acceptance
    return {
        "accepted": accepted.value, "low": accepted.low, "high": accepted.high,
        "mean_score": row.score.value,
    }  # fmt: skip
