"""`seedbed templates plan` and `preview`: look before any money is spent."""

import secrets
from typing import Annotated, Any

import typer

from app.cli.launch_inputs import focus_of
from app.cli.opening import opened
from app.cli.output import AsJson, note, plain, print_json, print_rows
from app.cli.sources import find_source
from app.cli.template_arguments import VersionOption, definition_of, found_version
from app.cli.waiting import launched
from core.db.workspace import Workspace
from core.generation.batches import MAX_PREVIEW, LaunchRequest
from core.insight.comparing.plan_report import plan_report
from core.insight.comparing.preview_report import FullBatch, Preview, full_batch, load_preview
from core.jobs.comparing import launch_preview
from core.templates.versions import save_draft, version_name

NameOrFile = Annotated[
    str, typer.Argument(help="Name or id of a template, or a YAML file, which is not saved.")
]
SourceOption = Annotated[list[str], typer.Option(help="A file or a source id; may be repeated.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Drawn without.")]


def plan(
    template: NameOrFile,
    n: Annotated[int, typer.Option("--n", min=1, help="Samples to plan.")] = 100,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    version: VersionOption = "",
    source: SourceOption = [],  # noqa: B006 Typer copies the default of an option
    samples: Annotated[int, typer.Option(min=0, max=100, help="Samples to draw.")] = 3,
    cell: Annotated[
        list[str],
        typer.Option(metavar="VARIABLE=VALUE,…", help="This cell alone; may be repeated."),
    ] = [],  # noqa: B006 as above
    as_json: AsJson = False,
) -> None:
    """Show what a batch would be made of: cells and the first samples. Free."""
    with opened() as workspace:
        definition = definition_of(workspace, template, version)
        ids = tuple(find_source(workspace, item).source_id for item in source)
        found = plan_report(
            workspace, definition, n=n, seed=seed, source_ids=ids, samples=samples,
            focus=focus_of(cell, []),
        )  # fmt: skip
    if as_json:
        print_json(found)
        return
    if found.cells:
        filled = sorted((c for c in found.cells if c.planned), key=lambda c: -c.planned)
        cells = [{**plain(cell.values), "planned": cell.planned} for cell in filled]
        names = dict.fromkeys(name for cell in cells for name in cell if name != "planned")
        print_rows(cells, [*names, "planned"], False)
        if len(filled) < len(found.cells):
            note(f"{len(found.cells) - len(filled)} cells get no sample; more samples fill them.")
    else:
        note("No categories: every sample draws its variables freely.")
    for one in found.samples:
        told = ", ".join(f"{name} {value!r}" for name, value in one.variables.items())
        typer.echo(f"sample {one.plan_index + 1}: {told}")


def preview(
    template: NameOrFile,
    n: Annotated[int, typer.Option("--n", min=1, max=MAX_PREVIEW, help="Samples a side.")] = 3,
    version: VersionOption = "",
    provider: Annotated[str, typer.Option(help="Name of a connection.")] = "",
    model: Annotated[str, typer.Option(help="The connection's default model without.")] = "",
    against_version: Annotated[
        str, typer.Option(help="A second side: this version of the template.")
    ] = "",
    against_model: Annotated[str, typer.Option(help="A second side: this model.")] = "",
    seed: Seed = None,
    source: SourceOption = [],  # noqa: B006 Typer copies the default of an option
    full: Annotated[int, typer.Option(min=1, help="Samples of the batch to reckon.")] = 1_000,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it ends.")] = True,
    as_json: AsJson = False,
) -> None:
    """Generate one to ten samples, of one side or of two over the same plan.

    A real batch at the highest priority, in the ledger and under the budgets.
    """
    with opened() as workspace:
        ids = tuple(find_source(workspace, item).source_id for item in source)
        drawn = secrets.randbelow(2**31) if seed is None else seed
        first = LaunchRequest(
            _version_id(workspace, template, version), n, connection=provider, model=model,
            seed=drawn, source_ids=ids,
        )  # fmt: skip
        sides = [first]
        if against_version or against_model:
            other = _version_id(workspace, template, against_version or version)
            sides.append(
                LaunchRequest(
                    other, n, connection=provider, model=against_model or model, seed=drawn,
                    source_ids=ids,
                )
            )  # fmt: skip
        batches = launch_preview(workspace, sides)
        for batch in batches:
            launched(workspace, batch.batch_id, n, wait)
        previews = [load_preview(workspace, batch.batch_id) for batch in batches]
        reckoned = [full_batch(workspace, one, full) for one in previews]
    if as_json:
        print_json([_record(one, whole) for one, whole in zip(previews, reckoned, strict=True)])
        return
    for one, whole in zip(previews, reckoned, strict=True):
        _print_side(one, whole)


def _version_id(workspace: Workspace, template: str, version: str) -> str:
    if template.endswith((".yaml", ".yml")) and not version:
        return save_draft(workspace, definition_of(workspace, template)).template_version_id
    return found_version(workspace, template, version).template_version_id


def _record(one: Preview, whole: FullBatch) -> dict[str, Any]:
    return {
        "batch_id": one.batch.batch_id, "state": one.batch.state, "message": one.batch.message,
        "template_version_id": one.version.template_version_id, "model": one.batch.model,
        "seed": one.batch.seed, "sums": one.sums, "full_batch": whole, "samples": one.samples,
    }  # fmt: skip


def _print_side(one: Preview, whole: FullBatch) -> None:
    typer.echo(
        f"{version_name(one.version)}, {one.batch.model}: {one.batch.state}, "
        f"{one.sums.compliant} of {one.sums.finished} fit the schema, "
        f"{one.sums.input_tokens} tokens in, {one.sums.output_tokens} out, "
        f"{'no price' if one.sums.cost_usd is None else f'{one.sums.cost_usd:f} USD'}"
    )
    if one.batch.message:
        note(one.batch.message)
    for found in one.samples:
        wrong = [
            f"{field.path or 'the answer'}: {'; '.join(field.problems)}"
            for field in found.fields
            if field.state == "wrong"
        ]
        typer.echo(f"\nsample {found.sample.plan_index + 1}: {'; '.join(wrong) or 'fits'}")
        typer.echo(found.sample.response or found.sample.raw_text or found.sample.failure)
    cost = whole.cost_usd
    if cost is not None:
        spread = "" if cost.low is None else f", {cost.low:.4f} to {cost.high:.4f}"
        typer.echo(f"\n{whole.n:,} samples: about {cost.value:.4f} USD{spread}. {whole.basis}\n")
