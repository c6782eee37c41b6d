"""Candidates: what an expansion answered, one row each, until a person has decided.

Made from the batch's samples without a model or vectors, as often as wanted: a sample is read once.
Whether a candidate means the same as a known text is measured later (`expansion_comparing`).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import (
    DEFAULT_PROJECT_ID,
    LOCAL_ADMIN_ID,
    Batch,
    Candidate,
    Sample,
    TemplateVersion,
)
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.expansion.variants import Prompts, problem_of
from core.templates.definition import TemplateDefinition
from core.templates.versions import load_definition
from core.text.hashing import storable

STATES: Final = ("proposed", "duplicate", "invalid", "accepted", "rejected")
DECISIONS: Final = ("accepted", "rejected", "proposed")  # the last takes a decision back
MAX_CHARS: Final = 2000  # of a value; a longer one is no value
MARKER: Final = re.compile(r"^\s*(?:[-*•]\s+|\d{1,3}[.)]\s+)")
QUOTES: Final = "\"'“”„‘’«»`"


@dataclass(frozen=True)
class Proposal:
    """One thing that an answer proposes."""

    text: str
    details: dict[str, Any] = field(default_factory=dict)
    problem: str = ""  # why it cannot be used, where that is certain
    identity: str = ""  # what makes it equal to another; "" is the text

    @property
    def key(self) -> str:
        """Equal for proposals that say the same."""
        return plain(self.identity or self.text)


def gather_candidates(workspace: Workspace, batch_id: str) -> int:
    """Store what the batch's answers propose, and return how many rows came new.

    Texts that are known but for case, white space and the mark at the end are marked as duplicates
    here, the known ones being the list as it was at the launch, what was proposed for it before,
    and the batch's own earlier ones. Raises NotFound.
    """
    with workspace.write() as session:
        batch = session.get(Batch, batch_id, with_for_update=True)
        if batch is None:
            raise NotFound("batch", batch_id)
        read = set(session.scalars(select(Candidate.sample_id).where(_of(batch_id))))
        samples = session.scalars(
            select(Sample)
            .where(Sample.batch_id == batch_id, Sample.state == "generated")
            .order_by(Sample.plan_index)
        )
        known = {plain(text): text for text in known_texts(session, batch)}
        proposals = _READERS[batch.origin["operation"]]
        definition = _definition(session, batch)
        rows = []
        for sample in samples:
            if sample.sample_id in read:
                continue
            for place, proposal in enumerate(proposals(sample, batch, definition)):
                rows.append(_row(batch, sample, place, proposal, known))
                if not proposal.problem:
                    known.setdefault(proposal.key, proposal.text)
        session.add_all(rows)
    return len(rows)


def _of(batch_id: str) -> Any:
    return Candidate.batch_id == batch_id


def _definition(session: Session, batch: Batch) -> TemplateDefinition:
    version = session.get_one(TemplateVersion, batch.origin["template_version_id"])
    return load_definition(version)


def known_texts(session: Session, batch: Batch) -> list[str]:
    """What a candidate of this batch must differ from: the list as it was, and other candidates.

    Rejected candidates count: what a person did not want is not proposed again.
    """
    known = [str(text) for text in batch.origin.get("known", ())]
    if batch.origin["operation"] == "rewrite_prompt":
        return known  # variants of a prompt are alike on purpose
    alike = ("operation", "template_id", "variable", "parent_value")
    others = [
        other.batch_id
        for other in session.scalars(
            select(Batch).where(Batch.kind == "expansion", Batch.created_at < batch.created_at)
        )
        if all(other.origin.get(name) == batch.origin.get(name) for name in alike)
    ]
    query = select(Candidate.text).where(
        Candidate.batch_id.in_(others), Candidate.state.in_(("proposed", "accepted", "rejected"))
    )
    return [*known, *session.scalars(query.order_by(Candidate.candidate_id))]


def plain(text: str) -> str:
    """The text as it counts for equality: case, white space and a mark at the end do not."""
    return " ".join(text.casefold().split()).rstrip(" .;,:!?")


def _row(
    batch: Batch, sample: Sample, place: int, proposal: Proposal, known: Mapping[str, str]
) -> Candidate:
    parent = str(proposal.details.get("parent", ""))
    twin = parent if plain(parent) == proposal.key else known.get(proposal.key, "")
    twin = "" if proposal.problem else twin
    state = "invalid" if proposal.problem else "duplicate" if twin else "proposed"
    details = dict(proposal.details)
    if proposal.problem:
        details["reason"] = proposal.problem
    return Candidate(
        # The place within the answer makes the id, so that no answer is read into rows twice.
        candidate_id=f"cnd_{sample.sample_id.removeprefix('smp_')}_{place:03}",
        batch_id=batch.batch_id,
        sample_id=sample.sample_id,
        operation=batch.origin["operation"],
        text=storable(proposal.text),
        details=details,
        nearest_text=twin,
        similarity=1.0 if twin else None,
        state=state,
        project_id=batch.project_id,
        created_by=batch.created_by,
    )


Reader = Callable[[Sample, Batch, TemplateDefinition], Iterator[Proposal]]


def _values(sample: Sample, batch: Batch, definition: TemplateDefinition) -> Iterator[Proposal]:
    del definition
    details = {name: batch.origin.get(name, "") for name in ("variable", "parent_value")}
    details["angle"] = sample.variables.get("angle", "")
    for text in (sample.output or {}).get("proposals", ()):
        value = tidy(str(text))
        if value and len(value) <= MAX_CHARS:
            yield Proposal(value, details)


def tidy(text: str) -> str:
    """A value without a list's marker, quotes around it, or line breaks."""
    value = " ".join(MARKER.sub("", text).split())
    if len(value) > 1 and value[0] in QUOTES and value[-1] in QUOTES:
        value = value[1:-1].strip()
    return value


def _variants(sample: Sample, batch: Batch, definition: TemplateDefinition) -> Iterator[Proposal]:
    output = sample.output or {}
    step = batch.origin.get("step", "")
    prompts = Prompts(str(output["system"]), str(output["user"]), step)
    yield Proposal(
        prompts.user,
        {
            "system": prompts.system, "user": prompts.user, "step": step,
            "manner": sample.variables.get("manner", ""), "changes": str(output.get("changes", "")),
        },
        problem_of(definition, prompts),
        identity=f"{prompts.system}\n{prompts.user}",
    )  # fmt: skip


def _instructions(
    sample: Sample, batch: Batch, definition: TemplateDefinition
) -> Iterator[Proposal]:
    del batch, definition
    output, parent = sample.output or {}, sample.variables.get("parent") or {}
    text = str(output["instruction"]).strip()
    if text:
        yield Proposal(
            text,
            {
                "direction": sample.variables.get("way", ""),
                "parent_id": sample.parent_id or "",
                "parent": str(parent.get("input", "") if isinstance(parent, Mapping) else parent),
                "goal": str(output.get("goal", "")),
                "difficulty": str(output.get("difficulty", "")),
            },
        )


_READERS: Final[dict[str, Reader]] = {
    "grow_values": _values, "rewrite_prompt": _variants, "evolve": _instructions,
}  # fmt: skip


def list_candidates(
    workspace: Workspace,
    *,
    batch_id: str | None = None,
    template_id: str | None = None,
    operation: str | None = None,
    states: Sequence[str] = STATES,
    project_id: str = DEFAULT_PROJECT_ID,
    limit: int = 500,
    offset: int = 0,
) -> list[Candidate]:
    """Candidates as their answers gave them, the newest batch first. Raises NotFound."""
    query = (
        select(Candidate)
        .join(Batch, Batch.batch_id == Candidate.batch_id)
        .join(Sample, Sample.sample_id == Candidate.sample_id)
        .where(Candidate.project_id == project_id, Candidate.state.in_(states))
        .order_by(
            Batch.created_at.desc(), Batch.batch_id, Sample.plan_index, Candidate.candidate_id
        )
    )
    if operation is not None:
        query = query.where(Candidate.operation == operation)
    with workspace.read() as session:
        if batch_id is not None:
            if session.get(Batch, batch_id) is None:
                raise NotFound("batch", batch_id)
            query = query.where(_of(batch_id))
        if template_id is not None:
            own = _batches_of(session, template_id)
            query = query.where(Candidate.batch_id.in_(own))
        return list(session.scalars(query.limit(limit).offset(offset)))


def _batches_of(session: Session, template_id: str) -> list[str]:
    batches = session.scalars(select(Batch).where(Batch.kind == "expansion"))
    return [b.batch_id for b in batches if b.origin.get("template_id") == template_id]


def list_expansions(
    workspace: Workspace,
    *,
    template_id: str | None = None,
    operation: str | None = None,
    project_id: str = DEFAULT_PROJECT_ID,
    limit: int = 50,
) -> list[Batch]:
    """Batches of kind `expansion`, the newest first."""
    query = (
        select(Batch)
        .where(Batch.kind == "expansion", Batch.project_id == project_id)
        .order_by(Batch.created_at.desc(), Batch.batch_id.desc())
    )
    with workspace.read() as session:
        found = [
            batch for batch in session.scalars(query)
            if template_id in (None, batch.origin.get("template_id"))
            and operation in (None, batch.origin.get("operation"))
        ]  # fmt: skip
    return found[:limit]


def load_candidates(workspace: Workspace, candidate_ids: Sequence[str]) -> list[Candidate]:
    """These candidates, in this order. Raises NotFound for an unknown one."""
    with workspace.read() as session:
        return _load(session, candidate_ids)


def _load(session: Session, candidate_ids: Sequence[str]) -> list[Candidate]:
    query = select(Candidate).where(Candidate.candidate_id.in_(candidate_ids))
    by_id = {row.candidate_id: row for row in session.scalars(query)}
    for candidate_id in candidate_ids:
        if candidate_id not in by_id:
            raise NotFound("candidate", candidate_id)
    return [by_id[candidate_id] for candidate_id in candidate_ids]


def decide_candidates(
    workspace: Workspace,
    candidate_ids: Sequence[str],
    decision: str,
    *,
    decided_by: str = LOCAL_ADMIN_ID,
) -> list[Candidate]:
    """Accept, reject or reopen candidates, all of them or none.

    A duplicate can be accepted all the same; an invalid one cannot. Raises InvalidInput, NotFound.
    """
    if decision not in DECISIONS:
        raise InvalidInput(f"{decision!r} is no decision.", remedy=f"Use {', '.join(DECISIONS)}.")
    with workspace.write() as session:
        rows = _load(session, list(dict.fromkeys(candidate_ids)))
        for row in rows:
            reason = row.details.get("reason", "")
            if reason and decision == "accepted":
                raise InvalidInput(f"It cannot be used: {reason}", remedy="Reject it.")
            row.state = "invalid" if reason and decision == "proposed" else decision
            row.details = {**row.details, "decided_by": decided_by}
    return rows
