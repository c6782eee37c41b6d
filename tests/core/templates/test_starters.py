"""The starter library: every template of it works, and copies are one's own."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from core.db.workspace import Workspace
from core.errors import Conflict, NotFound, TemplateError
from core.quality.inline import InlineChecks
from core.quality.scoring import ACCEPTED, score
from core.templates.definition import TemplateDefinition, parse_template, template_yaml
from core.templates.planning.plan import Plan
from core.templates.specimens import Specimen, SpecimenMaker, value_shares
from core.templates.starters import (
    INSTALLED,
    SETS,
    STARTER_FOLDER,
    copy_starter,
    free_name,
    get_starter,
    install_starters,
    starters,
)
from core.templates.versions import latest_version, list_templates, load_definition
from core.text.schema import CompiledSchema

NAMES = [starter.definition.name for starter in starters()]
COUNT = 40
NEAR = 0.85
NEEDED = {
    "comic-panel", "character-consistency", "scene-composition", "visual-storytelling",
    "banking-expert-answer", "healthcare-expert-answer", "legal-expert-answer",
    "retail-expert-answer", "manufacturing-expert-answer", "natural-rewrite", "grounded-qa",
    "preference-pair", "multi-turn-chat", "hard-intent-classification", "multilingual-answer",
    "critique-and-revision", "support-ticket",
}  # fmt: skip


@cache
def specimens(name: str) -> tuple[Specimen, ...]:
    maker = SpecimenMaker(get_starter(name).definition, n=COUNT, seed=5)
    return tuple(maker.make(i) for i in range(COUNT))


def texts(specimen: Specimen) -> str:
    return f"{specimen.mapped.input} {specimen.mapped.response}"


def near_duplicate_share(found: list[str]) -> float:
    seen: list[set[tuple[str, ...]]] = []
    repeated = 0
    for text in found:
        words = text.lower().split()
        mine = {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}
        repeated += any(len(mine & other) / len(mine | other) >= NEAR for other in seen)
        seen.append(mine)
    return repeated / len(found)


def test_the_library_has_every_kind_of_starter_in_a_known_set() -> None:
    assert set(NAMES) >= NEEDED
    assert len(set(NAMES)) == len(NAMES)
    folders = {path.parent.name for path in STARTER_FOLDER.rglob("*.yaml")}
    assert folders == set(SETS)
    assert len(NAMES) == len(list(STARTER_FOLDER.rglob("*.yaml")))


@pytest.mark.parametrize("name", NAMES)
def test_its_file_has_its_name_and_its_text_reads_back(name: str) -> None:
    starter = get_starter(name)
    assert (STARTER_FOLDER / starter.set_name / f"{name}.yaml").is_file()
    assert parse_template(template_yaml(starter.definition)) == starter.definition


@pytest.mark.parametrize("name", NAMES)
def test_its_description_says_what_for_and_what_to_change_first(name: str) -> None:
    definition = get_starter(name).definition
    description = definition.description
    assert "Change first:" in description
    assert len(description) > 150
    named = {part for part in description.split("`")[1::2] if part.isidentifier()}
    variables = {variable.name for variable in definition.variables}
    fields = {"source", "columns", "domain"} | set(definition.output["properties"])
    assert named <= variables | fields, named - variables - fields


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_of_the_offline_provider_fits_the_schema_and_the_rules(name: str) -> None:
    definition = get_starter(name).definition
    schema = CompiledSchema(definition.output)
    checks = InlineChecks(definition)
    verdicts: Counter[str] = Counter()
    for specimen in specimens(name):
        assert schema.errors(specimen.output) == []
        results = checks.check(
            specimen.output, specimen.mapped.input, specimen.mapped.response, "", [],
            specimen.variables, specimen.chunk,
        )  # fmt: skip
        assert "rules" not in {result.check for result in results}, results
        verdicts[score(results, definition.checks).verdict] += 1
    assert verdicts[ACCEPTED] >= 0.95 * COUNT, verdicts


@pytest.mark.parametrize("name", NAMES)
def test_its_samples_are_hardly_alike(name: str) -> None:
    assert near_duplicate_share([texts(specimen) for specimen in specimens(name)]) <= 0.05


@pytest.mark.parametrize("name", NAMES)
def test_no_prompt_and_no_sample_has_a_gap(name: str) -> None:
    for specimen in specimens(name):
        said = [message.content for step in specimen.messages for message in step]
        for text in (*said, texts(specimen)):
            assert text.strip()
            assert "{{" not in text
            assert "{%" not in text
            assert "None" not in text.split()


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_an_answer_is_described_and_bounded(name: str) -> None:
    for path, part in leaves(get_starter(name).definition.output, ""):
        kind = part.get("type")
        if "enum" in part or "const" in part or kind == "boolean":
            continue
        wanted = {"array": "maxItems", "integer": "maximum", "number": "maximum"}
        kinds = kind if isinstance(kind, list) else [kind]
        bound = wanted.get(str(kinds[0]), "maxLength")
        assert bound in part or "format" in part, f"{path} has no {bound}"


def leaves(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if schema.get("type") == "object":
        assert schema["additionalProperties"] is False, path
        for name, part in schema["properties"].items():
            yield from leaves(part, f"{path}.{name}")
        return
    yield path, schema
    if schema.get("type") == "array":
        yield from leaves(schema["items"], f"{path}[]")


def test_the_language_is_the_samples_own_and_its_quota_exact() -> None:
    definition = get_starter("multilingual-answer").definition
    shares = value_shares(definition)["language"]
    assert len(shares) >= 10
    assert shares == pytest.approx(definition.groups[0].target, abs=0.001)
    written = {s.variables["language"]: s.output["answer"] for s in specimens(definition.name)}
    assert any("ist" in text or "Sie" in text for text in [written["German"]])
    assert any("\u3040" <= letter <= "\u30ff" for letter in written["Japanese"])
    assert any("\u0900" <= letter <= "\u097f" for letter in written["Hindi"])
    assert any("\u0400" <= letter <= "\u04ff" for letter in written["Ukrainian"])


def test_the_person_asking_belongs_to_the_language() -> None:
    for specimen in specimens("multilingual-answer"):
        people = [name for name in specimen.variables if name.startswith("person_")]
        assert people == [f"person_{specimen.variables['language_code']}"]
        assert specimen.variables[people[0]]["name"] in specimen.variables["asker"]


def test_the_share_of_escalated_tickets_is_exact_and_no_mild_one_is_among_them() -> None:
    definition = get_starter("support-ticket").definition
    plan = Plan(definition, n=1000, seed=3)
    rows = [plan.variables(i) for i in range(1000)]
    assert abs(sum(row["escalated"] for row in rows) - 300) <= 2
    assert all(int(row["severity"]) >= 3 for row in rows if row["escalated"])
    assert abs(Counter(row["severity"] for row in rows)["5"] - 100) <= 2


def test_the_retail_case_lies_inside_its_rule_exactly_when_its_days_do() -> None:
    inside = Counter(
        (int(s.variables["days_passed"]) <= int(s.variables["limit_days"]), s.output["within_rule"])
        for s in specimens("retail-expert-answer")
    )
    assert set(inside) == {(True, True), (False, False)}


def test_the_rejected_answer_is_the_chosen_one_with_one_flaw() -> None:
    for specimen in specimens("preference-single-flaw"):
        chosen = specimen.output["chosen"]["answer"].split(". ")
        rejected = specimen.output["rejected"]["answer"].split(". ")
        assert chosen != rejected
        assert len(set(chosen) & set(rejected)) >= len(chosen) - 3


def test_a_fresh_workspace_has_a_few_starters_and_the_library_has_all(workspace: Workspace) -> None:
    assert install_starters(workspace) == len(INSTALLED)
    assert {row.template.name for row in list_templates(workspace)} == set(INSTALLED)
    assert len(INSTALLED) < len(starters())


def test_a_starter_can_be_installed_by_name(workspace: Workspace) -> None:
    assert install_starters(workspace, ["support-ticket"]) == 1
    assert install_starters(workspace, ["support-ticket"]) == 0
    assert load_definition(latest_version(workspace, "support-ticket")) == (
        get_starter("support-ticket").definition
    )
    with pytest.raises(NotFound):
        install_starters(workspace, ["no-such-starter"])


def test_a_copy_is_a_template_of_ones_own(workspace: Workspace) -> None:
    copy_starter(workspace, "support-ticket", "my-support-ticket")
    copied = load_definition(latest_version(workspace, "my-support-ticket"))
    assert copied == renamed(get_starter("support-ticket").definition, "my-support-ticket")
    assert free_name(workspace, "support-ticket") == "my-support-ticket-2"
    with pytest.raises(Conflict, match="my-support-ticket"):
        copy_starter(workspace, "support-ticket", "my-support-ticket")
    with pytest.raises(TemplateError, match="name"):
        copy_starter(workspace, "support-ticket", "My Tickets")
    with pytest.raises(NotFound, match="nothing"):
        copy_starter(workspace, "nothing", "my-nothing")


def renamed(definition: TemplateDefinition, name: str) -> TemplateDefinition:
    return definition.model_copy(update={"name": name})
