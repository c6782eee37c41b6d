"""Which language a text is in, and what a language is called.

Owns the detector (lingua's n-gram models, which lie inside its wheel) and the table of names. It
answers with confidences and decides nothing: what is wrong is a check's business.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lingua import Language, LanguageDetector

Confidences = Mapping[str, float]  # by ISO 639-1 code, each 0 to 1, together 1; {} is unknown

NAMES: Final = {
    "en": ("english",),
    "de": ("german", "deutsch"),
    "fr": ("french", "français"),
    "es": ("spanish", "español", "castellano"),
    "it": ("italian", "italiano"),
    "pt": ("portuguese", "português", "brazilian portuguese"),
    "nl": ("dutch", "nederlands"),
    "pl": ("polish", "polski"),
    "sv": ("swedish", "svenska"),
    "da": ("danish", "dansk"),
    "nb": ("norwegian", "bokmål", "norwegian bokmål", "norsk"),
    "fi": ("finnish", "suomi"),
    "cs": ("czech", "čeština"),
    "sk": ("slovak", "slovenčina"),
    "sl": ("slovene", "slovenian", "slovenščina"),
    "hr": ("croatian", "hrvatski"),
    "ro": ("romanian", "română"),
    "hu": ("hungarian", "magyar"),
    "tr": ("turkish", "türkçe"),
    "el": ("greek", "ελληνικά"),
    "ru": ("russian", "русский"),
    "uk": ("ukrainian", "українська"),
    "bg": ("bulgarian", "български"),
    "he": ("hebrew", "עברית"),
    "ar": ("arabic", "العربية"),
    "fa": ("persian", "farsi", "فارسی"),
    "hi": ("hindi", "हिन्दी", "हिंदी"),
    "bn": ("bengali", "bangla", "বাংলা"),
    "ta": ("tamil", "தமிழ்"),
    "te": ("telugu", "తెలుగు"),
    "ur": ("urdu", "اردو"),
    "th": ("thai", "ไทย"),
    "vi": ("vietnamese", "tiếng việt"),
    "id": ("indonesian", "bahasa indonesia"),
    "ms": ("malay", "bahasa melayu"),
    "zh": ("chinese", "mandarin", "simplified chinese", "traditional chinese", "中文"),
    "ja": ("japanese", "日本語"),
    "ko": ("korean", "한국어"),
    "ca": ("catalan", "català"),
    "et": ("estonian", "eesti"),
    "lv": ("latvian", "latviešu"),
    "lt": ("lithuanian", "lietuvių"),
    "sr": ("serbian", "српски"),
    "sw": ("swahili", "kiswahili"),
    "tl": ("tagalog", "filipino"),
    "af": ("afrikaans",),
}
CODES: Final = {name: code for code, names in NAMES.items() for name in names}
# What a stray answer is likely to be in. Each more language costs memory (20 MB) and confusion of
# short texts; the languages that a template names are added.
COMMON: Final = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr", "cs", "ro", "hu", "vi", "id",
    "ru", "uk", "el", "ar", "he", "hi", "th", "zh", "ja", "ko",
)  # fmt: skip
FEWEST_LETTERS = 12  # of a text in an alphabet; a language is not told from fewer
FEWEST_SIGNS = 4  # of a text in signs that stand for syllables or words
HEAD_CHARS, TAIL_CHARS = 240, 120  # what is read of a long text: its beginning and its end
LEAST_CONFIDENCE = 0.01  # a language below is not named

NO_PROSE: Final = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|<<[^>\n]*>>|\$[^$\n]{1,200}\$|https?://\S+|www\.\S+|\S+@\S+"
    r"|\b\w*_\w*\b|</?[a-zA-Z][^>\n]*>|[\d\W]{4,}",
    re.DOTALL,
)
SIGNS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
LETTERS: Final = re.compile(r"[^\W\d_]")


# Function words that no other language of COMMON has. English is told from them alone: the models
# take 0.5 ms a text, and most texts are English.
_ENGLISH = """
the and you my what with that are how this your which there they from she when their would could
should been were about because after each many much these those of them then than it its i'm it's
don't i've isn't can't doesn't by his our who why where am get got would needs only
"""
ENGLISH: Final = frozenset(_ENGLISH.split())
ENGLISH_SHARE, ENGLISH_HITS = 0.2, 2  # measured: no text in another language of COMMON reaches it


def language_code(text: str) -> str | None:
    """The ISO 639-1 code that a code ("pt", "pt-BR") or a name ("German", "Deutsch") stands for."""
    name = text.strip().casefold()
    if name in CODES:
        return CODES[name]
    code = re.split(r"[-_]", name)[0]
    if code == "no":
        return "nb"
    return code if code in NAMES and len(name) <= 7 else None


def language_name(code: str) -> str:
    """The English name of a language for people, the code itself where it is not known."""
    names = NAMES.get(code)
    return names[0].title() if names else code


def prose(text: str) -> str:
    """The words of a text, without code, formulas, addresses and numbers; cut in the middle."""
    words = NO_PROSE.sub(" ", text[: 4 * HEAD_CHARS] if len(text) > 8 * HEAD_CHARS else text)
    if len(text) > 8 * HEAD_CHARS:
        words += " " + NO_PROSE.sub(" ", text[-4 * TAIL_CHARS :])
    words = " ".join(words.split())
    if len(words) > HEAD_CHARS + TAIL_CHARS:
        return f"{words[:HEAD_CHARS]} {words[-TAIL_CHARS:]}"
    return words


def has_enough_prose(words: str) -> bool:
    """Whether a language can be told from these words at all."""
    return (
        len(LETTERS.findall(words[: 4 * FEWEST_LETTERS])) >= FEWEST_LETTERS
        or len(SIGNS.findall(words)) >= FEWEST_SIGNS
    )


def is_english(words: str) -> bool:
    """Whether the words are English beyond doubt; False leaves it open."""
    tokens = words.lower().replace("’", "'").split()
    hits = sum(token.strip('.,;:!?"()') in ENGLISH for token in tokens)
    return hits >= ENGLISH_HITS and hits >= ENGLISH_SHARE * len(tokens) and words.isascii()


_detectors: "dict[tuple[str, ...], LanguageDetector]" = {}


class LanguageReader:
    """Tells languages of many texts at once. Source: lingua, language models of 1 to 5 letters.

    Loads its models on first use: about 4 s and 0.6 GiB for the languages in COMMON.
    """

    def __init__(self, codes: Iterable[str] = ()) -> None:
        self.codes = tuple(dict.fromkeys((*COMMON, *(c for c in codes if c in NAMES))))

    def read(self, texts: Sequence[str]) -> list[Confidences]:
        """Confidence by language of each text, the most likely first; {} where it cannot be told.

        Languages below LEAST_CONFIDENCE are left out.
        """
        cleaned = [prose(text) for text in texts]
        told = {words: has_enough_prose(words) for words in cleaned}
        found: dict[str, Confidences] = {
            words: {"en": 1.0}
            for words, is_enough in told.items()
            if is_enough and is_english(words)
        }
        wanted = [words for words, is_enough in told.items() if is_enough and words not in found]
        if not wanted:
            return [found.get(words, {}) for words in cleaned]
        detector = _detector(self.codes)
        for words, values in zip(
            wanted, detector.compute_language_confidence_values_in_parallel(wanted), strict=True
        ):
            found[words] = {
                _code(value.language): value.value
                for value in values
                if value.value >= LEAST_CONFIDENCE
            }
        return [found.get(words, {}) for words in cleaned]


def forget_models() -> None:
    """Free the memory of the language models; the next reading loads them again."""
    for detector in _detectors.values():
        detector.unload_language_models()  # type: ignore[no-untyped-call]
    _detectors.clear()


def _detector(codes: tuple[str, ...]) -> "LanguageDetector":
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    if codes not in _detectors:
        known = (IsoCode639_1.from_str(code) for code in codes)
        _detectors[codes] = LanguageDetectorBuilder.from_iso_codes_639_1(*known).build()
    return _detectors[codes]


def _code(language: "Language") -> str:
    return str(language.iso_code_639_1.name).lower()
