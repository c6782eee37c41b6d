"""What a request gives to write about: its variables, its source, its subject, its domain."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from core.providers.offline.banking_cards import CARD_TOPICS
from core.providers.offline.banking_money import MONEY_TOPICS
from core.providers.offline.draw import Draw
from core.providers.offline.reading import noun_phrases, sentences
from core.providers.offline.slots import Slots
from core.providers.offline.topic import Topic

TOPICS = (*CARD_TOPICS, *MONEY_TOPICS)
TOPIC_WORDS = tuple(
    re.compile(rf"(?<![a-z])(?:{'|'.join(sorted(topic.words, key=len, reverse=True))})")
    for topic in TOPICS
)
BANKING = re.compile(
    r"\bbank|\bcustomer|\bcards?\b|\baccount|payment|financ|loan|savings|insurance"
)
COMIC = re.compile(r"comic|\bpanels?\b|storyboard|manga|graphic novel|\bprose|illustrat")
SUBJECT_KEYS = ("topic", "subject", "theme", "concept", "product", "skill", "domain", "category",
                "intent", "title")  # fmt: skip
STYLE = re.compile(r"tone|style|difficulty|language|length|format|register|seed|locale|panel|count"
                   r"|number|index|level|mood|genre|gender|age|rule|kind|persona$")  # fmt: skip
LENGTHS = ("answer_length", "length")
MAX_UTTERANCE_CHARS = 300


@lru_cache(maxsize=256)
def domain_of(text: str) -> str | None:
    """banking or comic, by the words in a prompt; None where neither occurs."""
    lowered = text.lower()
    bank_hits, comic_hits = len(BANKING.findall(lowered)), len(COMIC.findall(lowered))
    if not bank_hits and not comic_hits:
        return None
    return "banking" if bank_hits >= comic_hits else "comic"


@lru_cache(maxsize=16384)
def topic_of(text: str) -> Topic | None:
    """The banking subject with the most words in the text; None where there is none."""
    lowered = text.lower()
    hits = [len(set(pattern.findall(lowered))) for pattern in TOPIC_WORDS]
    return TOPICS[hits.index(max(hits))] if any(hits) else None


class Material:
    """The material of one request. What is drawn once is kept, so that texts agree."""

    def __init__(
        self,
        draw: Draw,
        system: str,
        user: str,
        variables: Mapping[str, Any],
        chunk: Mapping[str, Any] | None,
    ) -> None:
        self.draw = draw
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
        self._topic: Topic | None = None
        self.sentence = -1
        self.item = 0  # place in the present list
        self.camera = ""  # the camera of the present panel
        self.is_introduced = False
        self.used: set[str] = set()  # short lines that were spoken already
        self.offset = draw.below(1 << 30)

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
