"""What variables draw from outside the template: frozen at the launch, the same in every run."""

import threading
from typing import Any

import pytest
from factories import make_batch, make_samples, make_template
from sqlalchemy import select

from core.db.tables import Batch, Chunk, Sample, Source, TemplateVersion
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.batches import LaunchRequest, get_batch
from core.generation.choosing import chosen
from core.generation.inputs import load_rows, plan_inputs, resolve_inputs
from core.jobs.launching import launch_batch
from core.jobs.running.queue import prepare_queue
from core.jobs.workflows import WorkerContext, run_batch
from core.sources.knowledge.entries import apply_edits, list_entries
from core.templates.versions import load_definition


@pytest.fixture
def ready(any_workspace: Workspace) -> Workspace:
    prepare_queue(any_workspace)
    return any_workspace


@pytest.fixture
def local(workspace: Workspace) -> Workspace:
    prepare_queue(workspace)
    return workspace


def template(workspace: Workspace, **samplers: Any) -> TemplateVersion:
    """A template whose prompt shows each of these variables as JSON."""
    variables = [{"name": name, "sampler": sampler} for name, sampler in samplers.items()]
    shown = " ".join(f"{{{{ {name} | tojson }}}}" for name in samplers)
    return make_template(workspace, variables=variables, user=f"Write about {shown}.")


def launch(workspace: Workspace, version: TemplateVersion, n: int = 6, **changes: Any) -> Batch:
    request = LaunchRequest(version.template_version_id, n, **{"seed": 1} | changes)
    return launch_batch(workspace, request)


def run(workspace: Workspace, batch: Batch) -> list[Sample]:
    context = WorkerContext(workspace, "wrk_test", threading.Event())
    assert run_batch(context, batch.batch_id) == "completed"
    with workspace.read() as session:
        query = select(Sample).where(Sample.batch_id == batch.batch_id)
        return list(session.scalars(query.order_by(Sample.plan_index)))


def add_table(workspace: Workspace, name: str = "cities.csv", rows: int = 4) -> str:
    source_id = f"src_{name.partition('.')[0]}"
    with workspace.write() as session:
        session.add(
            Source(
                source_id=source_id, name=name, kind="csv", content_hash=name, size_bytes=1,
                chunk_count=rows, columns=["city", "size"],
            )
        )  # fmt: skip
        session.flush()
        session.add_all(
            Chunk(
                chunk_id=f"{source_id}_{place}", source_id=source_id, ordinal=place, start_char=0,
                end_char=1, text=f"city {place}", text_hash=str(place),
                fields={"city": f"City {place}", "size": str(place)},
            )
            for place in range(rows)
        )  # fmt: skip
    return source_id


TABLE = {"kind": "table_row", "source": "cities.csv", "columns": ["city"]}
RULES = {"kind": "knowledge", "table": "rules"}
GIVEN = {"kind": "given", "default": {"tone": "plain"}}
PARENT = {"kind": "parent_sample"}


def rule(number: int) -> dict[str, str]:
    return {"rule": f"Rule {number}", "condition": "always", "consequence": "none"}


def test_every_row_of_a_table_is_used_before_any_again(ready: Workspace) -> None:
    source_id = add_table(ready)
    batch = launch(ready, template(ready, place=TABLE), n=8)
    assert batch.inputs == {"place": {"source_id": source_id}}
    cities = [sample.variables["place"]["city"] for sample in run(ready, batch)]
    assert sorted(cities) == sorted([f"City {place}" for place in range(4)] * 2)


def test_an_edited_knowledge_base_changes_no_batch_that_was_launched(ready: Workspace) -> None:
    apply_edits(ready, "banking", "rules", [rule(1), rule(2), rule(3)])
    version = template(ready, law=RULES)
    batch = launch(ready, version)
    frozen = [entry.entry_id for entry in list_entries(ready, "banking", "rules")]
    assert batch.inputs == {"law": {"entry_ids": frozen}}
    apply_edits(ready, "banking", "rules", [rule(9)])
    laws = {sample.variables["law"]["rule"] for sample in run(ready, batch)}
    assert laws == {"Rule 1", "Rule 2", "Rule 3"}
    later = launch(ready, version)
    assert {s.variables["law"]["rule"] for s in run(ready, later)} == {"Rule 9"}
    assert later.fingerprint != batch.fingerprint
    same = launch(ready, version, inputs={"law": {"entry_ids": frozen}})
    assert same.fingerprint == batch.fingerprint


def test_a_derived_sample_knows_its_parent(ready: Workspace) -> None:
    parents = make_samples(ready, make_batch(ready), 3)
    version = template(ready, parent=PARENT, style=GIVEN)
    ids = [parent.sample_id for parent in parents]
    batch = launch(
        ready, version, n=6, kind="augmentation", origin={"operation": "paraphrase"},
        inputs={"parent": {"sample_ids": ids}, "style": {"value": "short"}},
    )  # fmt: skip
    assert (batch.kind, batch.origin) == ("augmentation", {"operation": "paraphrase"})
    derived = run(ready, batch)
    assert [sample.parent_id for sample in derived] == ids * 2
    assert derived[0].variables["parent"]["response"] == parents[0].response
    assert {sample.variables["style"] for sample in derived} == {"short"}


def test_a_given_value_that_the_launch_leaves_open_is_the_default(local: Workspace) -> None:
    batch = launch(local, template(local, style=GIVEN), n=1)
    assert batch.inputs == {"style": {"value": {"tone": "plain"}}}
    assert run(local, batch)[0].variables["style"] == {"tone": "plain"}


def test_what_a_plan_shows_is_what_a_launch_freezes(local: Workspace) -> None:
    add_table(local)
    apply_edits(local, "banking", "rules", [rule(1)])
    version = template(local, place=TABLE, law=RULES, style=GIVEN)
    definition = load_definition(version)
    batch = launch(local, version)
    assert plan_inputs(local, definition) == resolve_inputs(local, batch.inputs, definition)
    ids = [
        row_id for chosen in plan_inputs(local, definition).values() for row_id in chosen.row_ids
    ]
    rows = load_rows(local, get_batch(local, batch.batch_id).inputs, [*ids, "src_gone_1"])
    assert set(rows) == set(ids)


@pytest.mark.parametrize(
    ("sampler", "chosen", "words"),
    [
        (TABLE, None, "there is none"),
        (RULES, None, "there are none"),
        (PARENT, None, "there are none"),
        (PARENT, {"sample_ids": []}, "there are none"),
        (PARENT, {"sample_ids": "smp_1"}, "no list of ids"),
        (PARENT, {"value": 1}, "cannot be read"),
        (GIVEN, {"value": "x" * 70_000}, "characters"),
        (GIVEN, {"value": 1, "more": 2}, "cannot be read"),
        (GIVEN, "short", "cannot be read"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_and_say_what_to_choose(
    local: Workspace, sampler: dict[str, Any], chosen: Any, words: str
) -> None:
    version = template(local, it=sampler)
    inputs = {} if chosen is None else {"it": chosen}
    with pytest.raises(InvalidInput, match=words) as refused:
        launch(local, version, inputs=inputs)
    assert refused.value.remedy


def test_a_parent_that_is_not_there_and_an_input_of_no_variable_are_refused(
    local: Workspace,
) -> None:
    version = template(local, parent=PARENT)
    with pytest.raises(NotFound):
        launch(local, version, inputs={"parent": {"sample_ids": ["smp_gone"]}})
    with pytest.raises(InvalidInput, match="takes no input for 'other'"):
        launch(local, make_template(local, "plain"), inputs={"other": {"value": 1}})


def test_a_table_without_the_column_is_refused(local: Workspace) -> None:
    add_table(local)
    version = template(local, place={**TABLE, "columns": ["mayor"]})
    with pytest.raises(InvalidInput, match=r"mayor of 'cities.csv', which has 4 rows"):
        launch(local, version)


def test_a_templates_own_model_is_where_a_launch_starts_from(local: Workspace) -> None:
    own = {"connection": "openai", "model": "gpt-x"}
    version = make_template(local, "modelled", model=own)

    def named(**values: Any) -> tuple[str, str]:
        found = chosen(local, LaunchRequest(version.template_version_id, 1, **values))
        return found.connection, found.model

    assert named() == ("openai", "gpt-x")
    assert named(model="gpt-y") == ("openai", "gpt-y")
    assert named(connection="openai") == ("openai", "gpt-x")
    assert named(connection="offline") == ("offline", "offline-1")
    with pytest.raises(NotFound):
        named(connection="gone")
