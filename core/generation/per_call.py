"""What one call of each step takes: measured where the step was asked before, else assumed.

A step's prompt holds the answers before it, which nobody knows before they are there. They are
made up from the steps' schemas: with texts as long as `ASSUMED_FILL` of the output limit for what
is expected, and as long as all of it for the most that can come.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from core.db.tables import Attempt, Batch
from core.db.workspace import Workspace
from core.generation.asking import Task
from core.generation.batches import LaunchRequest
from core.generation.probing import CHARS_PER_TOKEN, Probe

ASSUMED_FILL = 0.5  # of max_output_tokens, where no preview was measured
ASSUMED_LATENCY_S = 4.0
SPREAD = 0.25  # how far the true mean may lie from a measured one
ASSUMED_SPREAD = 0.6


@dataclass(frozen=True)
class PerCall:
    """One call of one step, on average."""

    input_tokens: float
    output_tokens: float
    latency_s: float
    spread: float  # how far the true mean may lie from these, as a share
    measured: int  # calls that it rests on; 0: assumed


@dataclass(frozen=True)
class Prompts:
    """A few prompts of one step."""

    expected: list[int]  # sizes in bytes
    longest: list[int]  # the same after answers that use all they may
    most_output: int  # output limit in tokens


def prompts_of(probe: Probe, first: int, count: int) -> list[Prompts]:
    """Prompts of each step, of `count` samples from plan index `first` on."""
    tasks = list(probe.tasks(range(first, first + count)))
    expected = [_sizes(probe, task, ASSUMED_FILL) for task in tasks]
    longest = [_sizes(probe, task, 1.0) for task in tasks]
    return [
        Prompts(
            [sizes[k] for sizes in expected], [sizes[k] for sizes in longest],
            step.max_output_tokens,
        )
        for k, step in enumerate(probe.steps)
    ]  # fmt: skip


def _sizes(probe: Probe, task: Task, fill: float) -> list[int]:
    sizes: list[int] = []
    following: Task | None = task
    for step in probe.steps:
        if following is not None:
            sizes.append(sum(len(m.content.encode()) for m in following.request.messages))
            following = probe.standing_in(following, fill)
        else:
            # A made-up answer did not fit this prompt: it counts as the one before with its answer.
            sizes.append(sizes[-1] + int(step.max_output_tokens * fill * CHARS_PER_TOKEN))
    return sizes


def measured(workspace: Workspace, request: LaunchRequest) -> dict[int, PerCall]:
    """Averages by step, of the same template version and model."""
    query: Any = (
        select(
            Attempt.step,
            func.count(),
            func.avg(Attempt.input_tokens),
            func.avg(Attempt.output_tokens),
            func.avg(Attempt.latency_ms),
        )
        .join(Batch, Batch.batch_id == Attempt.batch_id)
        .where(
            Batch.template_version_id == request.template_version_id,
            Batch.connection == request.connection,
            Batch.model == request.model,
            Attempt.state == "succeeded",
            Attempt.input_tokens.is_not(None),
        )
        .group_by(Attempt.step)
    )
    with workspace.read() as session:
        rows = session.execute(query).all()
    return {
        step: PerCall(
            float(tokens_in), float(tokens_out),
            ASSUMED_LATENCY_S if latency_ms is None else float(latency_ms) / 1000, SPREAD, calls,
        )
        for step, calls, tokens_in, tokens_out, latency_ms in rows
    }  # fmt: skip


def assumed(prompts: Prompts) -> PerCall:
    """A step that nobody asked yet, by the length of its prompts."""
    return PerCall(
        sum(prompts.expected) / len(prompts.expected) / CHARS_PER_TOKEN,
        prompts.most_output * ASSUMED_FILL,
        ASSUMED_LATENCY_S,
        ASSUMED_SPREAD,
        0,
    )


def basis_of(per_step: list[PerCall]) -> str:
    """What the figures rest on, in words."""
    calls = sum(step.measured for step in per_step)
    if not calls:
        return "assumed from the prompts' length; a preview measures it"
    words = f"measured on {calls:,} calls of this template version and model"
    unknown = sum(not step.measured for step in per_step)
    if unknown:
        words += f", and assumed for {unknown} of its {len(per_step)} steps"
    return words
