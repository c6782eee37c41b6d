"""Which samples a judge is asked about: the undecided ones unless told otherwise, and pairs."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from core.db.tables import DEFAULT_PROJECT_ID, Batch, Comparison, Judgement, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.batches import KEPT_KINDS
from core.generation.samples import SampleFilter, sample_conditions
from core.templates.randomness import Permutation

Which = Literal["undecided", "all", "accepted", "rejected", "reviewed"]
WHICH: Final[tuple[Which, ...]] = ("undecided", "all", "accepted", "rejected", "reviewed")
MAX_JUDGED: Final = 50_000  # their ids stand on the batch
IDS_PER_QUERY: Final = 500
Item = TypeVar("Item")


@dataclass(frozen=True)
class JudgedChoice:
    """Which samples to judge. Only generated ones count."""

    batch_ids: tuple[str, ...] = ()  # () takes every batch
    sample_ids: tuple[str, ...] = ()  # exactly these; `which` and `batch_ids` then do not count
    template_id: str | None = None  # any version of this template
    which: Which = "undecided"  # undecided: heuristics ask for review and nobody has looked
    at_most: int = 500  # an even draw where more fit
    again: bool = False  # also what this judge has judged by this version of the rubric
    project_id: str = DEFAULT_PROJECT_ID


class SamplePair(NamedTuple):
    """Two samples of one plan index."""

    sample_id: str
    other_id: str


def chosen_samples(workspace: Workspace, choice: JudgedChoice, *, seed: int) -> list[str]:
    """The ids of the chosen samples, in order of batch and plan.

    Raises InvalidInput for a number out of bounds, a wish that does not exist or a batch whose
    samples are no training data; NotFound.
    """
    _check(choice)
    if choice.sample_ids:
        return _named(workspace, choice)
    with workspace.read() as session:
        for batch_id in choice.batch_ids:
            _check_batch(session, batch_id)
        query = select(Sample.sample_id).where(*_conditions(choice))
        found = list(session.scalars(query.order_by(Sample.batch_id, Sample.plan_index)))
    return _drawn(found, choice.at_most, seed)


def _check(choice: JudgedChoice) -> None:
    if choice.which not in WHICH:
        raise InvalidInput(
            f"{choice.which!r} is no choice of samples.", remedy=f"Use {', '.join(WHICH)}."
        )
    if not 1 <= choice.at_most <= MAX_JUDGED:
        raise InvalidInput(
            f"{choice.at_most} samples are to be judged.", remedy=f"Take 1 to {MAX_JUDGED:,}."
        )


def _check_batch(session: Session, batch_id: str) -> None:
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound("batch", batch_id)
    if batch.kind not in KEPT_KINDS:
        raise InvalidInput(
            f"The batch {batch.name!r} holds no training data.",
            remedy="Choose a generated or imported batch.",
        )


def _conditions(choice: JudgedChoice) -> list[ColumnElement[bool]]:
    verdict = {"undecided": "needs_review", "accepted": "accepted", "rejected": "rejected"}
    is_reviewed = {"undecided": False, "reviewed": True}
    return sample_conditions(
        SampleFilter(
            batch_ids=choice.batch_ids,
            template_id=choice.template_id,
            verdict=verdict.get(choice.which),
            is_reviewed=is_reviewed.get(choice.which),
            state="generated",
            project_id=choice.project_id,
        )
    )


def _named(workspace: Workspace, choice: JudgedChoice) -> list[str]:
    wanted = list(dict.fromkeys(choice.sample_ids))
    if len(wanted) > MAX_JUDGED:
        raise InvalidInput(
            f"{len(wanted):,} samples are named.", remedy=f"Name at most {MAX_JUDGED:,}."
        )
    query = (
        select(Sample.sample_id)
        .join(Batch, Batch.batch_id == Sample.batch_id)
        .where(
            Sample.project_id == choice.project_id,
            Sample.state == "generated",
            Batch.kind.in_(KEPT_KINDS),
        )
    )
    known: set[str] = set()
    with workspace.read() as session:
        for top in range(0, len(wanted), IDS_PER_QUERY):
            some = wanted[top : top + IDS_PER_QUERY]
            known.update(session.scalars(query.where(Sample.sample_id.in_(some))))
    if missing := [sample_id for sample_id in wanted if sample_id not in known]:
        raise InvalidInput(
            f"{missing[0]!r} is no sample that can be judged.", remedy="Name generated samples."
        )
    return wanted


def chosen_pairs(
    workspace: Workspace, a_batch_id: str, b_batch_id: str, *, at_most: int, seed: int
) -> list[SamplePair]:
    """Samples of both batches with the same plan index, both generated, by that index.

    Raises NotFound, InvalidInput.
    """
    _check(JudgedChoice(at_most=at_most))
    if a_batch_id == b_batch_id:
        raise InvalidInput("A pair needs two batches.", remedy="Choose another second batch.")
    a, b = aliased(Sample), aliased(Sample)
    query = (
        select(a.sample_id, b.sample_id)
        .join(b, b.plan_index == a.plan_index)
        .where(
            a.batch_id == a_batch_id,
            b.batch_id == b_batch_id,
            a.state == "generated",
            b.state == "generated",
            # Equal texts are no question to a judge.
            a.text_hash != b.text_hash,
        )
        .order_by(a.plan_index)
    )
    with workspace.read() as session:
        for batch_id in (a_batch_id, b_batch_id):
            _check_batch(session, batch_id)
        pairs = [SamplePair(*row) for row in session.execute(query)]
    return _drawn(pairs, at_most, seed)


def comparison_sides(workspace: Workspace, comparison_id: str) -> tuple[str, str]:
    """The two batches of a comparison. Raises NotFound."""
    with workspace.read() as session:
        comparison = session.get(Comparison, comparison_id)
    if comparison is None:
        raise NotFound("comparison", comparison_id)
    return comparison.a_batch_id, comparison.b_batch_id


def _drawn(found: list[Item], at_most: int, seed: int) -> list[Item]:
    if len(found) <= at_most:
        return found
    order = Permutation(len(found), "judged", seed)
    return [found[place] for place in sorted(order[i] for i in range(at_most))]


def judged_already(
    workspace: Workspace, rubric_version_id: str, judge: str, form: str
) -> set[tuple[str, str]]:
    """(sample, other) of what this judge has judged by this version; other is "" for a score."""
    is_pair = form == "pair"
    query = select(Judgement.sample_id, Judgement.other_id).where(
        Judgement.rubric_version_id == rubric_version_id,
        Judgement.judge == judge,
        Judgement.other_id.is_not(None) if is_pair else Judgement.other_id.is_(None),
    )
    with workspace.read() as session:
        return {(row[0], row[1] or "") for row in session.execute(query)}
