"""Values of the same meaning are found by the model that ships with Seedbed."""

from factories import make_template

from core.db.tables import Candidate
from core.db.workspace import Workspace
from core.generation.expansion.candidates import list_candidates
from core.generation.expansion.comparing import compare_candidates
from core.generation.expansion.requests import SAME_MEANING, ExpansionRequest
from core.jobs.expanding import compare, launch_expansion
from core.jobs.running.queue import prepare_queue

PRESENT = [
    "a card that has not arrived", "a lost or stolen card", "a declined card payment",
    "a fee that the customer did not expect",
]  # fmt: skip
SAME = {
    "a card that did not arrive yet": "a card that has not arrived",
    "a stolen or lost card": "a lost or stolen card",
    "a card payment that was declined": "a declined card payment",
    "an unexpected fee for the customer": "a fee that the customer did not expect",
}
NEW = [
    "changing the address on file", "a standing order that ran twice", "a joint account after a "
    "divorce", "an exchange rate applied abroad", "a forgotten PIN",
]  # fmt: skip


def propose(workspace: Workspace, texts: list[str]) -> str:
    """The id of an expansion whose answers proposed these texts."""
    prepare_queue(workspace)
    variables = [{"name": "topic", "sampler": {"kind": "category", "values": PRESENT}}]
    version = make_template(workspace, variables=variables)
    batch = launch_expansion(
        workspace,
        ExpansionRequest("grow_values", version.template_version_id, variable="topic"),
    )
    with workspace.write() as session:
        session.add_all(
            Candidate(
                candidate_id=f"cnd_{i:03}", batch_id=batch.batch_id, sample_id="smp_x_0",
                operation="grow_values", text=text, state="proposed",
            )
            for i, text in enumerate(texts)
        )  # fmt: skip
    return batch.batch_id


def measured(workspace: Workspace, batch_id: str) -> dict[str, Candidate]:
    with workspace.read() as session:
        return {row.text: row for row in session.query(Candidate).filter_by(batch_id=batch_id)}


def test_other_words_for_a_present_value_are_duplicates_and_new_cases_are_not(
    workspace: Workspace,
) -> None:
    batch_id = propose(workspace, [*SAME, *NEW])
    assert compare(workspace, batch_id) == "ready"
    rows = measured(workspace, batch_id)
    assert {text for text, row in rows.items() if row.state == "duplicate"} == set(SAME)
    assert {text: rows[text].nearest_text for text in SAME} == SAME
    least = min(rows[text].similarity or 0 for text in SAME)
    most = max(rows[text].similarity or 0 for text in NEW)
    assert most < SAME_MEANING["grow_values"] <= least
    assert list_candidates(workspace, batch_id=batch_id) == []  # no sample stands behind these


def test_two_proposals_of_the_same_meaning_leave_one(workspace: Workspace) -> None:
    batch_id = propose(workspace, ["a forgotten PIN", "a PIN that was forgotten"])
    compare_candidates(workspace, batch_id)
    rows = measured(workspace, batch_id)
    assert rows["a forgotten PIN"].state == "proposed"
    assert rows["a PIN that was forgotten"].nearest_text == "a forgotten PIN"
    assert rows["a PIN that was forgotten"].state == "duplicate"
