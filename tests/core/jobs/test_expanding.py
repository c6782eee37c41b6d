"""Expansions on both databases: a batch of its own, its answers as candidates, decisions."""

import json
import threading
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from factories import make_batch, make_samples, make_template
from invariants import assert_invariants

from core.db.tables import Batch, Candidate, TemplateVersion
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.batches import batch_log, get_batch
from core.generation.browsing import list_batches
from core.generation.expansion.applying import apply_candidates, save_variant, scenario_rows
from core.generation.expansion.candidates import (
    decide_candidates,
    gather_candidates,
    list_candidates,
    list_expansions,
)
from core.generation.expansion.comparing import compare_candidates
from core.generation.expansion.parents import ParentChoice
from core.generation.expansion.requests import ExpansionRequest, requests_for
from core.generation.samples import SampleFilter, count_samples, list_samples, sample_lineage
from core.jobs.expanding import collect_candidates, estimate_expansion, launch_expansion
from core.jobs.running.queue import prepare_queue, unfinished_jobs
from core.jobs.workflows import WorkerContext, run_batch
from core.providers.connections import connection_for_url
from core.providers.prices import set_price
from core.spend.report import list_attempts
from core.templates.definition import build_template
from core.templates.versions import get_version, list_templates, list_versions, load_definition


@pytest.fixture
def ready(any_workspace: Workspace) -> Workspace:
    prepare_queue(any_workspace)
    return any_workspace


def connect(workspace: Workspace, loopback: Any) -> str:
    connection = connection_for_url(workspace, loopback.url, model="mock")
    set_price(workspace, connection, "mock", Decimal(2), Decimal(8))
    return connection.name


def run(workspace: Workspace, batch: Batch) -> str:
    return run_batch(WorkerContext(workspace, "wrk_test", threading.Event()), batch.batch_id)


def told(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def letters(texts: Any, model: str) -> Any:
    """Counts of letters as vectors: near for texts with nearly the same letters."""
    rows = [[text.lower().count(chr(97 + i)) + 0.01 for i in range(26)] for text in texts]
    found = np.array(rows, dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def texts(rows: list[Candidate], state: str) -> list[str]:
    return [row.text for row in rows if row.state == state]


def grown(workspace: Workspace, loopback: Any, *values: str, **changes: Any) -> Batch:
    """A finished expansion to which every angle answered with these values."""
    loopback.answers = lambda body: {"proposals": list(values)}
    wanted = {"variable": "topic", "count": 6, "connection": connect(workspace, loopback)}
    request = ExpansionRequest(
        "grow_values", make_template(workspace).template_version_id, **wanted | changes
    )
    batch = launch_expansion(workspace, request)
    assert run(workspace, batch) == "completed"
    return batch


def test_growing_asks_from_several_angles_and_pays_for_it(ready: Workspace, loopback: Any) -> None:
    asked: list[str] = []

    def answer(body: dict[str, Any]) -> Any:
        asked.append(told(body))
        return {"proposals": [f"insurance number {len(asked)}"]}

    loopback.answers = answer
    version = make_template(ready)
    request = ExpansionRequest(
        "grow_values", version.template_version_id, 30, variable="topic", guidance="for students",
        avoid=("mortgages",), connection=connect(ready, loopback), budget_usd=Decimal(1),
    )  # fmt: skip
    expected = estimate_expansion(ready, request)
    batch = launch_expansion(ready, request)
    assert run(ready, batch) == "completed"
    assert (batch.kind, batch.n, expected.n) == ("expansion", 5, 5)
    assert requests_for(30) == (5, 9)
    assert all("transfers" in text and "mortgages" in text for text in asked)
    assert all("for students" in text and "Propose 9" in text for text in asked)
    angles = {next(line for line in text.splitlines() if "angle" in line) for text in asked}
    assert len(angles) == 5
    assert batch.origin["template_version_id"] == version.template_version_id
    assert (batch.origin["operation"], batch.origin["variable"]) == ("grow_values", "topic")
    assert_invariants(ready, batch.batch_id, loopback.stats())
    assert len(list_attempts(ready, batch_id=batch.batch_id)) == 5


def test_an_expansion_is_listed_by_itself_and_its_lineage_is_whole(
    ready: Workspace, loopback: Any
) -> None:
    batch = grown(ready, loopback, "pensions")
    assert list_batches(ready) == []
    assert count_samples(ready, SampleFilter()) == 0
    assert [row.template.name for row in list_templates(ready)] == ["bank-answers"]
    template_id = batch.origin["template_id"]
    assert [b.batch_id for b in list_expansions(ready, template_id=template_id)] == [batch.batch_id]
    assert list_expansions(ready, operation="evolve") == []
    rows = list_candidates(ready, template_id=template_id)
    pensions = next(row for row in rows if row.text == "pensions")
    lineage = sample_lineage(ready, pensions.sample_id)
    assert lineage.template.kind == "expansion"
    assert lineage.batch.origin["variable"] == "topic"
    assert [attempt.model for attempt in lineage.attempts] == ["mock"]
    assert "launched" in batch_log(ready, batch.batch_id)[-1].message.lower()


def test_equal_values_are_marked_at_once_whatever_their_case_and_spaces(
    ready: Workspace, loopback: Any
) -> None:
    told_values = ("- Cards", "  pension   plans ", '"Travel insurance"', "Pension plans.", "- ")
    batch = grown(ready, loopback, *told_values)
    rows = list_candidates(ready, batch_id=batch.batch_id)
    assert texts(rows, "proposed") == ["pension plans", "Travel insurance"]
    assert len(rows) == 3 * 4
    assert {row.text: row.nearest_text for row in rows if row.state == "duplicate"} == {
        "Cards": "cards", "Pension plans.": "pension plans", "pension plans": "pension plans",
        "Travel insurance": "Travel insurance",
    }  # fmt: skip
    assert {row.similarity for row in rows if row.state == "proposed"} == {None}
    assert "compare_candidates" in {job.name for job in unfinished_jobs(ready)}


def test_reading_and_comparing_again_changes_nothing(ready: Workspace, loopback: Any) -> None:
    batch = grown(ready, loopback, "gold bars", "gold bar", "silver")
    assert gather_candidates(ready, batch.batch_id) == 0
    assert compare_candidates(ready, batch.batch_id, letters) == 3
    assert compare_candidates(ready, batch.batch_id, letters) == 0
    assert collect_candidates(ready, batch.batch_id) == 0
    rows = {row.text: row for row in list_candidates(ready, batch_id=batch.batch_id)[:3]}
    assert rows["gold bar"].state == "duplicate"
    assert rows["gold bar"].nearest_text == "gold bars"
    assert rows["silver"].state == "proposed"
    assert 0 < (rows["silver"].similarity or 0) < 0.85
    with pytest.raises(NotFound):
        compare_candidates(ready, "bat_none", letters)


def test_what_was_rejected_once_is_not_proposed_again(ready: Workspace, loopback: Any) -> None:
    first = grown(ready, loopback, "gold")
    gold = list_candidates(ready, batch_id=first.batch_id)[0]
    decide_candidates(ready, [gold.candidate_id], "rejected")
    second = grown(ready, loopback, "Gold", "copper")
    rows = list_candidates(ready, batch_id=second.batch_id)
    assert texts(rows, "proposed") == ["copper"]
    assert {row.nearest_text for row in rows if row.text == "Gold"} == {"gold"}


def test_a_person_decides_and_the_draft_follows(ready: Workspace, loopback: Any) -> None:
    batch = grown(ready, loopback, "gold", "silver", "cards")
    rows = list_candidates(ready, batch_id=batch.batch_id)
    definition = load_definition(get_version(ready, batch.origin["template_version_id"]))
    with pytest.raises(InvalidInput, match="proposed, not accepted"):
        apply_candidates(definition, rows[:1])
    accepted = decide_candidates(ready, [row.candidate_id for row in rows[:2]], "accepted")
    changed = apply_candidates(definition, accepted)
    values = changed.variables[0].sampler.model_dump()["values"]
    assert [item["value"] for item in values][-2:] == ["gold", "silver"]
    assert len(values) == 6
    again = apply_candidates(changed, accepted)  # what is there already is passed over
    assert again == changed
    reopened = decide_candidates(ready, [rows[0].candidate_id], "proposed")[0]
    assert reopened.state == "proposed"
    for ids, decision in ((["cnd_none"], "accepted"), ([rows[0].candidate_id], "liked")):
        with pytest.raises((InvalidInput, NotFound)):
            decide_candidates(ready, ids, decision)


def test_a_decision_stands_when_the_comparison_comes_late(ready: Workspace, loopback: Any) -> None:
    batch = grown(ready, loopback, "card", "carded")
    rows = list_candidates(ready, batch_id=batch.batch_id)
    decide_candidates(ready, [rows[0].candidate_id], "accepted")
    compare_candidates(ready, batch.batch_id, letters)
    first, second = list_candidates(ready, batch_id=batch.batch_id)[:2]
    assert (first.state, first.nearest_text) == ("accepted", "cards")
    assert second.state == "duplicate"


@pytest.mark.parametrize(
    "changes",
    [
        {"variable": "nothing"},
        {"count": 0},
        {"operation": "shrink"},
        {"operation": "evolve"},  # no accepted sample
        {"operation": "evolve", "instruction": "x", "direction": "sideways"},
        {"operation": "rewrite_prompt", "step": "second"},
    ],
    ids=str,
)
def test_what_cannot_be_expanded_is_refused_before_anything_is_stored(
    workspace: Workspace, changes: dict[str, Any]
) -> None:
    prepare_queue(workspace)
    values = {"operation": "grow_values", "variable": "topic"} | changes
    version_id = make_template(workspace).template_version_id
    with pytest.raises(InvalidInput):
        launch_expansion(workspace, ExpansionRequest(template_version_id=version_id, **values))
    assert list_expansions(workspace) == []


def subcategories(workspace: Workspace) -> TemplateVersion:
    variables = [
        {"name": "topic", "sampler": {"kind": "category", "values": [
            {"value": "cards", "weight": 3}, {"value": "loans", "weight": 1}]}},
        {"name": "detail", "sampler": {"kind": "subcategory", "parent": "topic",
                                       "values": {"cards": ["lost"], "loans": ["late"]}}},
        {"name": "mood", "sampler": {"kind": "grown", "instruction": "moods of a customer",
                                     "values": ["calm"], "wanted": 5}},
    ]  # fmt: skip
    user = "A question about {{ topic }}, {{ detail }}, from somebody {{ mood }}."
    return make_template(workspace, "branched", variables=variables, user=user)


def test_a_subcategory_grows_for_one_value_of_its_parent(ready: Workspace, loopback: Any) -> None:
    version = subcategories(ready)
    loopback.answers = lambda body: {"proposals": ["stolen", "expired"]}
    request = ExpansionRequest(
        "grow_values", version.template_version_id, 2, variable="detail", parent_value="cards",
        connection=connect(ready, loopback),
    )  # fmt: skip
    batch = launch_expansion(ready, request)
    run(ready, batch)
    assert "topic = cards" in told(loopback.last_body)
    assert "- lost\n" in told(loopback.last_body)
    assert "- late\n" not in told(loopback.last_body)
    rows = list_candidates(ready, batch_id=batch.batch_id)[:2]
    accepted = decide_candidates(ready, [row.candidate_id for row in rows], "accepted")
    data = apply_candidates(load_definition(version), accepted).model_dump(exclude_defaults=True)
    lists = data["variables"][1]["sampler"]["values"]
    assert [item["value"] for item in lists["cards"]] == ["lost", "stolen", "expired"]
    assert [item["value"] for item in lists["loans"]] == ["late"]


def test_a_parent_that_grows_gives_its_subcategories_a_first_value(workspace: Workspace) -> None:
    definition = load_definition(subcategories(workspace))
    row = Candidate(
        operation="grow_values", state="accepted", text="gold", details={"variable": "topic"}
    )
    data = apply_candidates(definition, [row]).model_dump(exclude_defaults=True)
    topic, detail, _ = (variable["sampler"]["values"] for variable in data["variables"])
    assert topic[-1] == {"value": "gold", "weight": 2.0}  # the mean of 3 and 1
    assert detail["gold"] == [{"value": "general"}]


def test_a_grown_list_tells_the_model_its_instruction(ready: Workspace, loopback: Any) -> None:
    version = subcategories(ready)
    loopback.answers = lambda body: {"proposals": ["worried"]}
    request = ExpansionRequest(
        "grow_values", version.template_version_id, 1, variable="mood",
        connection=connect(ready, loopback),
    )  # fmt: skip
    run(ready, launch_expansion(ready, request))
    assert "moods of a customer" in told(loopback.last_body)


def test_a_draft_that_was_never_saved_can_be_expanded(ready: Workspace, loopback: Any) -> None:
    version = make_template(ready)
    data = load_definition(version).model_dump(mode="json", exclude_defaults=True)
    data["variables"].append({"name": "mood", "sampler": {"kind": "category", "values": ["calm"]}})
    data["user"] += " Mood: {{ mood }}."
    loopback.answers = lambda body: {"proposals": ["worried"]}
    request = ExpansionRequest(
        "grow_values", version.template_version_id, 1, variable="mood",
        definition=build_template(data), connection=connect(ready, loopback),
    )  # fmt: skip
    batch = launch_expansion(ready, request)
    run(ready, batch)
    drafted = get_version(ready, batch.origin["template_version_id"])
    assert drafted.number <= 0
    assert drafted.template_id == version.template_id
    assert len(list_versions(ready, version.template_id)) == 1


def variants(workspace: Workspace, loopback: Any, *users: str) -> list[Candidate]:
    answers = iter(users)

    def answer(body: dict[str, Any]) -> Any:
        return {"system": "You know banks.", "user": next(answers), "changes": "Shorter."}

    loopback.answers = answer
    request = ExpansionRequest(
        "rewrite_prompt", make_template(workspace).template_version_id, len(users),
        connection=connect(workspace, loopback),
    )  # fmt: skip
    batch = launch_expansion(workspace, request)
    run(workspace, batch)
    by_user = {row.text: row for row in list_candidates(workspace, batch_id=batch.batch_id)}
    return [by_user[user] for user in users]


def test_a_variant_must_compile_and_keep_its_variables(ready: Workspace, loopback: Any) -> None:
    good, lost, broken, added = variants(
        ready, loopback, "Ask and answer: {{ topic }}.", "Ask and answer.", "{{ topic }",
        "{{ topic }} {{ mood }}",
    )  # fmt: skip
    assert (good.state, good.details.get("reason")) == ("proposed", None)
    assert {row.state for row in (lost, broken, added)} == {"invalid"}
    assert "topic" in lost.details["reason"]
    assert "mood" in added.details["reason"]
    assert broken.details["reason"]
    with pytest.raises(InvalidInput, match="cannot be used"):
        decide_candidates(ready, [lost.candidate_id], "accepted")
    decide_candidates(ready, [lost.candidate_id], "rejected")
    assert decide_candidates(ready, [lost.candidate_id], "proposed")[0].state == "invalid"
    assert compare_candidates(ready, good.batch_id, letters) == 1


def test_an_accepted_variant_becomes_a_named_version_with_its_lineage(
    ready: Workspace, loopback: Any
) -> None:
    good = variants(ready, loopback, "Ask and answer: {{ topic }}.")[0]
    accepted = decide_candidates(ready, [good.candidate_id], "accepted")[0]
    version = list_versions(ready, get_batch(ready, good.batch_id).origin["template_id"])[0]
    saved = save_variant(ready, load_definition(version), accepted)
    assert saved.number == version.number + 1
    assert saved.name.startswith("Variant: ")
    assert good.candidate_id in saved.note
    assert good.batch_id in saved.note
    assert load_definition(saved).user == "Ask and answer: {{ topic }}."
    assert load_definition(saved).variables == load_definition(version).variables


def test_instructions_evolve_from_accepted_samples_and_know_their_parents(
    ready: Workspace, loopback: Any
) -> None:
    batch = make_batch(ready)
    samples = make_samples(ready, batch, 4)
    make_samples(ready, batch, 2, start=4, verdict="rejected")

    def answer(body: dict[str, Any]) -> Any:
        case = told(body).partition("number ")[2][:1]
        made = {"instruction": f"Why case {case}?", "goal": "Give the reason."}
        return {**made, "difficulty": "hard"}

    loopback.answers = answer
    parents = ParentChoice((batch.batch_id,))
    request = ExpansionRequest(
        "evolve", batch.template_version_id, 4, direction="deeper", parents=parents,
        connection=connect(ready, loopback),
    )  # fmt: skip
    evolved = launch_expansion(ready, request)
    run(ready, evolved)
    assert "Make it deeper" in told(loopback.last_body)
    rows = list_candidates(ready, batch_id=evolved.batch_id)
    known = {sample.sample_id: sample.input for sample in samples}
    assert {row.details["parent_id"]: row.details["parent"] for row in rows} == known
    assert {row.details["direction"] for row in rows} == {"deeper"}
    made = list_samples(ready, SampleFilter(batch_ids=(evolved.batch_id,)))
    assert {sample.parent_id for sample in made} == set(known)
    accepted = decide_candidates(ready, [rows[0].candidate_id], "accepted")
    assert scenario_rows(accepted) == [
        {"scenario": rows[0].text, "goal": "Give the reason.", "difficulty": "hard"}
    ]
    definition = load_definition(get_version(ready, batch.template_version_id))
    changed = apply_candidates(definition, accepted, "topic")
    assert rows[0].text in json.dumps(changed.model_dump(mode="json"))
    with pytest.raises(InvalidInput, match="need a variable"):
        apply_candidates(definition, accepted)
    with pytest.raises(InvalidInput):
        scenario_rows(rows)


def test_one_instruction_evolves_in_all_three_directions(ready: Workspace) -> None:
    version = make_template(ready)
    request = ExpansionRequest(
        "evolve", version.template_version_id, 6, instruction="How do I block a lost card?", seed=1
    )
    batch = launch_expansion(ready, request)
    run(ready, batch)
    rows = list_candidates(ready, batch_id=batch.batch_id)
    directions = [row.details["direction"] for row in rows]
    assert sorted(directions) == sorted(["deeper", "broader", "adversarial"] * 2)
    assert {row.details["parent"] for row in rows} == {"How do I block a lost card?"}
