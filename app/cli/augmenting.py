"""`seedbed augment`: derive samples from samples."""

from typing import Annotated

import typer

from app.cli.batches import usd
from app.cli.expansions import Batches, Cap, DryRun, Guidance, Model, Provider, Seed, Wait
from app.cli.opening import opened
from app.cli.output import AsJson, print_record
from app.cli.waiting import launched, print_launched
from core.generation.expansion.augmentation import AugmentationRequest
from core.generation.expansion.parents import ParentChoice
from core.jobs.expanding import estimate_augmentation, launch_augmentation
from core.text.noise import NOISE_KINDS

app = typer.Typer()


@app.callback()
def _commands() -> None:
    """With a callback the one command keeps its name."""


@app.command()
def augment(
    operation: Annotated[
        str, typer.Argument(help="paraphrase, back_translation, persona, noise or swap.")
    ],
    batch: Batches = [],  # noqa: B006
    verdict: Annotated[
        str, typer.Option(help="accepted, needs_review, rejected or any.")
    ] = "accepted",
    at_most: Annotated[int, typer.Option(min=1, help="An even draw of so many samples.")] = 100,
    variants: Annotated[int, typer.Option(min=1, max=20, help="Per sample.")] = 1,
    changes: Annotated[str, typer.Option(help="input, response or both.")] = "",
    language: Annotated[str, typer.Option(help="back_translation: the middle language.")] = "",
    who: Annotated[str, typer.Option(help="persona: the new person in words.")] = "",
    rate: Annotated[float, typer.Option(help="noise: slips per word.")] = 0.08,
    slip: Annotated[list[str], typer.Option(help="noise: a kind; repeatable.")] = [],  # noqa: B006
    field: Annotated[list[str], typer.Option(help="swap: a variable; repeatable.")] = [],  # noqa: B006
    guidance: Guidance = "",
    provider: Provider = "offline",
    model: Model = "",
    seed: Seed = None,
    budget_usd: Cap = None,
    name: Annotated[str, typer.Option(help="Name of the batch.")] = "",
    wait: Wait = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Derive samples from samples. noise and swap ask no model."""
    request = AugmentationRequest(
        operation,
        ParentChoice(tuple(batch), verdict=None if verdict == "any" else verdict, at_most=at_most),
        variants=variants, changes=changes, language=language, who=who, rate=rate,
        slips=tuple(slip) or tuple(NOISE_KINDS), fields=tuple(field), guidance=guidance,
        connection=provider, model=model, seed=seed, budget_usd=usd(budget_usd), name=name,
    )  # fmt: skip
    with opened() as workspace:
        if dry_run:
            print_record(estimate_augmentation(workspace, request), as_json)
            return
        launched_batch = launch_augmentation(workspace, request)
        found = launched(workspace, launched_batch.batch_id, launched_batch.n, wait)
    print_launched(found, wait, as_json)
