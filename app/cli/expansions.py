"""`seedbed expansions`: grow, rewrite, evolve, list, candidates, decide, apply and more."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.batches import BatchId, usd
from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, plain, print_record, print_rows
from app.cli.template_arguments import version_id_of
from app.cli.waiting import launched, print_launched
from core.db.workspace import Workspace
from core.generation.expansion import candidates as candidates
from core.generation.expansion.applying import apply_candidates, save_variant, scenario_rows
from core.generation.expansion.parents import ParentChoice
from core.generation.expansion.requests import ExpansionRequest
from core.jobs.expanding import estimate_expansion, launch_expansion
from core.sources.knowledge.entries import add_entries
from core.templates.definition import template_yaml
from core.templates.versions import get_template, get_version, load_definition

app = typer.Typer(help="Have a model propose values and prompts.", no_args_is_help=True)

Template = Annotated[str, typer.Argument(help="Name or id of a template, or a YAML file.")]
Count = Annotated[int, typer.Option("--n", min=1, max=500, help="How many are wanted.")]
Provider = Annotated[str, typer.Option(help="Name of a connection.")]
Model = Annotated[str, typer.Option(help="The connection's default model without.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Drawn without.")]
Cap = Annotated[str | None, typer.Option(help="Cap in US dollars.", metavar="USD")]
Guidance = Annotated[str, typer.Option(help="What else is wanted.")]
Batches = Annotated[list[str], typer.Option("--batch", help="A batch; may be repeated.")]
Wait = Annotated[bool, typer.Option("--wait", help="Stay until it ends.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the estimate, launch nothing.")]
CandidateIds = Annotated[list[str], typer.Argument(help="Ids of candidates.")]


def _expand(
    workspace: Workspace, request: ExpansionRequest, wait: bool, dry_run: bool, as_json: bool
) -> None:
    if dry_run:
        print_record(estimate_expansion(workspace, request), as_json)
        return
    batch = launch_expansion(workspace, request)
    print_launched(launched(workspace, batch.batch_id, batch.n, wait), wait, as_json)
    if not as_json:
        note(f"Its candidates: seedbed expansions candidates {batch.batch_id}")


@app.command()
def grow(
    template: Template,
    variable: Annotated[str, typer.Argument(help="The variable to grow.")],
    n: Count = 20,
    parent_value: Annotated[str, typer.Option(help="For this value of its parent.")] = "",
    guidance: Guidance = "",
    avoid: Annotated[list[str], typer.Option(help="A value not wanted; repeatable.")] = [],  # noqa: B006
    provider: Provider = "offline",
    model: Model = "",
    seed: Seed = None,
    budget_usd: Cap = None,
    wait: Wait = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Propose new values for a variable."""
    with opened() as workspace:
        request = ExpansionRequest(
            "grow_values", version_id_of(workspace, template), n,
            variable=variable, parent_value=parent_value, guidance=guidance, avoid=tuple(avoid),
            connection=provider, model=model, seed=seed, budget_usd=usd(budget_usd),
        )  # fmt: skip
        _expand(workspace, request, wait, dry_run, as_json)


@app.command()
def rewrite(
    template: Template,
    n: Count = 3,
    step: Annotated[str, typer.Option(help="The step; the first one without.")] = "",
    guidance: Guidance = "",
    provider: Provider = "offline",
    model: Model = "",
    seed: Seed = None,
    budget_usd: Cap = None,
    wait: Wait = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Propose variants of a prompt: the same demands and variables in other words."""
    with opened() as workspace:
        request = ExpansionRequest(
            "rewrite_prompt", version_id_of(workspace, template), n,
            step=step, guidance=guidance,
            connection=provider, model=model, seed=seed, budget_usd=usd(budget_usd),
        )  # fmt: skip
        _expand(workspace, request, wait, dry_run, as_json)


@app.command()
def evolve(
    template: Template,
    n: Count = 12,
    direction: Annotated[str, typer.Option(help="deeper, broader, adversarial or all.")] = "all",
    instruction: Annotated[str, typer.Option(help="From this one, instead of samples.")] = "",
    batch: Batches = [],  # noqa: B006
    guidance: Guidance = "",
    provider: Provider = "offline",
    model: Model = "",
    seed: Seed = None,
    budget_usd: Cap = None,
    wait: Wait = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Propose instructions that grow from accepted samples of the template, or from one."""
    with opened() as workspace:
        version_id = version_id_of(workspace, template)
        parents = ParentChoice(
            tuple(batch), template_id=get_version(workspace, version_id).template_id
        )
        request = ExpansionRequest(
            "evolve", version_id, n,
            direction=direction, instruction=instruction, parents=parents, guidance=guidance,
            connection=provider, model=model, seed=seed, budget_usd=usd(budget_usd),
        )  # fmt: skip
        _expand(workspace, request, wait, dry_run, as_json)


@app.command("list")
def list_(
    template: Annotated[str | None, typer.Option(help="Only of this template.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List expansions, newest first."""
    with opened() as workspace:
        template_id = get_template(workspace, template).template_id if template else None
        rows = [
            plain(batch) | {"operation": batch.origin.get("operation", "")}
            for batch in candidates.list_expansions(workspace, template_id=template_id, limit=limit)
        ]
    print_rows(rows, ["batch_id", "operation", "state", "generated", "model", "name"], as_json)


@app.command("candidates")
def candidates_(
    batch_id: BatchId,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    limit: Limit = 500,
    as_json: AsJson = False,
) -> None:
    """List what an expansion proposed."""
    with opened() as workspace:
        rows = candidates.list_candidates(
            workspace, batch_id=batch_id, limit=limit,
            states=(state,) if state else candidates.STATES,
        )  # fmt: skip
    columns = ["candidate_id", "state", "similarity", "text", "nearest_text"]
    print_rows(rows, columns, as_json)


@app.command()
def decide(
    candidate_ids: CandidateIds,
    decision: Annotated[str, typer.Option(help="accepted, rejected or proposed.")] = "accepted",
    as_json: AsJson = False,
) -> None:
    """Accept, reject or reopen candidates."""
    with opened() as workspace:
        rows = candidates.decide_candidates(workspace, candidate_ids, decision)
    print_rows(rows, ["candidate_id", "state", "text"], as_json)


@app.command()
def apply(
    template: Template,
    candidate_ids: CandidateIds,
    variable: Annotated[str, typer.Option(help="Where evolved instructions go.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write here.", dir_okay=False)] = None,
) -> None:
    """Put accepted candidates into a template; prints the YAML and saves no version."""
    with opened() as workspace:
        definition = load_definition(get_version(workspace, version_id_of(workspace, template)))
        chosen = candidates.load_candidates(workspace, candidate_ids)
    text = template_yaml(apply_candidates(definition, chosen, variable))
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        note(f"Written to {out}.")


@app.command("save")
def save_variant_(
    template: Template,
    candidate_id: Annotated[str, typer.Argument(help="An accepted variant of its prompt.")],
    as_json: AsJson = False,
) -> None:
    """Save an accepted prompt as a named version of the template."""
    with opened() as workspace:
        definition = load_definition(get_version(workspace, version_id_of(workspace, template)))
        candidate = candidates.load_candidates(workspace, [candidate_id])[0]
        version = save_variant(workspace, definition, candidate)
    print_record(version, as_json, leave_out=("definition",))


@app.command()
def scenarios(
    domain: Annotated[str, typer.Argument(help="Domain of the knowledge base.")],
    candidate_ids: CandidateIds,
) -> None:
    """Keep accepted instructions as scenarios of a domain."""
    with opened() as workspace:
        rows = scenario_rows(candidates.load_candidates(workspace, candidate_ids))
        added = add_entries(workspace, domain, "scenarios", rows)
    note(f"{added} scenarios added to {domain}.")
