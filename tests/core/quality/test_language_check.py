"""The language of a response is found, in many languages, and held against what is expected."""

import pytest

from core.quality.check import Subject, Surroundings
from core.quality.checks import language
from core.quality.checks.language import wrongness
from core.quality.expected_languages import Expectation, Habit, codes_in, codes_named, habit_of
from core.quality.toxic_words import ToxicWords
from core.templates.definition import CheckSettings
from core.text.language import LanguageReader, language_code, prose
from core.text.scripts import foreign_share

TEXTS = {
    "en": "Please check the limit of your card in the app before you travel abroad.",
    "de": "Bitte prüfen Sie das Limit Ihrer Karte in der App, bevor Sie ins Ausland reisen.",
    "fr": "Veuillez vérifier le plafond de votre carte avant de partir à l'étranger.",
    "es": "Compruebe el límite de su tarjeta en la aplicación antes de viajar al extranjero.",
    "it": "Controlli il limite della sua carta nell'app prima di partire per l'estero.",
    "pt": "Verifique o limite do seu cartão na aplicação antes de viajar para o estrangeiro.",
    "nl": "Controleer de limiet van uw kaart in de app voordat u naar het buitenland reist.",
    "pl": "Przed wyjazdem za granicę proszę sprawdzić limit swojej karty w aplikacji.",
    "sv": "Kontrollera gränsen för ditt kort i appen innan du reser utomlands.",
    "tr": "Yurt dışına çıkmadan önce lütfen uygulamadan kartınızın limitini kontrol edin.",
    "uk": "Перед поїздкою за кордон перевірте ліміт своєї картки в застосунку.",
    "ru": "Перед поездкой за границу проверьте лимит своей карты в приложении.",
    "ja": "海外へ行く前に、アプリでカードの限度額を確認してください。",
    "zh": "出国之前，请在应用程序中检查您的银行卡限额。",
    "hi": "विदेश जाने से पहले कृपया ऐप में अपने कार्ड की सीमा जाँच लें।",
    "ar": "يرجى التحقق من حد بطاقتك في التطبيق قبل السفر إلى الخارج.",
    "ko": "해외로 여행하기 전에 앱에서 카드 한도를 확인해 주세요.",
}


@pytest.fixture(scope="module")
def reader() -> LanguageReader:
    return LanguageReader()


def doubt(reader: LanguageReader, text: str, *expected: str) -> float:
    around = Surroundings(
        ToxicWords(), {}, languages=reader.read([text])[0], expected=frozenset(expected)
    )
    return language.measure(Subject(None, "", text, "", (), surroundings=around)).value


@pytest.mark.parametrize("code", TEXTS)
def test_a_text_is_right_in_its_own_language_and_wrong_in_another(
    reader: LanguageReader, code: str
) -> None:
    other = "de" if code == "en" else "en"
    assert next(iter(reader.read([TEXTS[code]])[0])) == code
    assert doubt(reader, TEXTS[code], code) == 0
    assert doubt(reader, TEXTS[code], other) > 0.9
    assert doubt(reader, TEXTS[code], other, code) == 0
    assert doubt(reader, TEXTS[code]) == 0


@pytest.mark.parametrize(
    "text",
    [
        "42",
        "OK!",
        "card_arrival",
        "```python\nfor i in range(9): print(i)\n```",
        "$4 + 5 = 9$",
        "—",
    ],
)
def test_what_is_no_prose_has_no_language(reader: LanguageReader, text: str) -> None:
    assert reader.read([text]) == [{}]
    assert doubt(reader, text, "de") == 0


def test_letters_of_a_foreign_script_are_seen_within_a_text() -> None:
    mixed = f"{TEXTS['en'][:40]} {TEXTS['ru']} {TEXTS['ru']}"
    assert foreign_share(mixed, ["en"]) > 0.6
    assert foreign_share(mixed, ["ru"]) == 0
    assert foreign_share(TEXTS["ja"], ["ja"]) == 0
    assert foreign_share("We say χαίρετε in Greek, and that is a quoted word only.", ["en"]) < 0.2


def test_code_and_formulas_are_not_read() -> None:
    assert prose("Run `rm -rf x` now, see https://example.org/a for <<3*4=12>> more.") == (
        "Run now, see for more."
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [("German", "de"), ("deutsch", "de"), ("pt-BR", "pt"), ("zh_CN", "zh"), ("中文", "zh"),
     ("no", "nb"), ("Klingon", None), ("", None), ("friendly", None)],
)  # fmt: skip
def test_languages_have_codes_and_names(text: str, code: str | None) -> None:
    assert language_code(text) == code


def test_expected_is_what_the_template_names_else_what_variables_are_set_to() -> None:
    assert codes_named(["de", "target"], {"target": "Japanese"}) == {"de", "ja"}
    assert codes_in({"language": "Polish", "tone": "it", "lang_code": "it"}) == {"pl", "it"}
    assert codes_in({"tone": "no", "size": "is"}) == set()
    named = Expectation(CheckSettings(languages=["language"]))
    assert named.of({"language": "Hindi"}, {"en": 1.0}) == {"hi"}
    assert Expectation(CheckSettings()).of({"language": "Hindi"}, {"en": 1.0}) == {"hi"}


def test_a_batch_that_answers_in_the_language_of_its_inputs_is_held_to_it() -> None:
    german, english, unknown = {"de": 0.99}, {"en": 0.99}, {}
    habit = habit_of([german, english] * 20, [german, english] * 20)
    assert habit == Habit(keeps_to_input=True)
    expectation = Expectation(CheckSettings(), habit)
    assert expectation.of({}, german) == {"de"}
    assert expectation.of({}, unknown) == frozenset()


def test_a_translation_is_held_to_the_language_that_nearly_all_are_in() -> None:
    habit = habit_of([{"de": 0.99}] * 40, [{"en": 0.99}] * 39 + [{"fr": 0.99}])
    assert habit == Habit(code="en")
    assert Expectation(CheckSettings(), habit).of({}, {"de": 1.0}) == {"en"}
    assert habit_of([{}] * 5, [{"en": 1.0}] * 5) == Habit()


def test_doubt_follows_the_rule_of_bayes() -> None:
    assert wrongness({"fr": 0.9, "en": 0.1}, {"en"}) == pytest.approx(0.9 / (0.9 + 20 * 0.1))
    assert wrongness({}, {"en"}) == 0
    assert wrongness({"fr": 1.0}, {"en"}) == 1


def test_the_threshold_moves_without_reading_again() -> None:
    assert language.rate(0.6, CheckSettings()) == pytest.approx(0.4)
    assert language.rate(0.6, CheckSettings(language=0.7)) == 1
    assert language.rate(0.0, CheckSettings(language=0.0)) == 1
