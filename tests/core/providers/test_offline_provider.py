"""The offline provider: valid, varied, the same everywhere, and honest."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.providers.base import Message, ModelRequest, Outcome, Reply
from core.providers.offline.draw import Draw
from core.providers.offline.material import TOPICS, domain_of, topic_of
from core.providers.offline.phrases.general_phrases import VAGUE
from core.providers.offline.provider import OFFLINE_MODEL, OfflineProvider
from core.providers.offline.reading import noun_phrases, questions, sentences
from core.providers.offline.roles import NAME_ROLES, ROLES, role_of, sentences_wanted
from core.providers.offline.told import instructions
from core.providers.offline.tongue import tongue_of
from core.providers.offline.writer import METHODS, Writer

Schema = dict[str, Any]
ROOT = Path(__file__).parents[3]
TEXT: Schema = {"type": "string"}
PASSAGE = (
    "The notice period for a standing agreement is four weeks. A member may cancel the agreement "
    "in writing at any time. Deposits are returned within 14 days after the keys have been handed "
    "over. In 1998 the association moved to a building near the harbour. If a payment is late, the "
    "office sends a reminder by post. The garden must be kept free of vehicles because the fire "
    "brigade needs access. Repairs above 200 euros are approved by the board."
)


def object_of(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


BANKING = object_of(
    customer_question={"type": "string", "minLength": 20},
    expert_answer={"type": "string", "minLength": 120, "maxLength": 1200},
    category={"enum": ["card", "transfer", "fees", "refund"]},
)
COMIC = object_of(
    title=TEXT,
    scene=TEXT,
    panels={
        "type": "array",
        "minItems": 3,
        "maxItems": 5,
        "items": object_of(description=TEXT, dialogue=TEXT, camera=TEXT),
    },
)
GROUNDED = object_of(question=TEXT, answer=TEXT, evidence=TEXT)
PREFERENCE = object_of(prompt=TEXT, chosen=TEXT, rejected=TEXT, reason=TEXT)
TALK = object_of(
    messages={
        "type": "array",
        "minItems": 4,
        "maxItems": 4,
        "items": object_of(role={"enum": ["user", "assistant"]}, content=TEXT),
    }
)
CASES: dict[str, tuple[Schema, str, dict[str, Any]]] = {
    "banking": (BANKING, "You are an expert of a bank who answers customers.", {}),
    "comic": (COMIC, "You turn prose scenes into comic panels.", {}),
    "grounded": (GROUNDED, "Ask about the passage.", {"text": PASSAGE, "fields": {}}),
    "preference": (PREFERENCE, "Write a preference pair.", {}),
    "talk": (TALK, "You work for a bank.", {}),
}

TRADE_PROMPTS = {
    "health": "You are a nurse of a clinic and write to a patient.",
    "law": "You are a lawyer and explain the law on tenancy.",
    "shop": "You answer for a shop: orders, returns, goods.",
    "plant": "You are a process engineer; an operator asks about a machine.",
    "desk": "You are the agent of a help desk and answer tickets.",
}


def ask(
    schema: Schema | None,
    system: str = "Be helpful.",
    *,
    seed: int = 0,
    variables: Mapping[str, Any] | None = None,
    chunk: Mapping[str, Any] | None = None,
    rate: float = 0.0,
    max_output_tokens: int = 800,
) -> Outcome:
    request = ModelRequest(
        OFFLINE_MODEL,
        (Message("system", system), Message("user", "Write one about garden tools.")),
        max_output_tokens,
        seed=seed,
        schema=schema,
        context={"variables": variables or {}, "chunk": chunk, "defect_rate": rate},
    )
    provider = OfflineProvider()
    return asyncio.run(provider.send(request, provider.prepare(request)))


def reply_of(outcome: Outcome) -> Reply:
    assert outcome.reply is not None, outcome.failure
    return outcome.reply


def value_of(outcome: Outcome) -> Any:
    return orjson.loads(reply_of(outcome).text)


def of_case(name: str, count: int) -> list[Any]:
    schema, system, chunk = CASES[name]
    return [value_of(ask(schema, system, seed=i, chunk=chunk or None)) for i in range(count)]


def flat(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(flat(part) for part in value.values())
    return " ".join(map(flat, value)) if isinstance(value, list) else str(value)


def near_duplicate_share(texts: list[str]) -> float:
    """Share of texts with an earlier one at Jaccard 0.85 or more on word 3-shingles."""
    found = 0
    shingles: list[set[tuple[str, ...]]] = []
    for text in texts:
        words = text.lower().split()
        mine = {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}
        found += any(len(mine & s) / len(mine | s) >= 0.85 for s in shingles)
        shingles.append(mine)
    return found / len(texts)


@pytest.mark.parametrize("name", CASES)
def test_samples_fit_their_schema_and_hardly_repeat(name: str) -> None:
    values = of_case(name, 250)
    validator = jsonschema_rs.validator_for(CASES[name][0])
    assert all(validator.is_valid(value) for value in values)
    texts = [flat(value) for value in values]
    assert len(set(texts)) >= 0.95 * len(texts)
    assert near_duplicate_share(texts) < 0.05
    assert not any("{" in text for text in texts)


def test_it_says_that_it_is_offline_and_counts_tokens_plausibly() -> None:
    reply = reply_of(ask(BANKING, "You are a bank."))
    assert reply.model == "offline-1"
    assert reply.usage is not None
    assert 5 < reply.usage.input_tokens < 100
    assert abs(reply.usage.output_tokens - len(reply.text) / 4) <= 1


def test_the_same_request_has_the_same_answer_in_every_process() -> None:
    script = (
        "from tests.core.providers.test_offline_provider import ask, reply_of, COMIC\n"
        "print(reply_of(ask(COMIC, 'A comic.', seed=11)).text)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] == reply_of(ask(COMIC, "A comic.", seed=11)).text


def test_the_nonce_alone_changes_the_answer() -> None:
    provider = OfflineProvider()
    texts = set()
    for nonce in ("a", "b"):
        request = ModelRequest("offline-1", (Message("user", "x"),), 300, nonce=nonce)
        reply = reply_of(asyncio.run(provider.send(request, provider.prepare(request))))
        texts.add(reply.text)
    assert len(texts) == 2


def test_grounded_evidence_is_an_exact_quotation() -> None:
    for value in of_case("grounded", 60):
        assert value["evidence"] in PASSAGE
        assert value["question"].endswith("?")


def test_a_customer_row_becomes_the_question_and_decides_the_subject() -> None:
    chunk = {
        "text": "text: where is my card\ncategory: card_arrival",
        "fields": {"text": "where is my card", "category": "card_arrival"},
    }
    for seed in range(20):
        value = value_of(ask(BANKING, "You are a bank.", seed=seed, chunk=chunk))
        assert "Where is my card." in value["customer_question"]
        assert value["category"] == "card"


def test_planned_variables_are_kept_where_the_schema_has_them() -> None:
    schema = object_of(
        intent={"enum": ["refund", "fees"]},
        tone={"type": "string"},
        age={"type": "integer"},
        answer=TEXT,
    )
    variables = {"intent": "refund", "tone": "formal", "age": 33}
    value = value_of(ask(schema, "You are a bank.", variables=variables))
    assert {key: value[key] for key in variables} == variables


def test_the_persona_is_heard_in_the_question() -> None:
    persona = {"first_name": "Ada", "age": 31, "occupation": "engineer"}
    texts = [
        value_of(ask(BANKING, "A bank.", seed=i, variables={"persona": persona})) for i in range(10)
    ]
    assert any("I am 31 and work as an engineer." in t["customer_question"] for t in texts)


def test_only_the_rejected_answer_is_vague() -> None:
    fixed = [phrase for phrase in VAGUE if "{" not in phrase]
    values = of_case("preference", 100)
    assert not any(phrase in value["chosen"] for value in values for phrase in fixed)
    vague = sum(any(phrase in value["rejected"] for phrase in fixed) for value in values)
    assert vague >= 80


def test_a_talk_alternates_between_its_speakers() -> None:
    for value in of_case("talk", 10):
        roles = [message["role"] for message in value["messages"]]
        assert roles == ["user", "assistant", "user", "assistant"]


KEYWORDS: list[Schema] = [
    {"const": 7},
    {"enum": [1, "two", None]},
    {"type": "string", "minLength": 900},
    {"type": "string", "maxLength": 12},
    {"type": "string", "minLength": 30, "maxLength": 40},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "email"},
    {"type": "string", "format": "uuid"},
    {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
    {"type": "integer", "minimum": 3, "maximum": 3},
    {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
    {"type": "integer", "multipleOf": 5, "minimum": 7, "maximum": 23},
    {"type": "integer", "minimum": 400},
    {"type": "integer", "maximum": -4},
    {"type": "number", "minimum": 0.25, "maximum": 0.5},
    {"type": ["string", "null"]},
    {"type": "boolean"},
    {"type": "null"},
    {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 2}]},
    {"oneOf": [{"type": "string", "maxLength": 5}, {"type": "integer"}]},
    {"allOf": [{"type": "string"}, {"minLength": 50}]},
    {"type": "array", "items": {"type": "string"}, "minItems": 6, "maxItems": 6},
    {"type": "array", "items": {"type": "string"}, "maxItems": 1},
    {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    {"$ref": "#/$defs/point"},
    {"properties": {"x": {"type": "string"}}, "required": ["x", "y"]},
]


@pytest.mark.parametrize("part", KEYWORDS, ids=lambda part: orjson.dumps(part).decode()[:60])
def test_every_common_keyword_is_respected(part: Schema) -> None:
    point = object_of(x={"type": "integer"}, y={"type": "number"})
    schema = {**object_of(value=part), "$defs": {"point": point}}
    validator = jsonschema_rs.validator_for(schema)
    for seed in range(15):
        value = value_of(ask(schema, seed=seed))
        assert validator.is_valid(value), value


@settings(max_examples=60, deadline=None)
@given(
    low=st.integers(0, 400),
    extra=st.integers(0, 300),
    name=st.sampled_from([role for role, _ in (*NAME_ROLES, *ROLES)] + ["whatever", "changes"]),
    system=st.sampled_from(["", "A bank.", "A comic.", "Farming.", *TRADE_PROMPTS.values()]),
    seed=st.integers(0, 2**40),
)
def test_lengths_hold_for_every_role(
    low: int, extra: int, name: str, system: str, seed: int
) -> None:
    schema = object_of(**{name: {"type": "string", "minLength": low, "maxLength": low + extra + 1}})
    text = value_of(ask(schema, system, seed=seed))[name]
    assert low <= len(text) <= low + extra + 1


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"$ref": "#/$defs/gone"}])
def test_bare_schemas_are_filled_with_something(schema: Schema) -> None:
    assert reply_of(ask(schema)).text


def test_a_schema_that_is_none_is_answered_by_a_failure_and_not_a_crash() -> None:
    outcome = ask({"type": "object", "properties": {"a": {"type": "integer", "minimum": "x"}}})
    assert outcome.failure is not None
    assert outcome.failure.kind == "bad_request"
    assert outcome.failure.charge == "free"


def test_without_a_schema_the_answer_is_plain_text() -> None:
    assert len(reply_of(ask(None, "You are a bank.")).text.split()) > 20


def test_defects_come_at_their_rate_and_in_every_kind() -> None:
    count = 600
    validator = jsonschema_rs.validator_for(BANKING)
    seen: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    for seed in range(count):
        reply = reply_of(ask(BANKING, "You are a bank.", seed=seed, rate=0.5))
        texts[reply.text] += 1
        if reply.finish_reason == "refusal":
            seen["refused"] += 1
        elif reply.finish_reason == "length":
            seen["truncated"] += 1
            with pytest.raises(orjson.JSONDecodeError):
                orjson.loads(reply.text)
        elif not validator.is_valid(orjson.loads(reply.text)):
            seen["invalid"] += 1
        elif any(mark in reply.text for mark in ("[insert", "{{", "TODO", "<your", "Lorem")):
            seen["placeholder"] += 1
    seen["duplicate"] = sum(n - 1 for text, n in texts.items() if n > 1 and text)
    assert set(seen) == {"refused", "truncated", "invalid", "placeholder", "duplicate"}
    # Each of seven kinds is due in a fourteenth of the samples; short answers break the schema too.
    for kind in ("refused", "truncated", "placeholder", "duplicate"):
        assert 0.02 * count < seen[kind] < 0.13 * count, seen


def test_no_defects_are_made_unasked() -> None:
    for seed in range(100):
        assert reply_of(ask(BANKING, "You are a bank.", seed=seed)).finish_reason == "stop"


def test_a_small_allowance_is_kept_to() -> None:
    for schema in (None, BANKING):
        reply = reply_of(ask(schema, "You are a bank.", max_output_tokens=20))
        assert reply.usage is not None
        assert reply.usage.output_tokens <= 20


def test_every_phrase_can_be_filled() -> None:
    for topic in TOPICS:
        writer = Writer(Draw(1), "A bank.", "", {}, None)
        for phrase in (*topic.questions, *topic.details, *topic.facts, *topic.steps):
            assert "{" not in writer.slots.fill(phrase)
        assert topic_of(topic.words[0]) is not None
    domains = ("A bank.", "A comic.", "Chess.", *TRADE_PROMPTS.values())
    for domain in domains:
        for seed in range(40):
            writer = Writer(Draw(seed), domain, "Write about {topic}.", {}, None)
            for role in [role for role, _ in (*NAME_ROLES, *ROLES)]:
                assert all(part for part in writer.write(role))


def test_roles_are_told_by_name_and_then_by_description() -> None:
    assert role_of("customer_question", "") == "question"
    assert role_of("expertAnswer", "") == "answer"
    assert role_of("rejected_response", "") == "rejected"
    assert role_of("supporting_quote", "") == "evidence"
    assert role_of("x", "What the panel shows") == "panel"
    assert role_of("x", "") == "text"
    assert set(METHODS) <= {role for role, _ in (*NAME_ROLES, *ROLES)} | {"text"}


def test_lengths_are_read_from_descriptions() -> None:
    assert sentences_wanted("Answer in 2 to 4 sentences.") == (2, 4)
    assert sentences_wanted("At most 60 words.") == (1, 4)
    assert sentences_wanted("One sentence.") == (1, 1)
    assert sentences_wanted("Anything") is None


def test_a_passage_is_taken_apart_exactly() -> None:
    found = sentences(PASSAGE)
    assert len(found) == 7
    assert all(sentence in PASSAGE for sentence in found)
    assert "the notice period" in noun_phrases(found[0])
    assert any(q.startswith("What is the notice period") for q in questions(found[0]))
    assert sentences("") == ("",)
    assert noun_phrases("") == ("the subject",)


def test_wrapped_lines_lists_and_tables_are_read_as_what_they_are() -> None:
    text = (
        "# A heading of some length here\nThe first sentence is wrapped\nover `two` lines. "
        "- not a list\n- The item of a list is a sentence as well.\n| a | table | row | is | left |"
    )
    found = sentences(text)
    assert "The first sentence is wrapped\nover `two` lines. - not a list" in found
    assert "The item of a list is a sentence as well." in found
    assert all(sentence in text and "|" not in sentence for sentence in found)


def test_a_question_that_is_given_is_kept_word_for_word() -> None:
    schema = object_of(question={"type": "string", "description": "Word for word."}, answer=TEXT)
    chunk = {"text": "why was i charged?", "fields": {"text": "why was i charged?", "n": "fee"}}
    assert value_of(ask(schema, "A bank.", chunk=chunk))["question"] == "why was i charged?"


def test_an_answer_keeps_to_the_planned_length() -> None:
    for seed in range(20):
        variables = {"answer_length": "one sentence"}
        chunk = {"text": PASSAGE, "fields": {}}
        value = value_of(ask(GROUNDED, "Ask.", seed=seed, variables=variables, chunk=chunk))
        assert value["evidence"] in value["answer"]
        assert len(value["answer"]) < len(value["evidence"]) + 60


def test_domains_are_told_by_the_words_of_the_prompt() -> None:
    assert domain_of("Answer the customer of a bank") == "banking"
    assert domain_of("Describe the panels of a comic") == "comic"
    assert domain_of("Explain crop rotation") is None


@pytest.mark.parametrize("trade", TRADE_PROMPTS)
def test_a_trade_is_told_by_its_words_and_tells_the_case(trade: str) -> None:
    assert domain_of(TRADE_PROMPTS[trade]) == trade
    variables = {"scenario": "a form without a stamp", "house_rule": "Stamps are given on Mondays."}
    values = [
        value_of(ask(GROUNDED, TRADE_PROMPTS[trade], seed=seed, variables=variables))
        for seed in range(10)
    ]
    assert all("form without a stamp" in value["question"] for value in values)
    assert all("Stamps are given on Mondays." in value["answer"] for value in values)
    assert not any("bank" in flat(value).lower() for value in values)


def test_one_word_of_a_trade_is_not_enough() -> None:
    assert domain_of("Write about the law of gravity.") is None
    assert domain_of("You are an expert of a bank who answers customers about orders.") == "banking"


@pytest.mark.parametrize("name", ["German", "français", "es", "pt_BR", "Italian", "nl", "Polish",
                                  "sv-SE", "Türkçe", "uk", "日本語", "zh", "Hindi"])  # fmt: skip
def test_texts_are_in_the_planned_language(name: str) -> None:
    tongue = tongue_of(name)
    assert tongue is not None
    schema = object_of(
        question=TEXT, answer=TEXT, note={"type": "string", "description": "In English."}
    )
    value = value_of(ask(schema, "Write.", variables={"language": name}))
    starts = tuple(phrase.split("{")[0] for phrase in tongue.questions)
    assert value["question"].startswith(starts)
    assert not value["note"].startswith(starts)
    for phrases in (tongue.questions, tongue.contexts, tongue.answers, tongue.titles):
        assert len(set(phrases)) == len(phrases) >= 5
        assert all("{" not in phrase.replace("{hour}", "") for phrase in phrases)


def test_english_needs_no_bank() -> None:
    assert tongue_of("English") is None
    assert tongue_of("Klingon") is None


def test_planned_values_reach_fields_of_another_type() -> None:
    schema = object_of(
        severity={"type": "integer", "minimum": 1, "maximum": 5},
        within_rule={"type": "boolean"},
        messages={"type": "array", "items": {"enum": ["a", "b", "c"]}, "maxItems": 9},
    )
    variables = {"severity": "4", "within_rule": "no", "messages_count": "3"}
    for seed in range(8):
        value = value_of(ask(schema, seed=seed, variables=variables))
        assert (value["severity"], value["within_rule"], len(value["messages"])) == (4, False, 3)


def test_the_prompt_says_what_to_set() -> None:
    prompt = (
        'Set `urgency` to "late", `is_safe` is false and `record.amount` is null. Not `this` one.'
    )
    assert instructions(prompt) == {"urgency": "late", "is_safe": "false", "amount": "null"}
    schema = object_of(
        urgency={"enum": ["early", "late", "never"]},
        is_safe={"type": "boolean"},
        amount={"type": ["number", "null"]},
    )
    for seed in range(8):
        request = ModelRequest(
            OFFLINE_MODEL,
            (Message("user", "`urgency` is \"never\"."), Message("assistant", "{}"),
             Message("user", prompt)),
            300,
            nonce=str(seed),
            schema=schema,
        )  # fmt: skip
        provider = OfflineProvider()
        value = value_of(asyncio.run(provider.send(request, provider.prepare(request))))
        assert value == {"urgency": "late", "is_safe": False, "amount": None}


def stepped(step: str, earlier: dict[str, Any], seed: int) -> Any:
    context = {"variables": {}, "step": step, "output": earlier}
    request = ModelRequest(
        OFFLINE_MODEL, (Message("user", "Go on."),), 800, nonce=str(seed),
        schema=object_of(quote=TEXT, answer={"type": "string", "minLength": 60}), context=context,
    )  # fmt: skip
    provider = OfflineProvider()
    return value_of(asyncio.run(provider.send(request, provider.prepare(request))))


def test_a_later_step_quotes_revises_and_spoils_what_was_written() -> None:
    first = (
        "Take the train at nine from the north station. Change in the old town after lunch. "
        "The ticket holds for the whole day. Keep the receipt for the return."
    )
    earlier = {"draft": {"answer": first}}
    said = set(sentences(first))
    for seed in range(12):
        assert stepped("critique", earlier, seed)["quote"] in said
        for step in ("revision", "rejected"):
            answer = set(sentences(stepped(step, earlier, seed)["answer"]))
            assert len(said & answer) >= len(said) - 1
            assert answer != said


def test_machine_text_and_its_rewrite_say_the_same_in_fewer_words() -> None:
    schema = object_of(machine_text=TEXT, natural_text=TEXT)
    for seed in range(20):
        value = value_of(ask(schema, seed=seed))
        assert len(value["natural_text"]) < len(value["machine_text"])
        last = value["natural_text"].rstrip(".").split()[-1]
        assert last in value["machine_text"]


def test_a_record_holds_what_its_document_says() -> None:
    schema = object_of(
        document={"type": "string", "description": "The document."},
        reference={"type": ["string", "null"]},
        amount={"type": ["number", "null"], "minimum": 0, "maximum": 100000},
        evidence=TEXT,
    )
    for seed in range(20):
        value = value_of(ask(schema, seed=seed))
        assert value["reference"] in value["document"]
        assert f"{value['amount']:.2f}" in value["document"]
        assert value["evidence"] in value["document"]
