"""Texts for one request: every role of a property has a method that returns sentences."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from core.providers.offline.phrases import banking_phrases as bank
from core.providers.offline.phrases import comic_phrases as comic
from core.providers.offline.phrases import general_phrases as general
from core.providers.offline.reading import noun_phrases, questions, sentences
from core.providers.offline.rewrite_writer import RewriteWriter
from core.providers.offline.slots import with_article
from core.providers.offline.told import as_sentence, remarks, texts_in

# Facts that a person would give about themselves; other variables steer the text unsaid.
TELLABLE = re.compile(r"product|plan$|segment|customer_type|device|industry|sector|account_type")


FLAWED_STEP = re.compile(r"reject|worse|flaw|weak|spoil")
REVISING_STEP = re.compile(r"revis|improv|rewrit|final|better|second")
MIN_EARLIER_CHARS = 60


class Writer(RewriteWriter):
    """Writes for one request. Texts agree with each other: names, amounts, subject."""

    def question(self) -> list[str]:
        """What somebody asks."""
        if self.domain == "text":
            return [self._text_question()]
        if self.domain == "banking":
            return self._customer_question()
        if self.domain == "comic":
            return self.prose()
        if made := self.labelled() or self.case_question():
            return made
        _ = self.subject
        parts = [self.say(general.QUESTIONS)]
        parts += [self.say((p,)) for p in self.draw.some(general.CONTEXTS, self.draw.between(1, 3))]
        context = self._context()
        return [*parts, context] if context else parts

    def _customer_question(self) -> list[str]:
        topic, draw = self.topic, self.draw
        parts = [self.say(bank.OPENINGS)] if draw.chance(0.8) else []
        parts.append(_sentence(self.utterance) if self.utterance else self.say(topic.questions))
        parts += [self.say((p,)) for p in draw.some(topic.details, draw.between(1, 2))]
        context = self._context()
        if context:
            parts.append(context)
        if draw.chance(0.8):
            parts.append(self.say(bank.ENDINGS))
        return parts

    def _context(self) -> str:
        for value in self.variables.values():
            if isinstance(value, Mapping) and ("age" in value or "occupation" in value):
                return self._persona(value) if self.draw.chance(0.4) else ""
        usable = [
            (name, value)
            for name, value in self.variables.items()
            if isinstance(value, str | int) and not isinstance(value, bool)
            and TELLABLE.search(name) and 0 < len(str(value)) <= 40
        ]  # fmt: skip
        if not usable or not self.draw.chance(0.7):
            return ""
        name, value = self.draw.pick(usable)
        label, words = name.replace("_", " "), str(value).replace("_", " ")
        return f"In case it matters, the {label} is {words}."

    def _persona(self, persona: Mapping[str, Any]) -> str:
        job = persona.get("occupation") or persona.get("job")
        if job and persona.get("age"):
            return f"I am {persona['age']} and work as {with_article(str(job))}."
        return f"I am {persona['age']} years old." if persona.get("age") else f"My work: {job}."

    def _text_question(self) -> str:
        sentence = self.quoted()
        exact = questions(sentence)
        if exact and self.draw.chance(0.6):
            return self.draw.pick(exact)
        phrases = noun_phrases(sentence)
        first = self.draw.pick(phrases)
        second = self.draw.pick(phrases)
        frames = general.TEXT_QUESTIONS
        frame = self.draw.pick(frames)
        # A frame for two phrases needs two: the others are drawn from the rest.
        while first == second and "{np2}" in frame:
            frame = self.draw.pick(frames)
        return frame.format(np=first, np2=second)

    def answer(self) -> list[str]:
        """A good answer; of an earlier one a revision or a spoiled copy, where a step asks."""
        if not self.earlier:
            return self._first_answer()
        before = self._earlier_answer()
        if before and FLAWED_STEP.search(self.step_name):
            return self._spoiled(before)
        if before and REVISING_STEP.search(self.step_name):
            return self._revised(before)
        return self._first_answer()

    def _first_answer(self) -> list[str]:
        if self.domain == "text":
            return self._text_answer()
        if self.domain == "banking":
            return self._bank_answer()
        if self.domain == "comic":
            return self.panel()
        if self.trade is not None:
            return self.case_answer()
        _ = self.subject
        body = [self.say((p,)) for p in self.draw.some(general.ANSWERS, self.draw.between(4, 7))]
        rules = self.guidance
        if rules:
            body.insert(1, self.draw.pick(rules))
        return [self.say(general.LEADS), *body] if self.draw.chance(0.6) else body

    def _earlier_answer(self) -> list[str]:
        """The sentences of the newest longer text among the answers before."""
        found = list(texts_in(self.earlier, MIN_EARLIER_CHARS)) if self.earlier else []
        answers = [
            part["answer"]
            for part in self.earlier.values()
            if isinstance(part, Mapping) and isinstance(part.get("answer"), str)
        ]
        text = answers[-1] if answers else found[-1] if found else ""
        return list(sentences(text)) if text else []

    def _spoiled(self, before: list[str]) -> list[str]:
        """The same answer with one sentence that falls short."""
        parts = list(before)
        phrases = bank.VAGUE if self.domain == "banking" else general.VAGUE
        _ = self.topic.name if self.domain == "banking" else self.subject
        parts[self.draw.below(len(parts))] = self.say(phrases)
        return parts

    def _revised(self, before: list[str]) -> list[str]:
        """The same answer with one sentence replaced and one added."""
        fresh = [part for part in self._first_answer()[1:] if part not in before]
        if not fresh:
            return before
        parts = list(before)
        parts[self.draw.below(len(parts))] = fresh[0]
        return [*parts, *fresh[1:2]]

    def _bank_answer(self) -> list[str]:
        topic, draw = self.topic, self.draw
        parts = [self.say(bank.THANKS)]
        for number, phrase in enumerate(draw.some(topic.facts, draw.between(1, 2))):
            lead = "" if number else draw.pick(bank.FACT_LEADS)
            fact = self.slots.fill(phrase)
            # After a lead without a full stop the sentence goes on in lower case.
            joined = lead.endswith(", ") and fact.split(" ", 1)[0] not in ("I", "We")
            parts.append(lead + (fact[0].lower() + fact[1:] if joined else fact))
        frames = draw.pick(bank.STEP_FRAMES)
        steps = draw.some(topic.steps, draw.between(2, 3))
        for frame, step in zip(frames, steps, strict=False):
            parts.append(frame.format(step.format_map(self.slots)))
        if draw.chance(0.7):
            parts.append(self.say(bank.CAUTIONS))
        parts.append(self.say(bank.CLOSINGS))
        return parts

    def _text_answer(self) -> list[str]:
        found, sentence = sentences(self.source), self.quoted()
        parts = [self._framed(general.TEXT_ANSWERS, sentence)]
        if len(found) > 1 and self.draw.chance(0.7):
            step = self.draw.between(1, min(3, len(found) - 1))
            after = found[(self.sentence + step) % len(found)]
            parts.append(self._framed(general.TEXT_MORE, after))
        return parts

    def _framed(self, frames: tuple[str, ...], sentence: str) -> str:
        phrase = self.draw.pick(noun_phrases(sentence))
        flowing = " ".join(sentence.split())
        return self.draw.pick(frames).format(s=flowing, np=phrase)

    def chosen(self) -> list[str]:
        """The better of two answers."""
        return self.answer()

    def rejected(self) -> list[str]:
        """The worse of two answers: polite, vague, sometimes wrong."""
        _ = self.topic.name if self.domain == "banking" else self.subject
        phrases = bank.VAGUE if self.domain == "banking" else general.VAGUE
        vague = [self.say((p,)) for p in self.draw.some(phrases, self.draw.between(2, 4))]
        # Some of a good answer stays in, or nobody would be tempted by the worse one.
        sound = self.answer()
        return [*sound[: self.draw.between(0, 2)], *vague]

    def evidence(self) -> list[str]:
        """An exact quotation from the source, or what somebody says about the case."""
        if self.source:
            return [self.quoted()]
        if self.record:
            return [str(self.record["evidence"])]
        told = self._earlier_answer() or [s for text in self.said[:1] for s in sentences(text)]
        return [self.draw.pick(told)] if told else self.question()[:2]

    def title(self) -> list[str]:
        if self.domain == "comic":
            return [self.say(comic.TITLES)]
        self.slots.setdefault("subject", self.any_subject())
        return [self.say(general.TITLES)]

    def summary(self) -> list[str]:
        if self.domain == "text":
            return [self.quoted()]
        self.slots.setdefault("subject", self.any_subject())
        self.slots["adjective"] = self.draw.pick(general.ADJECTIVES)
        return [self.say(general.SUMMARIES)]

    def reason(self) -> list[str]:
        if self.domain == "text":
            phrases = noun_phrases(self.quoted())
            frame = self.draw.pick(general.TEXT_REASONS)
            return [frame.format(np=phrases[0], np2=phrases[-1])]
        if self.domain == "comic":
            return self.frame_reason()
        parts = [self.say((p,)) for p in self.draw.some(general.REASONS, self.draw.between(1, 3))]
        rules = remarks(self.variables)
        if rules and self.draw.chance(0.6):
            parts[0] = as_sentence(f"What to notice: {self.draw.pick(rules)}")
        return parts

    def problem(self) -> list[str]:
        """A problem with numbers, or what is wrong with something."""
        return self.word_problem() or self.reason()

    def step(self) -> list[str]:
        if self.domain == "banking":
            return [_sentence(self.draw.pick(self.topic.steps).format_map(self.slots))]
        if self.domain == "text":
            return [self.quoted()]
        if self.trade is not None:
            return [as_sentence(self.draw.pick(self.trade.steps).format_map(self.slots))]
        if made := self.calculation():
            return made
        _ = self.subject
        return [self.say(general.TIPS)]

    def keyword(self) -> list[str]:
        if self.domain == "text":
            return [self.draw.pick(noun_phrases(self.quoted()))]
        if self.domain == "banking":
            return [self.draw.pick((self.topic.name, *general.KEYWORDS))]
        return [self.draw.pick(general.KEYWORDS)]

    def intent(self) -> list[str]:
        """What somebody wants, in a few words."""
        self.slots.setdefault("topic", self.any_subject())
        return [self.say(general.INTENTS)]

    def text(self) -> list[str]:
        """For a property whose purpose is not known."""
        return self.prose() if self.domain == "comic" and not self.source else self.answer()

    def foreign(self, role: str) -> list[str]:
        """Sentences for a role in the planned language."""
        tongue, draw = self.tongue, self.draw
        assert tongue is not None
        if role in ("title", "summary", "keyword", "label", "intent"):
            return [draw.pick(tongue.titles)]
        if role == "question":
            contexts = draw.some(tongue.contexts, draw.between(0, 2))
            return [self.slots.fill(p) for p in (draw.pick(tongue.questions), *contexts)]
        return [self.slots.fill(p) for p in draw.some(tongue.answers, draw.between(3, 6))]

    def plain(self, role: str) -> list[str]:
        """Short values: names, places, moods, dates."""
        draw, slots = self.draw, self.slots
        if role in LISTED:
            # Two figures should not say the same within one panel.
            fresh = [line for line in LISTED[role] if line not in self.used] or LISTED[role]
            line = draw.pick(fresh)
            self.used.add(line)
            return [line.format_map(slots)]
        if role == "email":
            return [f"{slots['name'].lower()}.{draw.between(10, 999)}@example.org"]
        if role == "url":
            return [f"https://example.org/{draw.between(100, 9999)}"]
        if role == "code" and self.record.get("reference"):
            return [self.record["reference"]]
        if role == "code":
            letters = "".join(chr(65 + draw.below(26)) for _ in range(2))
            return [f"{letters}-{draw.between(1000, 9999)}"]
        if role == "caution":
            return [self.say(bank.CAUTIONS if self.trade is None else self.trade.cautions)]
        return [slots[role]] if role in SLOT_ROLES else [draw.pick(general.ADJECTIVES)]

    def write(self, role: str) -> list[str]:
        """The sentences for a role."""
        method = METHODS.get(role)
        return method(self) if method is not None else self.plain(role)


def _sentence(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else text + "."


LISTED: dict[str, tuple[str, ...]] = {
    "dialogue": comic.LINES, "caption": comic.CAPTIONS, "sound": comic.SOUNDS,
    "mood": comic.MOODS, "light": comic.LIGHTS,
    "label": general.ADJECTIVES, "language": ("en",),
}  # fmt: skip
SLOT_ROLES = frozenset(("date", "city", "country", "company", "job", "amount"))
METHODS: dict[str, Callable[[Writer], list[str]]] = {
    "question": Writer.question, "answer": Writer.answer, "chosen": Writer.chosen,
    "framing": Writer.framing, "setting": Writer.setting, "look": Writer.look,
    "pose": Writer.pose, "action": Writer.action, "person": Writer.person,
    "intent": Writer.intent, "rejected": Writer.rejected, "evidence": Writer.evidence,
    "panel": Writer.panel, "shot": Writer.shot,
    "prose": Writer.prose, "title": Writer.title, "summary": Writer.summary,
    "plain_twin": Writer.plain_twin, "machine": Writer.machine, "change": Writer.change,
    "statement": Writer.statement, "document": Writer.document, "anchor": Writer.anchor,
    "habit": Writer.habit, "new_look": Writer.new_look, "position": Writer.position,
    "eye": Writer.eye, "turn": Writer.turn, "problem": Writer.problem, "item": Writer.entry,
    "column": Writer.column,
    "reason": Writer.reason, "step": Writer.step, "keyword": Writer.keyword, "text": Writer.text,
}  # fmt: skip
