"""What a request gives to write about: its variables, its source, its subject, its domain."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from core.providers.offline.draw import Draw
from core.providers.offline.phrases.banking_cards import CARD_TOPICS
from core.providers.offline.phrases.banking_money import MONEY_TOPICS
from core.providers.offline.reading import noun_phrases, sentences
from core.providers.offline.slots import Slots
from core.providers.offline.told import guidance, instructions, situations
from core.providers.offline.tongue import Tongue, tongue_of
from core.providers.offline.topic import Topic
from core.providers.offline.trade import trade_of

TOPICS = (*CARD_TOPICS, *MONEY_TOPICS)
TOPIC_WORDS = tuple(
    re.compile(rf"(?<![a-z])(?:{'|'.join(sorted(topic.words, key=len, reverse=True))})")
    for topic in TOPICS
)
BANKING = re.compile(r"\bbank|\bcards?\b|\baccounts?\b|payment|financ|loan|savings|insurance")
CUSTOMER = re.compile(r"\bcustomer")  # counts for a bank only where something else does
COMIC = re.compile(r"comic|\bpanels?\b|storyboard|manga|graphic novel|\bprose|illustrat")
SUBJECT_KEYS = ("aspect", "topic", "subject", "theme", "story", "concept", "product", "skill",
                "domain", "category", "intent", "title")  # fmt: skip
LANGUAGES = ("language", "target_language", "output_language", "locale", "language_code")
STYLE = re.compile(r"tone|style|difficulty|language|length|format|register|seed|locale|panel|count"
                   r"|number|index|level|mood|genre|gender|age|rule|kind|persona$")  # fmt: skip
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
LENGTHS = ("answer_length", "length")
MAX_UTTERANCE_CHARS = 300


@lru_cache(maxsize=256)
def domain_of(text: str) -> str | None:
    """banking, comic or a trade, by the words in a prompt; None where none is clear."""
    lowered = text.lower()
    bank_hits, comic_hits = len(BANKING.findall(lowered)), len(COMIC.findall(lowered))
    if bank_hits:
        bank_hits += len(CUSTOMER.findall(lowered))
    trade, trade_hits = trade_of(lowered)
    if trade_hits > max(bank_hits, comic_hits):
        return trade
    if not bank_hits and not comic_hits:
        return None
    return "banking" if bank_hits >= comic_hits else "comic"


@lru_cache(maxsize=16384)
def topic_of(text: str) -> Topic | None:
    """The banking subject with the most words in the text; None where there is none."""
    lowered = text.lower()
    hits = [len(set(pattern.findall(lowered))) for pattern in TOPIC_WORDS]
    return TOPICS[hits.index(max(hits))] if any(hits) else None


def _tongue(variables: Mapping[str, Any]) -> Tongue | None:
    """The phrases of the planned language."""
    for key in LANGUAGES:
        value = variables.get(key)
        if isinstance(value, str) and (found := tongue_of(value)) is not None:
            return found
    return None


class Material:
    """The material of one request. What is drawn once is kept, so that texts agree."""

    def __init__(
        self,
        draw: Draw,
        system: str,
        user: str,
        variables: Mapping[str, Any],
        chunk: Mapping[str, Any] | None,
        step: str = "",
        earlier: Mapping[str, Any] = NOTHING,
        asked: str = "",
    ) -> None:
        self.draw = draw
        self.step_name = step
        self.earlier = earlier  # answers of the steps before, by step
        self.variables = variables
        self.slots = Slots(draw, variables)
        self._read_chunk(chunk)
        domain = domain_of(system or user)
        is_utterance = 0 < len(self._source) <= MAX_UTTERANCE_CHARS
        self.utterance = self._source if is_utterance and domain == "banking" else ""
        if self._source and not self.utterance and domain != "comic":
            domain = "text"
        self.domain = domain or "general"
        self._prompt = user
        self.instructions = instructions(asked or user)  # values that the prompt wants set
        self.tongue = _tongue(variables)  # None where it is English or has no bank
        self._guidance: list[str] | None = None
        self._topic: Topic | None = None
        self.sentence = -1
        self.item = 0  # place in the present list
        self.camera = ""  # the camera of the present panel
        self.is_introduced = False
        self.used: set[str] = set()  # short lines that were spoken already
        self.said: list[str] = []  # long texts of this answer, to quote from
        self.content: list[str] = []  # what a text and its rewrite both say
        self.record: dict[str, Any] = {}  # what a document of this answer gives
        self.offset = draw.below(1 << 30)

    @property
    def guidance(self) -> list[str]:
        """Rules of the case that an answer should work in."""
        if self._guidance is None:
            self._guidance = guidance(self.variables)
        return self._guidance

    @property
    def is_follow_up(self) -> bool:
        """Whether a talk is past its first question."""
        return self.item > 1 or bool(self.earlier)

    def _read_chunk(self, chunk: Mapping[str, Any] | None) -> None:
        fields = (chunk or {}).get("fields") or {}
        texts = [str(v) for v in fields.values() if isinstance(v, str) and v.strip()]
        text = str((chunk or {}).get("text") or "").strip()
        # A table row may be given as all of its fields: then the longest is what it is about.
        is_row = bool(texts) and text not in (t.strip() for t in texts)
        self._source = max(texts, key=len).strip() if is_row else text
        self._labels = " ".join(t for t in texts if t.strip() != self._source)

    @property
    def wanted_length(self) -> str:
        """The planned length of the answer, where a variable says it."""
        return " ".join(str(self.variables[key]) for key in LENGTHS if key in self.variables)

    @property
    def opens_with_greeting(self) -> bool:
        """Whether the first sentence of an answer can be spared."""
        return self.domain == "banking"

    @property
    def source(self) -> str:
        """The chunk's text; of a table row its longest field."""
        return self._source

    def start_item(self, index: int) -> None:
        """Begin another element of a list: it gets its own sentence of the source."""
        self.sentence = self.offset + index
        self.item = index
        self.camera = ""

    @property
    def topic(self) -> Topic:
        """The banking subject of this sample."""
        if self._topic is None:
            told = " ".join(str(v) for v in self.variables.values() if isinstance(v, str))
            clues = f"{self._labels} {told} {self._source if self.utterance else ''}"
            self._topic = topic_of(clues) or self.draw.pick(TOPICS)
            self.slots.setdefault("topic", self._topic.name)
        return self._topic

    @property
    def clues(self) -> str:
        """Lower-case words that tell what this sample is about."""
        name = self.topic.name if self.domain == "banking" else ""
        return f"{self._labels} {self._source[:MAX_UTTERANCE_CHARS]} {name}".lower()

    @property
    def subject(self) -> str:
        """What a text outside banking is about, in a few words."""
        if "subject" not in self.slots:
            self.slots["subject"] = self._find_subject()
        return self.slots["subject"]

    def _find_subject(self) -> str:
        for key in SUBJECT_KEYS:
            value = self.variables.get(key)
            if isinstance(value, str) and value.strip():
                return value.replace("_", " ").strip()
        told = situations(self.variables)
        if told:
            return told[0].rstrip(".")
        for name, value in self.variables.items():
            if isinstance(value, str) and value.strip() and not STYLE.search(name):
                return value.replace("_", " ").strip()
        return self.draw.pick(noun_phrases(self._prompt[-400:] or "the subject"))

    def any_subject(self) -> str:
        """A few words for the subject, whatever the domain."""
        if self.domain == "banking":
            return self.topic.name
        if self.domain == "text":
            return self.draw.pick(noun_phrases(self.quoted()))
        return self._find_subject()

    def say(self, phrases: tuple[str, ...]) -> str:
        """One of the phrases, filled."""
        return self.slots.fill(self.draw.pick(phrases))

    def quoted(self) -> str:
        """The source sentence that this item is about."""
        found = sentences(self._source)
        if self.sentence < 0:
            self.start_item(0)
        return found[self.sentence % len(found)]
