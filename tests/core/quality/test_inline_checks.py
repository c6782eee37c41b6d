"""Planted defects are found, and clean text with the same words in it is left alone."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from factories import DEFINITION
from hypothesis import given
from hypothesis import strategies as st

from core.quality.check import CheckResult
from core.quality.checks.echo import echo_likeness
from core.quality.checks.empty import is_empty
from core.quality.checks.placeholder import find_placeholders
from core.quality.checks.refusal import find_refusal
from core.quality.checks.repetition import repeated_share
from core.quality.inline import InlineChecks
from core.quality.registry import CHECKS
from core.templates.definition import TemplateDefinition
from core.text.schema import CompiledSchema, FieldError

QUESTION = "My card was declined in a restaurant last night although there is money. Why?"
ANSWER = (
    "I'm sorry to hear that. Please open the app, choose Cards and check whether payments abroad "
    "are switched on; if they are, look at the spending limit, because one large purchase can "
    "exceed it. You can raise it within minutes. Should the payment still fail, call the number "
    "on the back of your card so that we can look for a security block."
)
HOSTILE = (
    *("[", "{{", "`", "<insert ", "[your ", "{name", "{a_", "XXX ", "X", " ", "\n", "TBD"),
    *("i cannot ", "sorry, ", "as an ai ", "a b ", " here", "insert a here", "lorem ", "unable"),
)


def checks(**settings: Any) -> InlineChecks:
    return InlineChecks(TemplateDefinition.model_validate({**DEFINITION, "checks": settings}))


def found(
    response: str,
    input: str = QUESTION,
    *,
    output: dict[str, Any] | None = {},  # noqa: B006
    errors: tuple[FieldError, ...] = (),
    raw_text: str = "",
    **settings: Any,
) -> dict[str, CheckResult]:
    results = checks(**settings).check(output, input, response, raw_text, list(errors))
    return {result.check: result for result in results}


def flagged(*args: Any, **options: Any) -> set[str]:
    return {name for name, result in found(*args, **options).items() if result.score < 1}


def test_a_clean_sample_has_its_length_and_nothing_else() -> None:
    assert found(ANSWER) == {"length": CheckResult("length", float(len(ANSWER)), 1.0, {})}


def test_every_check_is_registered_under_its_own_name_with_a_description() -> None:
    assert list(CHECKS) == [check.name for check in CHECKS.values()]
    assert set(CHECKS) == {
        *("schema", "empty", "length", "echo", "refusal", "placeholder", "repetition", "rules"),
        *("language", "pii", "toxicity", "groundedness"),
        *("exact_duplicate", "near_duplicate", "semantic_duplicate", "consistency", "leakage"),
        "judge",
    }
    assert all(check.description.endswith(".") and check.unit for check in CHECKS.values())
    assert all(0 < check.weight <= 1 for check in CHECKS.values())


def test_a_broken_schema_lists_the_first_errors() -> None:
    errors = tuple(FieldError(f"/f{i}", "is required but missing") for i in range(9))
    result = found(ANSWER, errors=errors)["schema"]
    assert (result.value, result.score) == (9.0, 0.0)
    assert result.evidence["errors"][0] == {"path": "/f0", "message": "is required but missing"}
    assert len(result.evidence["errors"]) == 5


def test_errors_of_the_compiled_schema_feed_the_check() -> None:
    errors = tuple(CompiledSchema(DEFINITION["output"]).errors({"question": "q"}))
    assert "/answer" in str(found(ANSWER, errors=errors)["schema"].evidence)


def test_an_answer_that_is_not_json_fails_the_schema_and_a_refusal_in_it_is_seen() -> None:
    result = found("", "", output=None, raw_text="I'm sorry, but I can't assist with that.")
    assert result["schema"].score == 0
    assert result["refusal"].score == 0
    assert result["refusal"].evidence["field"] == "raw_text"


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("", True),
        (" \n\t", True),
        ("...", True),
        ("N/A", True),
        ("“null”", True),
        ("None.", True),
        ("```\n```", True),
        ("string", True),
        ("*" * 500, True),
        ("42", False),
        ("No.", False),
        ("はい", False),
        ("None of the above applies to you.", False),
        ("😀", False),
    ],
)
def test_empty_is_what_teaches_nothing(text: str, empty: bool) -> None:
    assert is_empty(text) is empty


def test_an_empty_input_counts_only_where_the_template_fills_it() -> None:
    assert flagged(ANSWER, "") == {"empty"}
    mapping = {"input": "  ", "response": "{{ output.answer }}"}
    unprompted = InlineChecks(TemplateDefinition.model_validate({**DEFINITION, "mapping": mapping}))
    assert [r.check for r in unprompted.check({}, "", ANSWER, "", [])] == ["length"]


@pytest.mark.parametrize(
    ("chars", "score"), [(9, 0.09), (50, 0.5), (100, 1.0), (400, 1.0), (800, 0.5)]
)
def test_length_falls_off_outside_the_bounds(chars: int, score: float) -> None:
    text = "".join(chr(97 + (i * i) % 26) for i in range(chars))
    result = found(text, min_chars=100, max_chars=400)["length"]
    assert result.value == chars
    assert result.score == pytest.approx(score)


@pytest.mark.parametrize(
    ("input", "response", "likeness"),
    [
        (QUESTION, QUESTION, 1.0),
        (QUESTION, QUESTION.upper(), 1.0),
        ("a b c d e f g h", "a b c d e f g x", 7 / 9),
        (QUESTION, ANSWER, 0.0),
        (f"{ANSWER} {QUESTION}", "Please open the app, choose Cards", 0.0),
        ("", "", 0.0),
    ],
)
def test_echo_is_the_share_of_words_in_common(input: str, response: str, likeness: float) -> None:
    assert echo_likeness(input, response) == pytest.approx(likeness)


def test_a_response_that_repeats_the_question_is_an_echo() -> None:
    assert found(QUESTION)["echo"].score == 0
    assert found(QUESTION + " Indeed.")["echo"].score < 1


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that.",
        "I’m sorry, but I can’t help with that request.",
        "Sorry, I can't do that.",
        "I cannot fulfill your request.",
        "I cannot comply.",
        "I am unable to generate content of this kind.",
        "I'm unable to assist with creating phishing emails.",
        "I'm unable to provide assistance with that.",
        "I can't create explicit content.",
        "I won't write this story.",
        "I must respectfully decline.",
        "I apologize, but I cannot continue with this conversation topic.",
        "Unfortunately, I am not able to help with this.",
        "I'm not comfortable writing this.",
        "I cannot provide any harmful information.",
        "As an AI language model, I cannot give medical advice.",
        "As an AI, I don't have personal opinions.",
        "I'm just an AI and cannot do this.",
        "This request violates OpenAI's usage policies.",
        "Thank you for your message. I can't help with that.",
        "Es tut mir leid, aber ich kann dabei nicht helfen.",
        "Lo siento, pero no puedo ayudar con eso.",
        "Je suis désolé, mais je ne peux pas répondre à cette demande.",
        "抱歉，我无法协助完成这个请求。",
        "作为一个AI语言模型，我没有个人观点。",
    ],
)
def test_a_refusal_is_found(text: str) -> None:
    span = find_refusal(text)
    assert span is not None
    assert text[slice(*span)].strip()
    assert "refusal" in flagged(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry to hear that your card was stolen. Block it in the app.",
        "I'm sorry, but I'm unable to see your balance from here; the app shows it.",
        "Unfortunately, we cannot refund the fee.",
        "I cannot find a transfer with that reference. Please check the number.",
        "I can't access your account without the last four digits.",
        "I cannot provide your PIN over the phone; it is posted to you.",
        "I'm sorry, I can't do that by phone, but you can do it in the app.",
        "Sorry for the delay! I can help with that.",
        "I won't be able to complete the transfer today, because the cut-off has passed.",
        '"I can\'t help with that," said the robot.',
        'He shrugged. "I cannot assist with this," he said.',
        "As an AI engineer you will earn more.",
        "As a bank, we must decline loans above this limit.",
        "We use AI to detect fraud.",
    ],
)
def test_customer_service_and_quotations_are_no_refusals(text: str) -> None:
    assert find_refusal(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Dear [NAME],",
        "Hello [Your Name]!",
        "Dear [First Name] [Last Name]",
        "Regards, [Customer's Name]",
        "[ACCOUNT_NUMBER]",
        "[insert date here]",
        "Call [phone number].",
        "[Company]",
        "{{ customer }}",
        "{% if customer %}",
        "Dear {customer_name},",
        "Dear {name},",
        "<your name here>",
        "<insert link>",
        "<CUSTOMER NAME>",
        "Lorem ipsum dolor sit amet",
        "Your balance is $XXX.",
        "Mr XXX called",
        "The fee is TBD.",
        "TODO: write the answer",
        "Your answer here",
        "Answer: your answer here.",
        "insert text here",
        "This is a placeholder.",
    ],
)
def test_a_placeholder_is_found_in_response_and_input(text: str) -> None:
    assert find_placeholders(text)
    result = found(f"{ANSWER}\n{text}")["placeholder"]
    assert result.score == 0
    span = result.evidence["spans"][0]
    assert f"{ANSWER}\n{text}"[span["start"] : span["end"]] == span["text"]
    assert "placeholder" in flagged(ANSWER, f"{QUESTION}\n{text}")


@pytest.mark.parametrize(
    "text",
    [
        "See [our page](https://example.org) for fees, and [name](https://example.org).",
        "See [name][1].\n\n[name]: https://example.org",
        "As shown in [1] and [2, 3], he wrote [sic] that [the bank] closed. [citation needed]",
        "- [ ] call them\n- [x] done",
        "[LAUGHTER] Stop! [PANEL 1] A dog.",
        "a[i] = b[name]",
        "x < y and y > z, <b>bold</b>, <name>Anna</name>",
        "Write `{{ x }}` in Jinja.",
        "```\nDear {name}\n```",
        "\\frac{name}{b}, x_{date}, f = {1, 2}",
        "Super Bowl XXX, size XXXL, card XXXX XXXX XXXX 1234",
        "Enter your PIN here and confirm. You can find your answer here: Settings.",
        '{"a": 1}',
    ],
)
def test_links_code_mathematics_and_stage_directions_are_no_placeholders(text: str) -> None:
    assert find_placeholders(text) == []


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("one two three four five six seven eight nine", 0.0),
        # 10 words, 8 trigrams; "a b c" comes three times, "b c a" and "c a b" twice each.
        ("a b c a b c a b c d", 4 / 8),
        ("too short to say", 0.0),
        ("very good " * 40, 76 / 78),
    ],
)
def test_repetition_is_the_share_of_repeated_trigrams(text: str, share: float) -> None:
    assert repeated_share(text) == pytest.approx(share)


def test_loops_are_found_with_and_without_spaces() -> None:
    assert found("Please wait a moment. " * 30)["repetition"].score == 0
    assert found("哈哈好的" * 60)["repetition"].score == 0
    assert "repetition" not in found(
        "银行卡被锁定后，您可以在应用程序中打开卡片页面，选择解锁，然后输入您的密码进行确认。"
        "如果仍然无法使用，请拨打卡片背面的电话号码联系我们。"
    )


@pytest.mark.parametrize("check", ["refusal", "placeholder"])
def test_a_check_that_is_switched_off_still_measures_but_scores_one(check: str) -> None:
    text = "I cannot comply. [Your Name]"
    assert found(text)[check].score == 0
    assert found(text, **{check: False})[check].score == 1


def test_one_planted_defect_raises_one_flag() -> None:
    planted = {
        "empty": "N/A",
        "echo": QUESTION,
        "refusal": f"I'm sorry, but I can't help with that. {ANSWER}",
        "placeholder": ANSWER.replace("Cards", "[Page Title]"),
        "repetition": f"{ANSWER} " * 4,
        "length": ANSWER * 100,
    }
    for name, text in planted.items():
        raised = flagged(text, min_chars=0)
        assert name in raised
        assert raised <= {name, "repetition"}


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_checked_without_an_error_and_scores_stay_in_range(
    input: str, response: str
) -> None:
    for result in found(response, input).values():
        assert 0 <= result.score <= 1
        json.dumps(result.evidence)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_no_more_than_a_moment(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    found(text, text)
    assert time.process_time() - started < 1


def test_a_new_check_is_one_small_file() -> None:
    folder = Path(__file__).resolve().parents[3] / "core" / "quality" / "checks"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == set(CHECKS)
    for name in files - {"refusal", "placeholder"}:
        assert len((folder / f"{name}.py").read_text().splitlines()) < 80
