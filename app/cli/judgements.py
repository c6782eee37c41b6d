"""`seedbed judgements`: launch, list, report."""

from typing import Annotated, get_args

import typer

from app.cli.batches import usd
from app.cli.expansions import Batches, Cap, DryRun, Seed, Wait
from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, print_json, print_rows
from app.cli.waiting import launched, print_launched
from core.errors import InvalidInput
from core.jobs.judging import estimate_judging, launch_judging
from core.quality.judge.browsing import list_judgements
from core.quality.judge.choosing import WHICH, JudgedChoice, Which
from core.quality.judge.report import JudgingReport, judging_report
from core.quality.judge.requests import JudgeModel, JudgingRequest
from core.quality.judge.rubrics import get_rubric
from core.quality.judge.statistics import Range

app = typer.Typer(help="Have judges score samples by a rubric.", no_args_is_help=True)

Rubric = Annotated[str, typer.Argument(help="Name or id of a rubric.")]


def _judge(text: str) -> JudgeModel:
    connection, _, model = text.partition(":")
    return JudgeModel(connection, model)


def _which(text: str) -> Which:
    if text not in WHICH:
        raise InvalidInput(
            f"{text!r} is no choice of samples.", remedy=f"Use {', '.join(get_args(Which))}."
        )
    return text


@app.command()
def launch(
    rubric: Rubric,
    judge: Annotated[
        list[str], typer.Option(help="connection or connection:model; repeatable.")
    ] = ["offline"],  # noqa: B006 Typer copies the default of an option
    batch: Batches = [],  # noqa: B006
    which: Annotated[
        str, typer.Option(help="undecided, all, accepted, rejected or reviewed.")
    ] = "undecided",
    at_most: Annotated[int, typer.Option(min=1, help="An even draw of so many.")] = 500,
    again: Annotated[bool, typer.Option("--again", help="Also what was judged before.")] = False,
    pair: Annotated[list[str], typer.Option(help="Two batches to judge in pairs.")] = [],  # noqa: B006
    comparison: Annotated[str, typer.Option(help="Judge the pairs of a comparison.")] = "",
    seed: Seed = None,
    budget_usd: Cap = None,
    wait: Wait = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Have samples judged: the undecided ones, or pairs in both orders."""
    if pair and len(pair) != 2:
        raise InvalidInput("Pairs come from two batches.", remedy="Give --pair twice.")
    with opened() as workspace:
        request = JudgingRequest(
            get_rubric(workspace, rubric).latest.rubric_version_id,
            tuple(_judge(text) for text in judge),
            "pair" if pair or comparison else "score",
            JudgedChoice(tuple(batch), which=_which(which), at_most=at_most, again=again),
            pairs=(pair[0], pair[1]) if pair else None, comparison_id=comparison, seed=seed,
            budget_usd=usd(budget_usd),
        )  # fmt: skip
        if dry_run:
            print_json(estimate_judging(workspace, request))
            return
        batches = launch_judging(workspace, request)
        found = [launched(workspace, one.batch_id, one.n, wait) for one in batches]
    if as_json:
        print_json(found)
        return
    for one in found:
        print_launched(one, wait, as_json)
    note(f"What they say: seedbed judgements report {rubric}")


@app.command("list")
def list_(
    rubric: Annotated[str, typer.Option(help="Only by its newest version.")] = "",
    sample: Annotated[str, typer.Option(help="Only of this sample.")] = "",
    batch: Annotated[str, typer.Option(help="Only of this judge's batch.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List judgements, newest first."""
    with opened() as workspace:
        version_id = get_rubric(workspace, rubric).latest.rubric_version_id if rubric else None
        rows = list_judgements(
            workspace, rubric_version_id=version_id, sample_id=sample or None,
            judging_id=batch or None, limit=limit,
        )  # fmt: skip
    print_rows(rows, ["sample_id", "judge", "score", "preferred", "scores"], as_json)


@app.command()
def report(
    rubric: Rubric,
    batch: Batches = [],  # noqa: B006
    threshold: Annotated[float | None, typer.Option(help="The score that passes.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show scores, agreement, position bias and calibration of a rubric's newest version."""
    with opened() as workspace:
        version_id = get_rubric(workspace, rubric).latest.rubric_version_id
        found = judging_report(workspace, version_id, batch_ids=batch, threshold=threshold)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: JudgingReport) -> None:
    print_rows(found.judges, ["judge", "samples", "mean_score", "sd", "cost_usd"], False)
    note(f"Agreement of judges, Krippendorff's alpha: {_range(found.alpha)}")
    for judge, bias in found.position.items():
        note(
            f"{judge}: same answer in both orders for {_range(bias.consistent)} of {bias.pairs} "
            f"pairs; the first place twice in {bias.first_twice}, the second in "
            f"{bias.second_twice} (p = {bias.p_value:.3g})."
        )
    for judge, one in found.calibration.items():
        note(
            f"{judge} beside people: Spearman {_range(one.spearman)} over {one.samples} samples; "
            f"right for {_range(one.confusion.right)} at {one.confusion.threshold:g}."
        )


def _range(found: Range | None) -> str:
    return "-" if found is None else f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
