"""Knowledge entries and a chunk's terms, as real plans and prompts take them."""

from pathlib import Path
from typing import Any

import pytest
from factories import DEFINITION, make_template
from sqlalchemy import event

from core.db.tables import DEFAULT_PROJECT_ID
from core.db.workspace import Workspace
from core.errors import SeedbedError
from core.generation.asking import Asker
from core.generation.batches import LaunchRequest
from core.generation.inputs import load_rows
from core.generation.lookahead import look_ahead
from core.generation.missing import material_of, plan_of, task_of
from core.jobs.extracting import extract_here
from core.jobs.launching import launch_batch
from core.sources.importing import import_source
from core.sources.knowledge.entries import add_entries, apply_edits, list_entries
from core.templates.chunk_terms import reads_terms
from core.templates.definition import TemplateDefinition, build_template
from core.templates.versions import load_definition

HANDBOOK = Path(__file__).resolve().parents[3] / "data" / "samples" / "bank_handbook.md"
WORDS = {"name": "word", "sampler": {"kind": "knowledge", "table": "terms"}}
TERMS = [{"term": "overdraft", "definition": "Below zero."}, {"term": "SEPA"}, {"term": "IBAN"}]


def definition(**changes: Any) -> TemplateDefinition:
    return build_template({**DEFINITION, **changes})


def test_every_entry_of_the_domain_is_drawn_once_before_any_again(workspace: Workspace) -> None:
    template = definition(variables=[WORDS], user="Explain {{ word.term }}: {{ word.definition }}")
    empty = look_ahead(workspace, template, n=6, seed=1, project_id=DEFAULT_PROJECT_ID)
    assert any("Add terms to the knowledge" in note for note in empty.notes), empty.notes
    add_entries(workspace, "banking", "terms", TERMS)
    add_entries(workspace, "legal", "terms", [{"term": "tort"}])
    look = look_ahead(workspace, template, n=6, seed=1, project_id=DEFAULT_PROJECT_ID)
    drawn = [row["word"]["term"] for row in look.rows]
    assert sorted(drawn[:3]) == sorted(drawn[3:]) == ["IBAN", "SEPA", "overdraft"]
    assert look.rows[drawn.index("overdraft")]["word"]["definition"] == "Below zero."


def test_a_batch_keeps_the_entries_of_its_launch(workspace: Workspace) -> None:
    add_entries(workspace, "banking", "terms", TERMS)
    version = make_template(workspace, variables=[WORDS], user="Explain {{ word.term }}.")
    batch = launch_batch(workspace, LaunchRequest(version.template_version_id, 3, seed=1))
    entries = list_entries(workspace, "banking", "terms")
    rows = [{"entry_id": e.entry_id, **e.fields, "term": e.fields["term"].upper()} for e in entries]
    apply_edits(workspace, "banking", "terms", rows[:2])
    plan = plan_of(workspace, batch, load_definition(version))
    ids = [row_id for i in range(3) for row_id in plan.row_ids(i).values()]
    kept = load_rows(workspace, batch.inputs, ids)
    assert sorted(row["term"] for row in kept.values()) == ["IBAN", "SEPA", "overdraft"]


def test_prompts_read_the_terms_of_their_chunk_in_one_query_a_block(workspace: Workspace) -> None:
    source = import_source(workspace, HANDBOOK)
    extract_here(workspace, source.source_id)
    version = make_template(
        workspace, source={"required": True},
        user="Terms: {{ chunk.terms | join(', ') }}. "
        "{% for e in chunk.entities %}{{ e.kind }} {{ e.text }} {% endfor %}{{ topic }}",
    )  # fmt: skip
    n = source.chunk_count
    batch = launch_batch(
        workspace,
        LaunchRequest(version.template_version_id, n, seed=1, source_ids=(source.source_id,)),
    )
    template = load_definition(version)
    plan, asker = plan_of(workspace, batch, template), Asker(batch, template)
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(workspace.engine, "before_cursor_execute", note)
    material = material_of(workspace, plan, batch.inputs, range(n))
    event.remove(workspace.engine, "before_cursor_execute", note)
    assert sum("term_mentions" in statement for statement in statements) == 1
    prompts = [task_of(asker, plan, i, material).request.messages[-1].content for i in range(n)]
    assert any("Terms: card, " in prompt or ", card," in prompt for prompt in prompts)
    assert any("organization Alder Bank" in prompt for prompt in prompts)


def test_terms_are_loaded_only_where_they_are_read() -> None:
    plain = definition(source={"required": True}, user="{{ chunk.text }} {{ topic }}")
    assert not reads_terms(plain)
    assert reads_terms(definition(source={"required": True}, user="{{ chunk.terms }} {{ topic }}"))
    assert reads_terms(
        definition(source={"required": True}, user="{{ chunk['entities'] }} {{ topic }}")
    )
    with pytest.raises(SeedbedError, match="no field is called 'termz'"):
        definition(source={"required": True}, user="{{ chunk.termz }} {{ topic }}")
