"""Which samples others are derived from: chosen by batch, verdict and number, evenly by a seed."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from core.db.tables import DEFAULT_PROJECT_ID, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.samples import SampleFilter, sample_conditions
from core.templates.randomness import Permutation

MAX_PARENTS: Final = 10_000  # their ids stand on the batch


@dataclass(frozen=True)
class ParentChoice:
    """Which samples to derive from. Only generated ones count."""

    batch_ids: tuple[str, ...] = ()  # empty: all batches, without samples that are derived
    sample_ids: tuple[str, ...] = ()  # exactly these; the other fields then do not count
    template_id: str | None = None  # any version of this template
    verdict: str | None = "accepted"  # None takes any
    at_most: int = 100
    project_id: str = DEFAULT_PROJECT_ID


def parent_ids(workspace: Workspace, choice: ParentChoice, *, seed: int) -> list[str]:
    """The ids of the chosen samples; where there are more than wanted, an even draw of them.

    Raises InvalidInput for a number out of bounds or an unknown sample.
    """
    if not 1 <= choice.at_most <= MAX_PARENTS:
        raise InvalidInput(
            f"{choice.at_most} samples are to be taken.", remedy=f"Take 1 to {MAX_PARENTS:,}."
        )
    if choice.sample_ids:
        return _named(workspace, choice)
    wanted = SampleFilter(
        batch_ids=choice.batch_ids,
        template_id=choice.template_id,
        verdict=choice.verdict,
        state="generated",
        project_id=choice.project_id,
    )
    query = (
        select(Sample.sample_id)
        .where(*sample_conditions(wanted))
        .order_by(Sample.batch_id, Sample.plan_index)
    )
    if not choice.batch_ids:
        query = query.where(Sample.parent_id.is_(None))
    with workspace.read() as session:
        found = list(session.scalars(query))
    if len(found) <= choice.at_most:
        return found
    order = Permutation(len(found), "parents", seed)
    return [found[place] for place in sorted(order[i] for i in range(choice.at_most))]


def _named(workspace: Workspace, choice: ParentChoice) -> list[str]:
    wanted = list(dict.fromkeys(choice.sample_ids))
    if len(wanted) > MAX_PARENTS:
        raise InvalidInput(
            f"{len(wanted)} samples are named.", remedy=f"Name at most {MAX_PARENTS:,}."
        )
    query = select(Sample.sample_id).where(
        Sample.project_id == choice.project_id, Sample.state == "generated"
    )
    with workspace.read() as session:
        known: set[str] = set()
        for top in range(0, len(wanted), 500):
            some = wanted[top : top + 500]
            known.update(session.scalars(query.where(Sample.sample_id.in_(some))))
    if missing := [sample_id for sample_id in wanted if sample_id not in known]:
        raise InvalidInput(
            f"{missing[0]!r} is no sample with a text.", remedy="Name generated samples."
        )
    return wanted
