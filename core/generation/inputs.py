"""What a batch's variables draw from outside its template, frozen when it is launched.

A batch stores ids, not contents: rows of sources never change, and an edited knowledge entry stays
where it was. So every run of a batch, and every worker, has the same plan. A sample is read as a
person last corrected it.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import DEFAULT_PROJECT_ID, Chunk, Sample, Source
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.standing import corrections
from core.sources.browsing import chunk_ids, load_chunks
from core.sources.knowledge.entries import entry_ids, load_entries
from core.sources.parsing.kinds import TABLE_KINDS
from core.templates.definition import TemplateDefinition
from core.templates.planning.inputs import Input, input_variables
from core.templates.samplers.base import Sampler
from core.templates.samplers.knowledge import KnowledgeSampler
from core.templates.samplers.table_row import TableRowSampler
from core.text.hashing import canonical_json

if TYPE_CHECKING:
    from core.generation.batches import LaunchRequest

MAX_SAMPLES = 1_000_000
MAX_VALUE_CHARS = 64 * 1024
IDS_PER_QUERY = 500
KEYS = ("source_id", "entry_ids", "sample_ids", "value")


def key_of(sampler: Sampler) -> str:
    """The key, of KEYS, under which a variable of this kind keeps what was chosen for it."""
    if sampler.takes_value:
        return "value"
    if isinstance(sampler, TableRowSampler):
        return "source_id"
    return "entry_ids" if isinstance(sampler, KnowledgeSampler) else "sample_ids"


def freeze_inputs(
    session: Session, definition: TemplateDefinition, request: "LaunchRequest"
) -> dict[str, Any]:
    """What every variable draws from, as the batch's row keeps it; each under its `key_of`.

    What the request leaves open is chosen by the template: the living entries of its knowledge
    table, the source that it names, the default of a given value. Raises InvalidInput or NotFound,
    saying what to choose.
    """
    return _freeze(session, definition, request.inputs, request.project_id)


def plan_inputs(
    workspace: Workspace,
    definition: TemplateDefinition,
    project_id: str = DEFAULT_PROJECT_ID,
    chosen: Mapping[str, Any] | None = None,
) -> dict[str, Input]:
    """What a launch now would freeze, ready for a plan. Raises as `freeze_inputs` does."""
    if not input_variables(definition):
        _refuse_unknown(definition, chosen or {})
        return {}
    with workspace.read() as session:
        frozen = _freeze(session, definition, chosen or {}, project_id)
    return resolve_inputs(workspace, frozen, definition)


def resolve_inputs(
    workspace: Workspace, stored: Mapping[str, Any], definition: TemplateDefinition
) -> dict[str, Input]:
    """A batch's stored inputs as its plan takes them. Raises NotFound for a source that is gone."""
    found: dict[str, Input] = {}
    for name in input_variables(definition):
        kept = stored.get(name, {})
        if "source_id" in kept:
            found[name] = Input(row_ids=chunk_ids(workspace, [kept["source_id"]]))
        elif "value" in kept:
            found[name] = Input(value=kept["value"])
        else:
            found[name] = Input(row_ids=kept.get("entry_ids") or kept.get("sample_ids") or ())
    return found


def load_rows(
    workspace: Workspace, stored: Mapping[str, Any], row_ids: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Rows by id, each as {column: value}; ids that no table of these inputs has are left out."""
    ids = list(dict.fromkeys(row_ids))
    keys = {key for kept in stored.values() for key in kept}
    found: dict[str, dict[str, Any]] = {}
    if not ids:
        return found
    if "source_id" in keys:
        chunks = load_chunks(workspace, ids)
        found |= {chunk_id: dict(chunk.fields) for chunk_id, chunk in chunks.items()}
    if "entry_ids" in keys:
        found |= load_entries(workspace, ids)
    if "sample_ids" in keys:
        found |= _samples(workspace, ids)
    return found


def _samples(workspace: Workspace, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    waiting = iter(ids)
    found: dict[str, dict[str, Any]] = {}
    columns = (
        Sample.sample_id, Sample.input, Sample.response, Sample.output, Sample.variables,
        Chunk.text.label("chunk"),
    )  # fmt: skip
    rows = select(*columns).outerjoin(Chunk, Chunk.chunk_id == Sample.chunk_id)
    with workspace.read() as session:
        while group := list(islice(waiting, IDS_PER_QUERY)):
            corrected = corrections(session, group)
            for row in session.execute(rows.where(Sample.sample_id.in_(group))):
                text = corrected.get(row.sample_id)
                found[row.sample_id] = {
                    "input": text["input"] if text else row.input,
                    "response": text["response"] if text else row.response,
                    "output": (text["output"] if text else row.output) or {},
                    "variables": row.variables,
                    "chunk": row.chunk or "",
                }  # fmt: skip
    return found


# Freezing


def _freeze(
    session: Session, definition: TemplateDefinition, chosen: Mapping[str, Any], project_id: str
) -> dict[str, Any]:
    _refuse_unknown(definition, chosen)
    return {
        name: _frozen(session, definition, name, sampler, chosen.get(name), project_id)
        for name, sampler in input_variables(definition).items()
    }


def _refuse_unknown(definition: TemplateDefinition, chosen: Mapping[str, Any]) -> None:
    wanted = input_variables(definition)
    for name in chosen:
        if name not in wanted:
            raise InvalidInput(
                f"The template {definition.title!r} takes no input for {name!r}.",
                remedy=f"It takes some for {', '.join(wanted) or 'no variable'}.",
            )


def _frozen(
    session: Session,
    definition: TemplateDefinition,
    name: str,
    sampler: Sampler,
    choice: Any,
    project_id: str,
) -> dict[str, Any]:
    key = key_of(sampler)
    if choice is not None and (not isinstance(choice, Mapping) or list(choice) != [key]):
        raise InvalidInput(
            f"The input of {name!r} cannot be read.", remedy=f"Give it as {{{key!r}: …}}."
        )
    value = None if choice is None else choice[key]
    if sampler.takes_value:
        default = getattr(sampler, "default", None)
        return {key: _value(name, default if choice is None else value)}
    if isinstance(sampler, TableRowSampler):
        return {key: _table(session, name, sampler, value, project_id)}
    if isinstance(sampler, KnowledgeSampler):
        domain = sampler.domain or definition.domain
        living = entry_ids(session, domain, sampler.table, project_id)
        return {key: _listed(name, sampler, living if choice is None else value)}
    ids = _listed(name, sampler, value)
    _check_samples(session, name, ids, project_id)
    return {key: ids}


def _value(name: str, value: Any) -> Any:
    try:
        size = len(canonical_json(value))
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"The input of {name!r} is not JSON.", remedy="Correct it.") from error
    if size > MAX_VALUE_CHARS:
        raise InvalidInput(
            f"The input of {name!r} has {size:,} characters.",
            remedy=f"Use at most {MAX_VALUE_CHARS:,}.",
        )
    return value


def _listed(name: str, sampler: Sampler, ids: Any) -> list[str]:
    """The chosen ids. Raises InvalidInput where there are none, or too many."""
    if ids is not None and not (
        isinstance(ids, list | tuple) and all(isinstance(one, str) for one in ids)
    ):
        raise InvalidInput(f"The input of {name!r} is no list of ids.", remedy="Correct it.")
    if not ids:
        raise InvalidInput(
            f"The variable {name!r} takes rows, and there are none.", remedy=sampler.missing_input()
        )
    if len(ids) > MAX_SAMPLES:
        raise InvalidInput(
            f"The input of {name!r} lists {len(ids):,} rows.",
            remedy=f"Choose at most {MAX_SAMPLES:,}.",
        )
    return list(ids)


def _table(
    session: Session, name: str, sampler: TableRowSampler, source_id: Any, project_id: str
) -> str:
    wanted = sampler.source if source_id is None else str(source_id)
    source = session.get(Source, wanted)
    if source is None or source.project_id != project_id:
        newest = select(Source).where(Source.project_id == project_id, Source.name == wanted)
        source = session.scalars(newest.order_by(Source.created_at.desc()).limit(1)).first()
    if source is None:
        raise InvalidInput(
            f"The variable {name!r} reads the table {wanted!r}, and there is none.",
            remedy=sampler.missing_input(),
        )
    lacking = [column for column in sampler.columns if column not in source.columns]
    if source.kind not in TABLE_KINDS or not source.chunk_count or lacking:
        known = ", ".join(map(str, source.columns)) or "none"
        raise InvalidInput(
            f"The variable {name!r} reads {', '.join(sampler.columns)} of {source.name!r}, which "
            f"has {source.chunk_count:,} rows and the columns: {known}.",
            remedy="Choose another table or its columns.",
        )
    return source.source_id


def _check_samples(session: Session, name: str, ids: list[str], project_id: str) -> None:
    def known(group: list[str]) -> set[str]:
        query = select(Sample.sample_id).where(
            Sample.sample_id.in_(group), Sample.project_id == project_id
        )
        return set(session.scalars(query))

    for missing in _unknown(ids, known):
        raise NotFound(f"sample for {name!r}", missing)


def _unknown(ids: Iterable[str], known: Callable[[list[str]], set[str]]) -> Iterable[str]:
    waiting = iter(dict.fromkeys(ids))
    while group := list(islice(waiting, IDS_PER_QUERY)):
        found = known(group)
        yield from (one for one in group if one not in found)
