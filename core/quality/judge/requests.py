"""The wish to have samples judged, as one launch for each judge.

A judging run is a batch of kind `judgement`: its plan is the samples, its answers the judgements.
So it has attempts, a budget, pause, resume and recovery like any other. Pairs are asked in both
orders, one after the other: plan index 2i shows the i-th pair as it stands, 2i + 1 swapped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select

from core.db.ids import new_id
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Template, TemplateVersion
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput
from core.generation.batches import LaunchRequest
from core.providers.connections import get_connection
from core.quality.judge.choosing import (
    JudgedChoice,
    SamplePair,
    chosen_pairs,
    chosen_samples,
    comparison_sides,
    judged_already,
)
from core.quality.judge.prompting import FORMS, SHOWN, Form, judge_definition
from core.quality.judge.rubric import RubricDefinition
from core.quality.judge.rubrics import get_rubric_version, load_rubric
from core.templates.definition import content_hash
from core.templates.versions import save_template

OPERATION: Final = "judge"
MAX_JUDGES: Final = 8
NOTE: Final = "Made from a rubric."


@dataclass(frozen=True)
class JudgeModel:
    """One judge: who is asked."""

    connection: str = "offline"
    model: str = ""  # "" takes the connection's default model


@dataclass(frozen=True)
class JudgingRequest:
    """What to judge, by which rubric, and who judges."""

    rubric_version_id: str
    judges: tuple[JudgeModel, ...] = (JudgeModel(),)
    form: Form = "score"
    choice: JudgedChoice = field(default_factory=JudgedChoice)  # for a score
    pairs: tuple[str, str] | None = None  # for pairs: two batches over the same plan
    comparison_id: str = ""  # for pairs: a comparison instead
    temperature: float | None = None  # None takes 0
    seed: int | None = None
    budget_usd: Decimal | None = None  # cap of each judge's batch
    concurrency: int | None = None
    mode: str = "live"  # or batch_api
    name: str = ""
    idempotency_key: str | None = None
    project_id: str = DEFAULT_PROJECT_ID
    created_by: str = LOCAL_ADMIN_ID


def judge_name(connection: str, model: str) -> str:
    """What a judgement says of who gave it."""
    return f"{connection} / {model}"


def judging_launches(workspace: Workspace, request: JudgingRequest) -> list[LaunchRequest]:
    """A batch for each judge that has something to judge, to be estimated or launched together.

    Raises InvalidInput where nothing is left to judge, and for what does not fit; NotFound.
    """
    _check(request)
    version = get_rubric_version(workspace, request.rubric_version_id)
    rubric = load_rubric(version)
    chosen = _chosen(workspace, request)
    template = _template_version(workspace, rubric, request)
    run_id = new_id("jdg")
    launches = []
    for place, judge in enumerate(request.judges):
        model = judge.model or get_connection(workspace, judge.connection).default_model
        left = _left(workspace, request, chosen, judge_name(judge.connection, model))
        if left:
            launches.append(
                _launch(request, rubric, template, JudgeModel(judge.connection, model), left, place)
            )
    if not launches:
        raise InvalidInput(_nothing_left(request, bool(chosen)), remedy="Choose other samples.")
    for launch in launches:
        launch.origin["run_id"] = run_id  # type: ignore[index]
    return launches


def _check(request: JudgingRequest) -> None:
    if request.form not in FORMS:
        raise InvalidInput(
            f"{request.form!r} is no form of judging.", remedy=f"Use {' or '.join(FORMS)}."
        )
    if not 1 <= len(request.judges) <= MAX_JUDGES:
        raise InvalidInput(
            f"{len(request.judges)} judges are named.", remedy=f"Name 1 to {MAX_JUDGES}."
        )
    if len(set(request.judges)) < len(request.judges):
        raise InvalidInput("A judge is named twice.", remedy="Name each model once.")
    has_pairs = request.pairs is not None or bool(request.comparison_id)
    if (request.form == "pair") != has_pairs:
        raise InvalidInput(
            "Pairs come from two batches, and scores from none.",
            remedy="Name two batches or a comparison for pairs alone.",
        )


def _chosen(workspace: Workspace, request: JudgingRequest) -> list[SamplePair]:
    """What is to be judged; the second of a pair is "" for a score."""
    if request.form == "score":
        ids = chosen_samples(workspace, request.choice, seed=request.seed or 0)
        return [SamplePair(sample_id, "") for sample_id in ids]
    a, b = request.pairs or comparison_sides(workspace, request.comparison_id)
    return chosen_pairs(workspace, a, b, at_most=request.choice.at_most, seed=request.seed or 0)


def _left(
    workspace: Workspace, request: JudgingRequest, chosen: list[SamplePair], judge: str
) -> list[SamplePair]:
    if request.choice.again:
        return chosen
    done = judged_already(workspace, request.rubric_version_id, judge, request.form)
    return [pair for pair in chosen if pair not in done]


def _nothing_left(request: JudgingRequest, has_some: bool) -> str:
    if has_some:
        return "These judges have judged all of it by this version of the rubric."
    if request.form == "pair":
        return "No two samples stand at the same place of both plans with different texts."
    if request.choice.which == "undecided" and not request.choice.sample_ids:
        return "No sample is undecided: heuristics and people have decided them all."
    return "No sample fits."


def _launch(
    request: JudgingRequest,
    rubric: RubricDefinition,
    template: TemplateVersion,
    judge: JudgeModel,
    left: Sequence[SamplePair],
    place: int,
) -> LaunchRequest:
    is_pair = request.form == "pair"
    what = f"{len(left):,} pairs in both orders" if is_pair else f"{len(left):,} samples"
    key = request.idempotency_key
    return LaunchRequest(
        template.template_version_id,
        2 * len(left) if is_pair else len(left),
        connection=judge.connection,
        model=judge.model,
        seed=request.seed,
        parameters={} if request.temperature is None else {"temperature": request.temperature},
        mode=request.mode,
        budget_usd=request.budget_usd,
        concurrency=request.concurrency,
        kind="judgement",
        name=(request.name or f"{rubric.title}: {what} by {judge.model}")[:200],
        inputs=_inputs(left, is_pair),
        origin={
            "operation": OPERATION,
            "form": request.form,
            "rubric_version_id": request.rubric_version_id,
            "which": request.choice.which if not is_pair else "",
            "batch_ids": list(request.pairs or request.choice.batch_ids),
            "comparison_id": request.comparison_id,
        },
        idempotency_key=None if key is None else f"{key}.{place}"[-100:],
        project_id=request.project_id,
        created_by=request.created_by,
    )


def _inputs(left: Sequence[SamplePair], is_pair: bool) -> dict[str, Any]:
    if not is_pair:
        return {"parent": {"sample_ids": [pair.sample_id for pair in left]}}
    both = [(first, second) for a, b in left for first, second in ((a, b), (b, a))]
    return {
        name: {"sample_ids": [shown[place] for shown in both]} for place, name in enumerate(SHOWN)
    }


def _template_version(
    workspace: Workspace, rubric: RubricDefinition, request: JudgingRequest
) -> TemplateVersion:
    """The version of the rubric's own template that asks this, made when missing."""
    definition = judge_definition(rubric, request.form)
    query = (
        select(Template.kind, TemplateVersion)
        .join(TemplateVersion, TemplateVersion.template_id == Template.template_id)
        .where(Template.project_id == request.project_id, Template.name == definition.name)
        .order_by(TemplateVersion.number.desc())
        .limit(1)
    )
    with workspace.read() as session:
        known = session.execute(query).one_or_none()
    if known is not None and known.kind != "judge":
        raise Conflict(
            f"A template of yours is called {definition.name!r}, as this judge's is.",
            remedy="Copy it under another name.",
        )
    # An estimate on a page asks with every keystroke: it must not wait for a writer's turn.
    if known is not None and known.TemplateVersion.content_hash == content_hash(definition):
        found: TemplateVersion = known.TemplateVersion
        return found
    return save_template(
        workspace, definition, NOTE, created_by=request.created_by, project_id=request.project_id,
        is_trusted=True, kind="judge",
    )  # fmt: skip
