"""`seedbed templates versions`, `diff`, `restore`, `fork`, `rename`, `stats`."""

from typing import Annotated, Any

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_json, print_record, print_rows
from app.cli.template_arguments import TemplateName, found_version
from core.insight.comparing.version_statistics import (
    Mean,
    Share,
    VersionStatistics,
    version_statistics,
)
from core.templates import versions
from core.templates.diffing import diff_definitions

Version = Annotated[str, typer.Argument(help="Number, label or id of the version.")]
MARKS = {True: " better", False: " worse"}


def list_versions(template: TemplateName, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List a template's versions, newest first."""
    with opened() as workspace:
        found = versions.get_template(workspace, template)
        rows = [
            {key: value for key, value in plain(version).items() if key != "definition"}
            for version in versions.list_versions(workspace, found.template_id, limit=limit)
        ]
    columns = ["number", "name", "note", "created_by", "created_at", "template_version_id"]
    print_rows(rows, columns, as_json)


def diff(
    template: TemplateName, before: Version, after: Version = "", as_json: AsJson = False
) -> None:
    """Compare a version with another one, the newest without.

    Prompts come word by word, [-taken out-] and {+put in+}; the rest field by field.
    """
    with opened() as workspace:
        old, new = (found_version(workspace, template, one) for one in (before, after))
        found = diff_definitions(versions.load_definition(old), versions.load_definition(new))
    if as_json:
        print_json(found)
        return
    marks = {"same": "{}", "added": "{{+{}+}}", "removed": "[-{}-]"}
    for prompt in found.prompts:
        text = "".join(marks[part.kind].format(part.text) for part in prompt.parts)
        typer.echo(f"{prompt.name}\n{text}\n")
    if found.fields:
        rows: list[Any] = [plain(row) for row in found.fields]
        print_rows(rows, ["part", "path", "change", "before", "after"], False)
    if not found.prompts and not found.fields:
        note("The two say the same.")


def restore(template: TemplateName, version: Version, as_json: AsJson = False) -> None:
    """Make an old version's content the newest version."""
    with opened() as workspace:
        old = found_version(workspace, template, version)
        restored = versions.restore_version(workspace, old.template_version_id)
    print_record(restored, as_json, leave_out=["definition"])


def fork(
    template: TemplateName,
    name: Annotated[str, typer.Argument(help="Name of the new template.")],
    version: Annotated[str, typer.Option(help="Number, label or id; the newest without.")] = "",
    title: Annotated[str, typer.Option(help="Its title; that of the origin without.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a new template from a version; it remembers where it came from."""
    with opened() as workspace:
        origin = found_version(workspace, template, version)
        forked = versions.fork_template(workspace, origin.template_version_id, name, title=title)
    print_record(forked, as_json, leave_out=["definition"])


def rename(
    template: TemplateName,
    version: Version,
    label: Annotated[str, typer.Argument(help="The label; empty takes it away.")],
    as_json: AsJson = False,
) -> None:
    """Give a version a label; its content stays."""
    with opened() as workspace:
        found = found_version(workspace, template, version)
        renamed = versions.rename_version(workspace, found.template_version_id, label)
    print_record(renamed, as_json, leave_out=["definition"])


def stats(template: TemplateName, as_json: AsJson = False) -> None:
    """Show what each version yielded, with 95 % intervals.

    "better" and "worse" mark a difference to the version before beyond chance.
    """
    with opened() as workspace:
        found = versions.get_template(workspace, template)
        rows = version_statistics(workspace, found.template_id)
    if as_json:
        print_json(rows)
        return
    columns = ["version", "samples", "compliance", "acceptance", "quality", "cost", "duplicates"]
    print_rows([_row(row) for row in rows], columns, False)


def _row(row: VersionStatistics) -> dict[str, Any]:
    marks = {mark.measure: MARKS[mark.is_better] for mark in row.marks}
    return {
        "version": f"{row.number} {row.name}".strip(),
        "samples": row.samples,
        "compliance": _share(row.compliance) + marks.get("compliance", ""),
        "acceptance": _share(row.acceptance) + marks.get("acceptance", ""),
        "quality": _mean(row.quality, "{:.2f}") + marks.get("quality", ""),
        "cost": _mean(row.cost_per_accepted, "{:.6f}") + marks.get("cost", ""),
        "duplicates": _share(row.duplicates) + marks.get("duplicates", ""),
    }


def _share(found: Share) -> str:
    if found.value is None:
        return "-"
    return f"{found.value:.1%} ({found.low:.1%} to {found.high:.1%})"


def _mean(found: Mean, pattern: str) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "-"
    low, high = pattern.format(found.low), pattern.format(found.high)
    return f"{pattern.format(found.value)} ({low} to {high})"
