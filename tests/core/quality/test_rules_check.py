"""A template's own rules: conditions that every good answer meets."""

from typing import Any

from factories import DEFINITION

from core.quality.inline import InlineChecks
from core.quality.rules import BrokenRule, RuleBook
from core.quality.scoring import explain, score
from core.templates.definition import CheckSettings, build_template

RULES = [
    {
        "name": "cites-topic",
        "condition": "topic in output.answer",
        "message": "The answer does not name its topic.",
    },
    {
        "name": "short-question",
        "condition": "output.question | length < 60",
        "message": "The question is long.",
    },
]


def checked(output: dict[str, Any], topic: str = "cards") -> tuple[float, dict[str, Any]]:
    definition = build_template({**DEFINITION, "checks": {"rules": RULES}})
    checks = InlineChecks(definition)
    results = checks.check(
        output, output["question"], output["answer"], "", [], {"topic": topic}, None
    )
    part = next(part for part in explain(results, checks.limits) if part.check == "rules")
    return score(results, checks.limits).quality_score, part.evidence


def test_a_sample_that_keeps_the_rules_has_no_finding() -> None:
    answer = "Your cards are posted within five working days of the order."
    assert checked({"question": "When do my cards come?", "answer": answer}) == (1.0, {})


def test_each_broken_rule_is_evidence_with_its_message() -> None:
    output = {
        "question": "When will the thing that I ordered a long time ago arrive at my house?",
        "answer": "It is posted within five working days of the order.",
    }
    quality, evidence = checked(output)
    assert [rule["rule"] for rule in evidence["rules"]] == ["cites-topic", "short-question"]
    assert evidence["rules"][0]["message"] == "The answer does not name its topic."
    assert round(quality, 3) == 0.3


def test_a_rule_that_cannot_be_evaluated_is_broken_and_says_why() -> None:
    settings = CheckSettings.model_validate(
        {"rules": [{"name": "age", "condition": "output.age > 3", "message": "Too young."}]}
    )
    (broken,) = RuleBook(settings).broken({"name": "Ada"}, {}, None)
    assert broken.name == "age"
    assert broken.message.startswith("Too young. (")
    assert RuleBook(settings).broken({"age": 4}, {}, None) == []
    assert RuleBook(settings).broken({"age": 2}, {}, None) == [BrokenRule("age", "Too young.")]
    assert RuleBook(settings).broken(None, {}, None) == []
